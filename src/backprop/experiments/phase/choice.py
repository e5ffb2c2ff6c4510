"""Which pairs of epsilon and alpha did best: what training repeats on fresh seeds, and what the findings compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def best_pair(first_sweep: np.ndarray, cap: int) -> int:
    """The row of `first_sweep` [pairs, seeds] with most networks solved, and among those in fewest sweeps."""
    solved = first_sweep >= 0
    mean = np.where(solved, first_sweep, cap).mean(axis=1)
    return int(np.lexsort((mean, -solved.mean(axis=1)))[0])


def best_of_each(
    pairs: Sequence[tuple[float, float]], first_sweep: np.ndarray, cap: int
) -> dict[str, tuple[float, float]]:
    """The best pair of all, and the best of those with and of those without momentum, as far as there are such.

    Args:
        pairs: (epsilon, alpha), one for each row of `first_sweep`.
        first_sweep: [pairs, seeds], when each network solved the task, -1 for never by the cap.
        cap: in sweeps.
    """
    momentum = np.array([alpha > 0 for _, alpha in pairs])
    found = {}
    for name, rows in (("all", momentum | True), ("momentum", momentum), ("none", ~momentum)):
        which = np.flatnonzero(rows)
        if which.size:
            found[name] = pairs[which[best_pair(first_sweep[which], cap)]]
    return found
