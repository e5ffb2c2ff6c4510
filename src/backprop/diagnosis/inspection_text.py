"""The words of `backprop inspect`: findings as sentences, measures as rows, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backprop import plain_text as text
from backprop.diagnosis import place_text
from backprop.diagnosis.inspection import Inspection
from backprop.diagnosis.standing import at, below
from backprop.evidence.formatting import fixed, listing, percent, significant, thousands
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.values import format_value

SHOWN = 8
"""Failing inputs that are printed at most."""


def as_text(inspected: Inspection) -> str:
    """Everything that is printed on a terminal."""
    paragraphs = [
        text.wrapped(conventions(inspected)),
        text.wrapped([*result(inspected), *failing(inspected)]),
        text.wrapped(diagnosis(inspected)),
        text.table([header(inspected), *rows(inspected)]),
        text.wrapped([*standing(inspected), *alignment(inspected)]),
    ]
    return "\n\n".join(part for part in paragraphs if part)


def as_mapping(inspected: Inspection) -> dict[str, Any]:
    """The same as a mapping for JSON."""
    parts = (conventions, result, failing, diagnosis, standing, alignment)
    return {
        **inspected.numbers,
        "file": str(inspected.file),
        "place": inspected.place,
        "sentences": [sentence for part in parts for sentence in part(inspected)],
    }


def conventions(inspected: Inspection) -> list[str]:
    """How the file was read."""
    protocol = inspected.protocol
    used = (
        f"{inspected.file.name}: a 6-2-1 network with {protocol.hidden} hidden units and a {protocol.output} output, "
        f"inputs {_pair(protocol.inputs)}, targets {_pair(protocol.targets)}."
    )
    return [used, inspected.network.note] if inspected.network.note else [used]


def result(inspected: Inspection) -> list[str]:
    """Whether the network solves the task."""
    numbers, middle = inspected.numbers, format_value(0.5 * sum(inspected.protocol.targets))
    if numbers["solved"]:
        answer = f"Yes, it solves the task: all {numbers['cases']} outputs are on the right side of {middle}."
    else:
        right = f"{numbers['right']} of {numbers['cases']}"
        answer = f"No, it does not solve the task: {right} outputs are on the right side of {middle}."
    return [
        answer,
        f"The worst error is {fixed(numbers['worst_error'], 3)}, and E is {significant(numbers['E'], 3)}.",
    ]


def failing(inspected: Inspection) -> list[str]:
    """Which inputs are on the wrong side."""
    wrong = inspected.numbers["failing"]
    if not wrong:
        return []
    shown = [f"{case['input']} ({fixed(case['output'], 2)})" for case in wrong[:SHOWN]]
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return [f"It fails on {', '.join(shown)}{more}; the output is in brackets."]


def diagnosis(inspected: Inspection) -> list[str]:
    """Where a network that fails is stuck, and what to do."""
    if inspected.place == "solved":
        return []
    if inspected.numbers["conventions"]:
        options = _options(inspected.numbers["conventions"][0])
        return [f"But with {options} the same weights solve the task: if the network was trained that way, add this."]
    return place_text.sentences(inspected)


def header(inspected: Inspection) -> list[str]:
    """The header of the table of measures."""
    return ["", "this network", "RHW Fig. 1", "the report's"]


def rows(inspected: Inspection) -> list[list[str]]:
    """The table of measures: this network, RHW Fig. 1, and the middle 95% of the report's networks that solve it."""
    own, printed, reference = inspected.numbers["weights"], inspected.numbers["figure_1"], inspected.reference
    quantiles = reference["quantiles"]

    def row(label: str, words: Callable[[Mapping[str, Any]], str], others: str = "") -> list[str]:
        return [label, words(own), words(printed), others]

    def measure(label: str, name: str, words: Callable[[float], str] = _three_decimals) -> list[str]:
        middle = [at(reference, name, share) for share in (0.025, 0.975)] if name in quantiles else []
        others = " to ".join(words(value) for value in middle)
        return row(label, lambda m: "–" if m[name] is None else words(m[name]), others)

    shares = [
        f"{percent(number / reference['solved'])} {name}"
        for name, number in reference["families"].items()
        if name != "other"
    ]
    return [
        row("magnitudes of the three mirror pairs", _ratios),
        row("family", lambda m: m["family"] if m["family"] != "other" else "neither", ", ".join(shares)),
        measure("mirror residual: max |w_i + w_(7-i)| / max |w|", "mirror_residual"),
        measure("opposite residual: max |w_1i + w_2i| / max |w|", "opposite_residual"),
        measure("smallest gap between half patterns / max |w|", "smallest_gap"),
        row("palindromes with both hidden units off", lambda m: f"{m['palindromes_off']} of 8"),
        row("other inputs with exactly one hidden unit on", lambda m: f"{m['others_one_on']} of 56"),
        row("hidden biases −, output weights −, output bias +", lambda m: "yes" if m["signs_as_printed"] else "no"),
        measure("distance to RHW Fig. 1, as a share of its length", "distance", _hundredths),
    ]


def standing(inspected: Inspection) -> list[str]:
    """Where the network is among the networks of the report."""
    reference, own = inspected.reference, inspected.numbers["weights"]
    if not reference["solved"]:
        return []
    which = f"the {thousands(reference['solved'])} networks of the report that solve the task"
    sentences = [
        f"The last column is the middle 95% of {which} (targets {reference['coding']}, of "
        f"{thousands(reference['networks'])} that were trained); its distances are those at sweep "
        f"{thousands(PRINTED_SWEEPS)}."
    ]
    if inspected.numbers["solved"] and own["distance"] is not None:
        farther = 1 - below(reference, "distance", own["distance"])
        sentences.append(f"This network is closer to RHW Fig. 1 than {percent(farther)} of them.")
    return sentences


def alignment(inspected: Inspection) -> list[str]:
    """Which symmetry of the task brings a network that solves it closest to RHW Fig. 1."""
    own = inspected.numbers["weights"]
    if not inspected.numbers["solved"]:
        return []
    if own["distance"] is None:
        return ["A distance to RHW Fig. 1 is given only for logistic and tanh units."]
    sentences = [
        f"Closest to RHW Fig. 1 is this order: its inputs 1 to 6 are inputs {listing(own['inputs'])} here, "
        f"and its hidden units 1 and 2 are units {listing(own['units'])}."
    ]
    protocol = inspected.protocol
    if (protocol.hidden, protocol.output, protocol.inputs) != ("logistic", "logistic", (0.0, 1.0)):
        sentences.append(
            "For this, the weights were converted to those of the logistic network with inputs 0 and 1 that computes "
            "the same."
        )
    return sentences


def _ratios(measured: Mapping[str, Any]) -> str:
    if measured["ratio_middle"] is None:
        return "–"
    return f"1 : {fixed(measured['ratio_middle'], 2)} : {fixed(measured['ratio_large'], 2)}"


def _hundredths(value: float) -> str:
    """A share that may exceed 1, in percent."""
    return f"{fixed(100 * value, 0)}%"


def _three_decimals(value: float) -> str:
    return fixed(value, 3)


def _pair(pair: tuple[float, float]) -> str:
    return " and ".join(map(format_value, pair))


def _options(fields: Mapping[str, Any]) -> str:
    """Fields as options of the command: "--inputs -1 1 --hidden tanh"."""
    return " ".join(
        f"--{name} {' '.join(map(format_value, value)) if isinstance(value, tuple) else value}"
        for name, value in fields.items()
    )
