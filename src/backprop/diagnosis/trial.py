"""One trial: a user's protocol beside the paper's, from the same seeds; and, on request, the reason for a loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop.diagnosis import side_by_side, why
from backprop.diagnosis.progress import Bar
from backprop.diagnosis.settings import Departure, departures
from backprop.diagnosis.side_by_side import Trained
from backprop.evidence.statistics import median_survival, paired_difference
from backprop.evidence.verdicts import share
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import FAMILIES, family_of
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol

PAPER, YOURS = "the paper's protocol", "your protocol"
"""The two protocols, as tables and figures call them."""

ADVICE: Sequence[Mapping[str, float]] = ({"epsilon": 0.3}, {"epsilon": 5.0, "alpha": 0.0})
"""Changes of a protocol that often help, as factors of its fields: a smaller rate; no momentum and a larger rate."""

OTHER_RATES: Sequence[Mapping[str, float]] = tuple({"epsilon": factor} for factor in (0.03, 0.1, 0.3, 10.0, 32.0))
"""Changes that may replace putting the cause back, as factors; 32 undoes a mean over 64 cases."""


@dataclass(frozen=True)
class Advice:
    """A change of learning rate and momentum that raises the solve rate from `before` to `after`, on the same seeds."""

    epsilon: float
    alpha: float
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """The answer to "why" by one sweep: the rates that support it, and what helps once the cause is put back.

    Attributes:
        sweep: solve rates are those by this sweep.
        answer: what the rule says.
        rates: the solve rate of each set of departures that was trained, as `share` returns it.
        advice: what helps after the cause is put back; None if nothing that was tried does.
        other_rate: a learning rate that restores half of the loss without putting anything back, if one was found.
    """

    sweep: int
    answer: why.Answer
    rates: Mapping[frozenset[str], Mapping[str, Any]]
    advice: Advice | None
    other_rate: Advice | None


@dataclass(frozen=True)
class Trial:
    """Two protocols side by side.

    Attributes:
        yours, paper: the networks of both, from the same seeds.
        departures: where yours departs from the paper.
        marks: the sweeps by which solve rates are compared: the paper's 1,425 and the last sweep.
        fewer: whether fewer networks were trained than usual, because these protocols are slow.
        reason: why yours solves the task less often, if that was asked.
    """

    yours: Trained
    paper: Trained
    departures: Sequence[Departure]
    marks: Sequence[int]
    fewer: bool
    reason: Reason | None

    @property
    def networks(self) -> int:
        """Networks per protocol."""
        return len(self.yours.sweeps_to_solve)


def run(protocol: Protocol, networks: int | None = None, ask_why: bool = False) -> Trial:
    """Train the protocol and the paper's side by side.

    Args:
        protocol: the user's.
        networks: how many per protocol; None for as many as train in a few seconds.
        ask_why: whether to look for the departure that is responsible for a loss.
    """
    marks = sorted({protocol.sweeps, PRINTED_SWEEPS})
    paper = Protocol(sweeps=marks[-1])
    count = networks or side_by_side.affordable([protocol, paper])
    seeds = tuple(range(count))
    changes = departures(protocol)
    names = {PAPER: paper, YOURS: protocol} if changes else {PAPER: paper}
    with Bar(sum(count * side_by_side.cost(own) for own in names.values())) as bar:
        trained = []
        for name, own in names.items():
            own = dataclasses.replace(own, until_solved=False, keep=(), record_every=own.sweeps)
            trained.append(Trained(own, _train(own, seeds, bar, name)))
        first, second = trained[0], trained[-1]
        reason = _Search(first, second, changes, seeds, bar).reason(marks) if ask_why else None
    return Trial(second, first, changes, marks, networks is None and count < side_by_side.NETWORKS, reason)


def rows(trial: Trial) -> list[dict[str, Any]]:
    """What the table shows of each protocol, the paper's first; it alone if there are no departures from it.

    Returns:
        Rows with `name`; `by`, the share that solves the task by each of the trial's marks (None where training ended
        earlier); the `median` of the sweeps to solve it (None if not reached); and `families`, the shares of 1:2:4,
        2:3:4 and other ratios among the solved at the end (None unless the networks are 6-2-1).
    """
    table = []
    for name, trained in _named(trial).items():
        cap, times = trained.protocol.sweeps, trained.sweeps_to_solve
        solved = times >= 0
        median = median_survival(np.where(solved, times, cap), solved)
        table.append(
            {
                "name": name,
                "by": {mark: share(trained.solved_by(mark)) if mark <= cap else None for mark in trial.marks},
                "median": median.value,
                "families": families(trained),
            }
        )
    return table


def families(trained: Trained) -> dict[str, Any] | None:
    """The families of magnitude ratios among the solved networks at the end: the share of each; None unless 6-2-1."""
    if (trained.protocol.bits, trained.protocol.hidden_units) != (6, 2):
        return None
    solved = trained.sweeps_to_solve >= 0
    names = family_of(*measures.magnitude_ratios(trained.arrays["layer_1"][solved, -1].astype(float)))
    return {name: share(names == name) for name in (*FAMILIES, "other")}


def draw(trial: Trial, kind: str) -> bytes:
    """The share of networks unsolved over the sweeps, for both protocols, as "svg", "pdf" or "png"."""
    from backprop import plots

    fig, ax = plots.axes(plots.COLUMN, 3.0)
    groups = {}
    for name, trained in _named(trial).items():
        times = trained.sweeps_to_solve
        groups[name] = (np.where(times >= 0, times, trained.protocol.sweeps), times >= 0)
    plots.survival_curves(ax, groups, cap=trial.marks[-1])
    return plots.save(fig, kind)


def _named(trial: Trial) -> dict[str, Trained]:
    return {PAPER: trial.paper, YOURS: trial.yours} if trial.departures else {PAPER: trial.paper}


def _scaled(protocol: Protocol, factors: Mapping[str, float]) -> Protocol:
    """The protocol with some of its fields times a factor, to two digits."""
    changed: dict[str, Any] = {
        name: float(f"{getattr(protocol, name) * factor:.2g}") for name, factor in factors.items()
    }
    return dataclasses.replace(protocol, **changed)


def _train(protocol: Protocol, seeds: Sequence[int], bar: Bar, what: str) -> dict[str, np.ndarray]:
    batches = []
    for size, arrays in side_by_side.train(protocol, seeds):
        batches.append(arrays)
        bar.advance(size * side_by_side.cost(protocol), what)
    return side_by_side.joined(batches)


class _Search:
    """Trains what the rule asks for, each set of departures once."""

    def __init__(
        self, paper: Trained, yours: Trained, changes: Sequence[Departure], seeds: Sequence[int], bar: Bar
    ) -> None:
        self._changes = {departure.name: departure.overrides for departure in changes}
        self._seeds, self._bar, self._sweeps = seeds, bar, paper.protocol.sweeps
        self._trained = {frozenset(self._changes): yours, frozenset(): paper}

    def reason(self, marks: Sequence[int]) -> Reason:
        """The reason by the last mark; by an earlier one if there is a loss only there."""
        answers = [(mark, self._answer(mark)) for mark in reversed(marks)]
        sweep, answer = next((pair for pair in answers if pair[1].cause), answers[0])
        everything = frozenset(self._changes)
        advice = self._best(everything - set(answer.cause), ADVICE, sweep)
        other_rate = None
        if answer.cause:
            other_rate = self._best(everything, OTHER_RATES, sweep, why.HALF * answer.loss.difference)
        rates = {chosen: share(trained.solved_by(sweep)) for chosen, trained in self._trained.items()}
        return Reason(sweep, answer, rates, advice, other_rate)

    def _answer(self, sweep: int) -> why.Answer:
        return why.answer(list(self._changes), lambda chosen: self._networks(chosen).solved_by(sweep))

    def _networks(self, chosen: frozenset[str]) -> Trained:
        """The networks that depart from the paper in `chosen`."""
        if chosen not in self._trained:
            self._trained[chosen] = self._train(self._protocol(chosen))
        return self._trained[chosen]

    def _protocol(self, chosen: frozenset[str]) -> Protocol:
        overrides = {name: value for part in sorted(chosen) for name, value in self._changes[part].items()}
        return Protocol(**{"sweeps": self._sweeps} | overrides)

    def _train(self, protocol: Protocol) -> Trained:
        protocol = side_by_side.only_times(protocol)
        self._bar.extend(len(self._seeds) * side_by_side.cost(protocol))
        return Trained(protocol, _train(protocol, self._seeds, self._bar, "looking for the reason"))

    def _best(
        self, chosen: frozenset[str], changes: Sequence[Mapping[str, float]], sweep: int, least: float = 0.0
    ) -> Advice | None:
        """The best of the changes (factors of fields) to the protocol that departs from the paper in `chosen`.

        None unless it raises the solve rate by more than `least`, with its whole interval; a later change replaces an
        earlier one only if it is better by its whole interval.
        """
        protocol, before = self._protocol(chosen), self._networks(chosen).solved_by(sweep)
        if protocol.optimizer != "descent":
            return None
        best, highest = None, before
        for factors in changes:
            changed = _scaled(protocol, factors)
            after = self._train(changed).solved_by(sweep)
            if paired_difference(after, before).low > least and paired_difference(after, highest).low > 0:
                best, highest = Advice(changed.epsilon, changed.alpha, share(before), share(after)), after
        return best
