"""The best pairs of epsilon and alpha: training repeats them on fresh seeds, and the findings compare them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def best_pair(first_sweep: np.ndarray, cap: int) -> int:
    """The row of `first_sweep` [pairs, seeds] with most networks solved, and among equals with fewest sweeps."""
    solved = first_sweep >= 0
    mean = np.where(solved, first_sweep, cap).mean(axis=1)
    return int(np.lexsort((mean, -solved.mean(axis=1)))[0])


def best_of_each(
    pairs: Sequence[tuple[float, float]], first_sweep: np.ndarray, cap: int
) -> dict[str, tuple[float, float]]:
    """The best pair of "all", of those with "momentum" and of those with "none"; an empty group is absent.

    Args:
        pairs: (epsilon, alpha), one for each row of `first_sweep`.
        first_sweep: [pairs, seeds], the sweep at which each network solved the task, -1 for never by the cap.
        cap: in sweeps.
    """
    momentum = np.array([alpha > 0 for _, alpha in pairs])
    best = {}
    for name, members in (("all", momentum | True), ("momentum", momentum), ("none", ~momentum)):
        rows = np.flatnonzero(members)
        if rows.size:
            best[name] = pairs[rows[best_pair(first_sweep[rows], cap)]]
    return best
