"""The words of `backprop try`: a table and a few sentences, or the same as a mapping for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from backprop import plain_text as text
from backprop.diagnosis import trial, why
from backprop.diagnosis.remedies import remedy
from backprop.diagnosis.trial import Advice, Reason, Trial
from backprop.evidence.formatting import capital, interval, listing, percent, thousands, words
from backprop.evidence.statistics import paired_difference
from backprop.values import format_value


def as_text(result: Trial) -> str:
    """Everything that is printed on a terminal."""
    paragraphs = [_header(result), _table(result), text.wrapped(comparison(result))]
    if result.reason:
        paragraphs += [_why_table(result, result.reason), *map(text.wrapped, explanation(result, result.reason))]
    elif any(_difference(result, mark) != "as many" for mark in result.marks):
        paragraphs.append("Add --why to learn which departure makes the difference.")
    return "\n\n".join(part for part in paragraphs if part)


def as_mapping(result: Trial) -> dict[str, Any]:
    """The same as a mapping for JSON."""
    sentences = comparison(result)
    if result.reason:
        sentences += [sentence for part in explanation(result, result.reason) for sentence in part]
    return {
        "networks": result.networks,
        "sweeps": result.yours.protocol.sweeps,
        "departures": {departure.name: dict(departure.overrides) for departure in result.departures},
        "protocols": [{**row, "by": {str(mark): own for mark, own in row["by"].items()}} for row in trial.rows(result)],
        "why": result.reason and _reason_mapping(result.reason),
        "sentences": sentences,
    }


def comparison(result: Trial) -> list[str]:
    """One sentence per mark: whether fewer, as many or more networks solve the task than with the paper's protocol."""
    if not result.departures:
        return []
    yours, last = result.yours.protocol.sweeps, result.marks[-1]
    if yours < last:
        own, paper = (percent(_solved(networks, last), 1) for networks in (result.yours, result.paper))
        return [
            f"Your training stops at sweep {thousands(yours)}, before the paper's network was finished.",
            f"Until then {own} of your networks solve the task; {paper} do by sweep {thousands(last)} with the "
            "paper's protocol.",
        ]
    sentences = []
    for mark in result.marks:
        own, paper = (percent(_solved(networks, mark), 1) for networks in (result.yours, result.paper))
        sentences.append(
            f"By sweep {thousands(mark)}, {_difference(result, mark)} of your networks solve the task "
            f"{'as' if _difference(result, mark) == 'as many' else 'than'} with the paper's protocol: "
            f"{own} and {paper}."
        )
    return sentences


def explanation(result: Trial, reason: Reason) -> list[list[str]]:
    """Paragraphs: which departures are responsible, what to change first, what helps, and the rule."""
    rule = [f"Rule: {why.RULE}"] if result.departures else []
    if not reason.answer.cause:
        return [_nothing_lost(result, reason), _advice(reason), rule]
    changes = [f"Change: {remedy(name)}" for name in reason.answer.cause]
    return [_cause(result, reason), *([change] for change in changes), _other_rate(reason), _advice(reason), rule]


def _header(result: Trial) -> str:
    if result.departures:
        lines = ["Your protocol departs from the paper's in:", *(f"  {departure}" for departure in result.departures)]
    else:
        lines = ["Your protocol is the paper's."]
    size = f"{thousands(result.networks)} networks per protocol, all from the same initial weights"
    if result.fewer:
        size += " (fewer than usual, because these protocols train slowly; --networks sets another number)"
    return "\n".join([*lines, "", text.wrapped([f"{size}."])])


def _table(result: Trial) -> str:
    rows = trial.rows(result)
    names = list(rows[0]["families"] or {}) if all(row["families"] for row in rows) else []
    lines = [["", *(f"solved by sweep {thousands(mark)}" for mark in result.marks), "median", *names]]
    for row in rows:
        cells = [_share(own) if own else "stopped before" for own in row["by"].values()]
        median = "not reached" if row["median"] is None else f"{thousands(row['median'])} sweeps"
        lines.append([row["name"], *cells, median, *(_rate(row["families"][name]) for name in names)])
    return text.table(lines)


def _why_table(result: Trial, reason: Reason) -> str:
    """The rates behind the answer: each departure put back alone, and each alone."""
    if len(result.departures) < 2:
        return ""
    everything = frozenset(departure.name for departure in result.departures)
    lines = [[f"solved by sweep {thousands(reason.sweep)}", "this put back alone", "this departure alone"]]
    for departure in result.departures:
        sets = (everything - {departure.name}, frozenset([departure.name]))
        lines.append([str(departure), *(_share(reason.rates[chosen]) for chosen in sets)])
    return text.table(lines)


def _cause(result: Trial, reason: Reason) -> list[str]:
    answer, sweep = reason.answer, thousands(reason.sweep)
    named = {departure.name: f'"{departure}"' for departure in result.departures}
    everything, cause = frozenset(named), frozenset(answer.cause)
    sets = (everything, everything - cause, frozenset[str]())
    before, after, paper = (percent(reason.rates[chosen]["rate"], 1) for chosen in sets)
    sentences = []
    if reason.sweep != result.marks[-1]:
        sentences.append(f"Your departures only delay success: by sweep {thousands(result.marks[-1])} nothing is lost.")
    if answer.kind == "one":
        sentences += [
            f"One departure is the cause: {named[answer.cause[0]]}.",
            f"Put back alone, it raises the share that solves the task by sweep {sweep} from {before} to {after}.",
        ]
    else:
        sentences += [
            f"{capital(words(len(cause)))} departures together are the cause: {listing(_texts(named, answer.cause))}.",
            f"Put back together, they raise the share that solves the task by sweep {sweep} from {before} to {after}.",
            "None of your departures, put back alone, clearly restores half of the loss.",
        ]
    if cause != everything:
        sentences.append(f"The paper's protocol reaches {paper}.")
    if answer.others:
        others = listing(_texts(named, answer.others), "or")
        sentences.append(f"Putting back {others} instead would also restore half of the loss.")
    return sentences


def _nothing_lost(result: Trial, reason: Reason) -> list[str]:
    rate = reason.rates[frozenset(departure.name for departure in result.departures)]["rate"]
    late = f"{percent(1 - rate, 1)} of the networks have not solved the task by sweep {thousands(reason.sweep)}"
    if not result.departures:
        return [f"There is nothing to put back. Even with the paper's own protocol {late}: one failure proves little."]
    if reason.answer.kind == "gain":
        return [f"None of your departures is responsible for a failure: together they help. Still, {late}."]
    loss = interval((100 * reason.answer.loss.low, 100 * reason.answer.loss.high), "fixed", 1)
    return [
        "None of your departures is responsible for a failure: your protocol solves the task as often as the paper's, "
        f"as far as {thousands(result.networks)} networks can show.",
        f"The 95% interval of the loss is {loss} percentage points.",
        f"With your protocol {late}: one failure proves little.",
    ]


def _other_rate(reason: Reason) -> list[str]:
    if reason.other_rate is None:
        return []
    rate = format_value(reason.other_rate.epsilon)
    return [
        f"Another way: keep your departures, but use the learning rate {rate}.",
        f"Then {_from_to(reason.other_rate, reason)}.",
    ]


def _advice(reason: Reason) -> list[str]:
    if reason.advice is None:
        return []
    epsilon, alpha = format_value(reason.advice.epsilon), format_value(reason.advice.alpha)
    after = " after the change" if reason.answer.cause else ""
    return [
        f"What helps{after}: learning rate {epsilon} and momentum {alpha}.",
        f"Then {_from_to(reason.advice, reason)}.",
    ]


def _from_to(advice: Advice, reason: Reason) -> str:
    before, after = percent(advice.before["rate"], 1), percent(advice.after["rate"], 1)
    return f"{after} of the same networks solve the task by sweep {thousands(reason.sweep)} instead of {before}"


def _reason_mapping(reason: Reason) -> dict[str, Any]:
    answer = reason.answer
    return {
        "sweep": reason.sweep,
        "kind": answer.kind,
        "cause": list(answer.cause),
        "others": list(answer.others),
        "loss": answer.loss._asdict(),
        "alone": {name: difference._asdict() for name, difference in answer.alone.items()},
        "put_back": {name: difference._asdict() for name, difference in answer.put_back.items()},
        "remedies": {name: remedy(name) for name in answer.cause},
        "advice": reason.advice and asdict(reason.advice),
        "other_rate": reason.other_rate and asdict(reason.other_rate),
    }


def _difference(result: Trial, mark: int) -> str:
    """Whether "fewer", "as many" or "more" networks solve the task by this sweep, by the 95% interval."""
    difference = paired_difference(result.yours.solved_by(mark), result.paper.solved_by(mark))
    return "fewer" if difference.high < 0 else "more" if difference.low > 0 else "as many"


def _solved(networks: trial.Trained, mark: int) -> float:
    return float(networks.solved_by(mark).mean())


def _texts(named: Mapping[str, str], chosen: Iterable[str]) -> list[str]:
    return [named[name] for name in chosen]


def _share(share: Mapping[str, Any]) -> str:
    return f"{percent(share['rate'], 1)} ({interval((share['low'], share['high']), 'percent', 1)})"


def _rate(share: Mapping[str, Any]) -> str:
    return "–" if share["rate"] is None else percent(share["rate"])
