"""One row per data set: how close descent got to least squares, and how much of the gap is unfinished descent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.regression.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "seed of the data set"),
    Column("least_squares_mse", pa.float64(), "mean squared error of least squares over all cases"),
    Column("first_mse", pa.float64(), "mean squared error of the initial weights"),
    Column("early_mse", pa.float64(), "mean squared error of descent after a tenth of the epochs"),
    Column("mse", pa.float64(), "mean squared error of descent after the last epoch; missing if it diverged"),
    Column("last_batch_mse", pa.float64(), "mean over the batches of the last epoch, each before its step"),
    Column("gap", pa.float64(), "mse - least_squares_mse"),
    Column("unfinished", pa.float64(), "gap that steps along the exact gradient would leave; missing if infinite"),
    Column("to_least_squares", pa.float64(), "distance between the weights and bias of descent and of least squares"),
    Column("to_truth", pa.float64(), "distance between the weights and bias of descent and the true ones"),
    Column(
        "least_squares_to_truth",
        pa.float64(),
        "distance between the weights and bias of least squares and the true ones",
    ),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table; distances are Euclidean, over all weights and the bias."""
    optimum, mse = arrays["least_squares_mse"], arrays["mse"].astype(float)
    weights, truth, least_squares = (arrays[name].astype(float) for name in ("weights", "truth", "least_squares"))
    left = unfinished(protocol, arrays["curvatures"], arrays["start"])
    mse[~np.isfinite(mse)] = np.nan
    weights[~np.isfinite(weights).all(axis=1)] = np.nan
    return pd.DataFrame(
        {
            "seed": arrays["seeds"],
            "least_squares_mse": optimum,
            "first_mse": mse[:, 0],
            "early_mse": mse[:, max(1, protocol.epochs // 10)],
            "mse": mse[:, -1],
            "last_batch_mse": np.where(np.isfinite(mse[:, -1]), arrays["batch_mse"][:, -1], np.nan),
            "gap": mse[:, -1] - optimum,
            "unfinished": np.where(np.isfinite(left), left, np.nan),
            "to_least_squares": _distance(weights, least_squares),
            "to_truth": _distance(weights, truth),
            "least_squares_to_truth": _distance(least_squares, truth),
        }
    )


def unfinished(protocol: Protocol, curvatures: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The gap [S] after the same number of steps along the exact gradient, from curvatures and start [S, P + 1].

    Along an eigenvector of curvature λ each step multiplies the distance from the minimum by 1 - ελ, and a distance
    d adds λd²/2 to the mean squared error.
    """
    steps = protocol.cases // protocol.batch
    left = np.ones_like(curvatures)
    with np.errstate(over="ignore"):  # a rate that diverges leaves an infinite gap, which is correct
        for learning_rate in protocol.learning_rate * protocol.decay ** np.arange(protocol.epochs):
            left *= (1 - learning_rate * curvatures) ** steps
        return (curvatures * (left * start) ** 2).sum(axis=1) / 2


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a - b, axis=1)
