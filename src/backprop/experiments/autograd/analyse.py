"""One row per point, partial derivative and precision: the difference between autograd and calculus."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.autograd.protocol import Protocol, columns
from backprop.results.tables import Column

PRECISIONS = {"single": "float32", "double": "float64"}
EPSILON = {name: float(np.finfo(kind).eps) for name, kind in PRECISIONS.items()}
"""Distance from 1 to the next number, by precision."""

COLUMNS = (
    Column("seed", pa.int64(), "seed of the point"),
    Column("fact", pa.string(), "name of the function; see protocol.FACTS"),
    Column("entry", pa.int64(), "index of the partial derivative, from 0"),
    Column("precision", pa.string(), "single or double"),
    Column("analytic", pa.float64(), "the derivative by calculus, in double precision"),
    Column("autograd", pa.float64(), "the derivative by autograd"),
    Column("difference", pa.float64(), "autograd - analytic"),
    Column("relative", pa.float64(), "|difference| / |analytic|", "machine precision"),
    Column("equal", pa.bool_(), "whether autograd == the formula of the lab, evaluated in the same precision"),
)
GROUPS = ("fact", "entry", "precision")
"""The columns that distinguish the rows of one seed."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table; relative differences are in units of the machine precision (EPSILON)."""
    facts, entries = zip(*columns(protocol), strict=True)
    frames = []
    for precision, epsilon in EPSILON.items():
        autograd, formula = arrays[f"autograd_{precision}"], arrays[f"formula_{precision}"]
        expected = analytic(arrays["points"].astype(PRECISIONS[precision]).astype(float))
        shape = autograd.shape
        difference = autograd - expected
        frames.append(
            pd.DataFrame(
                {
                    "seed": np.repeat(arrays["seeds"], shape[1]),
                    "fact": np.tile(facts, shape[0]),
                    "entry": np.tile(entries, shape[0]),
                    "precision": precision,
                    "analytic": expected.ravel(),
                    "autograd": autograd.ravel(),
                    "difference": difference.ravel(),
                    "relative": (np.abs(difference) / np.abs(expected) / epsilon).ravel(),
                    "equal": (autograd == formula).ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def analytic(points: np.ndarray) -> np.ndarray:
    """The derivatives by calculus [S, D] at `points` [S, 5 + entries], in double precision."""
    x, x1, x2, a, b = points[:, :5].T
    once = np.stack([-np.sin(x1) * np.log(x2), np.cos(x1) / x2], axis=1)
    return np.hstack(
        [
            np.stack([2 * x], axis=1),
            np.ones_like(points[:, 5:]),
            np.stack([2 * np.log(x) / x, 2 * np.log(x)], axis=1),
            once,
            2 * once,
            np.stack([9 * a**2, -2 * b], axis=1),
        ]
    )
