"""Why the families are 1:2:4 and 2:3:4: the smallest gap between half sums as a function of the magnitudes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import linprog

from backprop.experiments.symmetry.measures import ratio_name

SIGNS = np.array([signs for signs in product((-1, 0, 1), repeat=3) if any(signs)])


def gap(middle: np.ndarray, large: np.ndarray) -> np.ndarray:
    """The smallest gap of magnitudes 1 : middle : large, over the largest of the three; any shape, broadcast."""
    sizes = np.stack(np.broadcast_arrays(np.ones_like(middle), middle, large), axis=-1)
    return np.abs(sizes @ SIGNS.T).min(axis=-1) / sizes.max(axis=-1)


def maxima() -> list[dict[str, Any]]:
    """Every local maximum of the gap over magnitudes a <= b <= c = 1.

    Only the signed sum c - a - b changes its sign, at a + b = c. On each side of that line the gap is the smallest of
    some linear functions. It is therefore concave with one maximum, and a linear program finds this maximum exactly:
    the largest g that is at most each signed sum. `side` is 1 where c - a - b is positive, otherwise -1.
    """
    summits = []
    for side in (1, -1):
        rows = []
        for signs in SIGNS:
            inside = np.array([0.2, 0.5, 1.0]) if side > 0 else np.array([0.5, 0.75, 1.0])
            a, b, c = np.sign(signs @ inside) * signs
            rows.append(([-a, -b, 1.0], c))  # g - (a x + b y) <= c
        upper, bounds = (np.array(part) for part in zip(*rows, strict=True))
        solution = linprog([0, 0, -1], A_ub=upper, b_ub=bounds, bounds=[(0, 1), (0, 1), (0, 1)])
        small, middle, best = map(float, solution.x)
        name = ratio_name(middle / small, 1 / small)
        summits.append({"name": name, "middle": middle / small, "large": 1 / small, "gap": best, "side": side})
    return summits
