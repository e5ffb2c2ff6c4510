"""Which departure from the paper is responsible for a loss: a rule on networks from the same seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backprop.evidence.statistics import PairedDifference, paired_difference

HALF = 0.5
"""The share of the lost solve rate that the cause, put back, must restore."""

LARGEST_SET = 3
"""Departures that are put back together at most, short of all of them."""

RULE = (
    "All networks start from the same seeds, so that their solve rates are compared seed by seed. "
    "A departure is the cause if, put back to the paper's value alone, it restores at least half of the lost solve "
    "rate, with its whole 95% interval. If no single departure does, the cause is the smallest set that does: two or "
    "three of them, otherwise all."
)

Solved = Callable[[frozenset[str]], np.ndarray]
"""Which networks [seeds] solve the task if they depart from the paper in these fields only."""


@dataclass(frozen=True)
class Answer:
    """The answer to "why".

    Attributes:
        kind: "no loss", "gain", "one" or "several".
        loss: the paper's solve rate minus that with all departures, with its 95% interval.
        cause: the departures that are responsible; empty without a loss.
        others: single departures besides the cause that would also restore half of the loss.
        alone: for each departure, the paper's solve rate minus that with this departure alone.
        put_back: for each departure, the solve rate with it put back, minus that with all departures.
    """

    kind: str
    loss: PairedDifference
    cause: tuple[str, ...]
    others: tuple[str, ...]
    alone: dict[str, PairedDifference]
    put_back: dict[str, PairedDifference]


def answer(names: Sequence[str], solved: Solved) -> Answer:
    """Apply RULE to the departures `names`; `solved` is asked for one set of departures after the other."""
    everything = frozenset(names)
    paper, yours = solved(frozenset()), solved(everything)
    loss = paired_difference(paper, yours)
    alone = {name: paired_difference(paper, solved(frozenset([name]))) for name in names}
    put_back = {name: paired_difference(solved(everything - {name}), yours) for name in names}
    if loss.low <= 0:
        return Answer("gain" if loss.high < 0 else "no loss", loss, (), (), alone, put_back)

    def restored(chosen: tuple[str, ...]) -> PairedDifference:
        return paired_difference(solved(everything - set(chosen)), yours)

    cause = tuple(names)
    for size in range(1, min(LARGEST_SET, len(names) - 1) + 1):
        gains = {chosen: restored(chosen) for chosen in combinations(names, size)}
        enough = [chosen for chosen in gains if gains[chosen].low >= HALF * loss.difference]
        if enough:
            cause = max(enough, key=lambda chosen: gains[chosen].difference)
            break
    others = [name for name, gain in put_back.items() if gain.low >= HALF * loss.difference and cause != (name,)]
    return Answer("one" if len(cause) == 1 else "several", loss, cause, tuple(others), alone, put_back)
