"""Why networks stay on the plateau: the spread of the outputs over the cases, and the growth that curvature allows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.experiments.family_trees.protocol import PLATEAU, STATED_1, UNDECAYED
from backprop.results.variant import Run

STALLS = ("paper", STATED_1, UNDECAYED)
"""Variants at the stated rates whose plateaus are compared."""


def growth(curvature: np.ndarray, epsilon: float, alpha: float, decay: float) -> np.ndarray:
    """The growth per sweep of a direction of this curvature: the logarithm of the larger eigenvalue of the update.

    The update and its matrix are in the docstring of `plateau`.
    """
    kept = 1 - decay
    trace = kept * (1 - epsilon * curvature) + alpha
    return np.log((trace + np.sqrt(np.maximum(trace**2 - 4 * kept * alpha, 0))) / 2)


def threshold(epsilon: float, alpha: float, decay: float) -> float:
    """How negative a curvature must be for its direction to grow: there the larger eigenvalue is 1."""
    return decay * (1 - alpha) / ((1 - decay) * epsilon)


def stall(runs: Mapping[str, Run]) -> dict[str, Any]:
    """The numbers on the plateau: `decay`, the `threshold` of the curvature, and each variant of STALLS by its name.

    `spread` holds medians over the networks of the spread of each layer at the first record after the start (`first`)
    and at the last record of the plateau (`last`); `shrinks` is the shrinking of each layer per sweep in the second
    half of the plateau. The other lists have an entry for each recorded sweep of PLATEAU: the medians of the most
    negative `curvature`, of the growth it predicts (`predicted`), and of the growth of the widest output since the
    entry before (`measured`, None at the first). Entries without a network on the plateau are None.
    """
    paper = runs["paper"].protocol
    epsilon, alpha, decay = paper["epsilons"][1], paper["alphas"][1], paper["decays"][0]
    numbers = {name: _on_plateau(runs[name]) for name in STALLS}
    return {
        "decay": decay,
        "threshold": threshold(epsilon, alpha, decay),
        **numbers,
        "stated_grows_never": bool(numbers["paper"]["predicted"])
        and all(g is not None and g < 0 for g in numbers["paper"]["predicted"]),
        "turns": next(
            (
                sweep
                for sweep, g in zip(numbers[STATED_1]["sweeps"], numbers[STATED_1]["predicted"], strict=True)
                if g is not None and g < 0
            ),
            None,
        ),
    }


def _on_plateau(run: Run) -> dict[str, Any]:
    arrays, protocol = run.arrays, run.protocol
    sweeps = arrays["sweeps"]
    at = [int(np.flatnonzero(sweeps == sweep)[0]) for sweep in PLATEAU if sweep in sweeps]
    _, scale, decay = arrays["settings"][arrays["chosen"].item()]
    curvature = arrays["curvature"]
    predicted = growth(curvature, protocol["epsilons"][1] * scale, protocol["alphas"][1], decay)
    widest = np.log(np.maximum(arrays["widest"].astype(float), 1e-30))
    measured = [
        float(np.median((widest[:, after] - widest[:, before]) / (sweeps[after] - sweeps[before])))
        for before, after in itertools.pairwise(at)
    ]
    curvatures = _medians(curvature)
    spread = np.median(arrays["spread"].astype(float), axis=0)  # [R, layers]
    last = at[-1] if at else len(sweeps) - 1
    half = at[len(at) // 2 - 1] if at else 0
    shrinks = -np.log(np.maximum(spread[last], 1e-30) / spread[half]) / max(sweeps[last] - sweeps[half], 1)
    return {
        "weight_range": float(arrays["settings"][arrays["chosen"].item()][0]),
        "sweeps": [int(sweeps[k]) for k in at],
        "curvature": curvatures,
        "predicted": _medians(predicted),
        "measured": [None, *measured] if at else [],
        "steepest_first": -curvatures[0] if curvatures and curvatures[0] is not None else None,
        "compared": _compared(sweeps, at, _medians(predicted), measured),
        "first_sweep": int(sweeps[1]),
        "last_sweep": int(sweeps[last]),
        "spread": {"first": spread[1].tolist(), "last": spread[last].tolist()},
        "shrinks": shrinks.tolist(),
    }


def _compared(
    sweeps: np.ndarray, at: list[int], predicted: list[float | None], measured: list[float]
) -> dict[str, Any] | None:
    """Predicted and measured growth at the last sweep that has both; None without one."""
    for k in range(len(at) - 1, 0, -1):
        if predicted[k] is not None:
            return {"sweep": int(sweeps[at[k]]), "predicted": predicted[k], "measured": measured[k - 1]}
    return None


def _medians(values: np.ndarray) -> list[float | None]:
    """The median of each column; None for a column of nan."""
    return [float(np.nanmedian(column)) if np.isfinite(column).any() else None for column in values.T]
