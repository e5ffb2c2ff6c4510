"""Where a network that fails is stuck, and what to do, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.diagnosis import places
from backprop.diagnosis.inspection import Inspection
from backprop.evidence.formatting import count, fixed, percent, significant, thousands
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol
from backprop.values import format_value


def sentences(inspected: Inspection) -> list[str]:
    """The place of a network that does not solve the task, the report's networks there, and what to do."""
    words = {
        "off": _off,
        "constant": _constant,
        "untrained": _untrained,
        "rising": _rising,
        "some": _some,
        "swapped": _swapped,
        "mixed": _mixed,
    }
    return words[inspected.place](inspected)


def _off(inspected: Inspection) -> list[str]:
    reference = inspected.reference
    later, unsolved = reference["later"], sum(reference["places"].values())
    there = (
        f"{percent(reference['places'].get('off', 0) / unsolved)} of the {thousands(unsolved)} unsolved networks of "
        f"the report are there (targets {reference['coding']}, sweep {thousands(reference['cap'])})."
    )
    late = (
        f"Such a network is late, not stuck: all {later['of']} that were trained further solved the task by sweep "
        f"{thousands(later['by'])}."
    )
    return [
        f"It is on the plateau at E = {_format_E(_levels(inspected).off)}: the output is off for every input, and the "
        "gradient is almost zero.",
        *([there] if "off" in reference["places"] else []),
        *([late] if later["solved"] == later["of"] else []),
        f"What to do: train longer, or {_again(reference)}",
    ]


def _constant(inspected: Inspection) -> list[str]:
    numbers = inspected.numbers
    lowest, highest = fixed(numbers["lowest_output"], 2), fixed(numbers["highest_output"], 2)
    return [
        f"It gives almost the same output for every input, {lowest} to {highest}.",
        "It has learned only that one input in eight is a palindrome: "
        f"a constant output reaches E = {_format_E(_levels(inspected).constant)}.",
        "The steps were too short or too few.",
        "What to do: sum the squared errors over the cases (PyTorch's MSELoss averages them, which makes each step "
        f"{numbers['cases'] // 2} times shorter), use momentum {format_value(Protocol().alpha)}, and train for "
        f"{thousands(PRINTED_SWEEPS)} sweeps or more.",
    ]


def _untrained(inspected: Inspection) -> list[str]:
    return [
        "It gives almost the same output for every input, far from the share of palindromes: it is hardly trained.",
        "What to do: check that the optimizer has all weights and that its step is called in every sweep.",
    ]


def _rising(inspected: Inspection) -> list[str]:
    return [
        "It is half-way: it recognises no palindrome yet, but its outputs differ.",
        f"What to do: train longer, with a summed error and momentum {format_value(Protocol().alpha)}; or "
        f"{_again(inspected.reference)}",
    ]


def _some(inspected: Inspection) -> list[str]:
    missed, reference = inspected.numbers["missed"], inspected.reference
    known, later = reference["missed"].get(str(missed)), reference["later"]
    found = [f"It recognises {8 - missed} of the 8 palindromes, and takes no other input for one."]
    if known and known["networks"] > 1:
        found.append(
            f"The report has {thousands(known['networks'])} such networks (targets {reference['coding']}), with E "
            f"between {_format_E(known['E'][0])} and {_format_E(known['E'][1])}."
        )
    if later["solved"] == 0:
        found.append(
            f"It is in a local minimum: none of {later['of']} unsolved networks that were trained further left theirs "
            f"by sweep {thousands(later['by'])}."
        )
    return [*found, f"What to do: {_again(reference)}"]


def _swapped(inspected: Inspection) -> list[str]:
    return [
        "Every output is on the wrong side: the network was trained with the two targets swapped.",
        "What to do: give palindromes the higher target.",
    ]


def _mixed(inspected: Inspection) -> list[str]:
    numbers = inspected.numbers
    return [
        f"It takes {count(numbers['false_alarms'], 'other input')} for palindromes and misses {numbers['missed']} of "
        "8 palindromes.",
        f"What to do: train longer, or {_again(inspected.reference)}",
    ]


def _again(reference: Mapping[str, Any]) -> str:
    helps = reference["helps"]
    return (
        f"start again with learning rate {format_value(helps['epsilon'])} and momentum {format_value(helps['alpha'])}: "
        f"then {percent(helps['rate'])} of the report's networks solve the task by sweep {thousands(helps['by'])}."
    )


def _levels(inspected: Inspection) -> places.Levels:
    low, high = inspected.protocol.targets
    return places.levels(high - low)


def _format_E(value: float) -> str:  # noqa: N802 - the paper's letter
    return significant(value, 3)
