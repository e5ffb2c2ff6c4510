"""One row per network: what it learned, which unseen cases it gets right, and what its units for persons encode."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.protocol import Protocol
from backprop.results.tables import Column

BELOW = len(people.PEOPLE) + len(people.RELATIONS) + 1
"""Incoming weights of a unit of the second layer, the bias last."""

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("learned", pa.float64(), "share of its own cases with every output on its target's side of 0.5, at the cap"),
    Column("all_learned", pa.float64(), "first recorded sweep with all its own cases right; nan: never", "sweeps"),
    Column("unseen_right", pa.int64(), "cases held out with every output on its target's side of 0.5", "cases"),
    Column("unseen_first", pa.int64(), "cases held out whose answers have the highest outputs, at the cap", "cases"),
    Column("error", pa.float64(), "E over its own cases at the cap; errors within the margin are 0"),
    *(
        Column(name, pa.float64(), f"F12-F14: highest |correlation| of a unit for persons with {name}")
        for name in people.FEATURES
    ),
    Column("twins", pa.float64(), "F15: median correlation of a unit's English weights with those of their twins"),
    Column("usefulness", pa.float64(), "F17: rank correlation of |w| with E's growth without w; nan: not computed"),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network at the cap."""
    kept = people.kept_in(arrays["held"])
    right = arrays["right"]
    all_learned = np.asarray((right | ~kept[:, None]).all(axis=2))
    first = np.where(all_learned.any(axis=1), arrays["sweeps"][all_learned.argmax(axis=1)].astype(float), np.nan)
    table = {
        "seed": arrays["seeds"],
        "learned": (right[:, -1] & kept).sum(axis=1) / kept.sum(axis=1),
        "all_learned": first,
        "unseen_right": (right[:, -1] & ~kept).sum(axis=1),
        "unseen_first": (answers_first(arrays["outputs"]) & ~kept).sum(axis=1),
        "error": arrays["error"][:, -1].astype(float),
        "usefulness": _usefulness(arrays),
    }
    return pd.DataFrame(table | encoding(unit_weights(arrays["weights"])))


def encoding(units: np.ndarray) -> dict[str, np.ndarray]:
    """What the weights [S, 6, 24] from persons to their six units encode.

    Returns:
        For each feature the highest |correlation| of a unit [S]; and `twins` [S], the median over the units of the
        correlation between the weights from English persons and from their Italian twins.
    """
    best = {name: np.abs(correlation(units, feature)).max(axis=1) for name, feature in people.FEATURES.items()}
    return best | {"twins": np.median(correlation(units[..., :12], units[..., 12:]), axis=1)}


def unit_weights(weights: np.ndarray) -> np.ndarray:
    """The weights from persons to the units that encode them [S, 6, 24], out of all weights [S, W]."""
    layer = weights[:, : 2 * people.CODE * BELOW].reshape(len(weights), 2 * people.CODE, BELOW)
    return layer[:, : people.CODE, : len(people.PEOPLE)].astype(float)


def activities(weights: np.ndarray, case: int) -> list[np.ndarray]:
    """The activity of each layer for one case, inputs first, of the network with all these weights [W]."""
    layers = [people.arrays()[0][case]]
    start = 0
    for units in people.SIZES[1:]:
        columns = len(layers[-1]) + 1
        w = weights[start : start + units * columns].reshape(units, columns).astype(float)
        layers.append(1 / (1 + np.exp(-(w[:, :-1] @ layers[-1] + w[:, -1]))))
        start += w.size
    return layers


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation along the last axis; 0 where one of the two does not vary."""
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    size = np.sqrt((a**2).sum(-1) * (b**2).sum(-1))
    return np.divide((a * b).sum(-1), size, out=np.zeros_like(size), where=size > 0)


def answers_first(outputs: np.ndarray) -> np.ndarray:
    """Whether the answers of each case have the highest outputs [S, 104], from outputs [S, 104, 24]."""
    first = np.empty(outputs.shape[:2], dtype=bool)
    for row, case in enumerate(people.CASES):
        answers = list(case.answers)
        others = np.delete(outputs[:, row], answers, axis=1)
        first[:, row] = outputs[:, row, answers].min(axis=1) > others.max(axis=1)
    return first


def _usefulness(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The rank correlation of |w| with the growth of E without w, over the weights that exist."""
    usefulness = np.full(len(arrays["seeds"]), np.nan)
    for row, (cost, w) in enumerate(zip(arrays["ablated"], arrays["weights"], strict=False)):
        exists = w != 0
        if exists.sum() > 2:
            usefulness[row] = stats.spearmanr(np.abs(w[exists]), cost[exists]).statistic
    return usefulness
