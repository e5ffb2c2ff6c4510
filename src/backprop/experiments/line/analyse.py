"""One row per line and method: how far the recovered slope and intercept are from the truth and from least squares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.line.protocol import METHODS, Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the data set and the initial parameters"),
    Column("method", pa.string(), "small or large (the rate of descent), adam, or least_squares"),
    Column("a", pa.float64(), "the recovered slope; missing if it diverged"),
    Column("b", pa.float64(), "the recovered intercept; missing if it diverged"),
    Column("error_a", pa.float64(), "recovered minus true slope"),
    Column("error_b", pa.float64(), "recovered minus true intercept"),
    Column("to_least_squares", pa.float64(), "distance between (a, b) and the solution of least squares"),
    Column("mse", pa.float64(), "mean squared error"),
    Column("overflow", pa.int64(), "first step after which the parameters exceed single precision; -1 if never"),
)
GROUPS = ("method",)
"""The columns that distinguish the rows of one seed."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table, one method after another."""
    truth, least_squares = arrays["truth"].astype(float), arrays["least_squares"]
    none = np.full(len(truth), -1)
    rows = [("least_squares", least_squares, np.full(len(truth), np.nan), none)]
    for method in METHODS:
        path = arrays[method]
        finite = np.isfinite(path).all(axis=2)
        overflow = np.where(finite.all(axis=1), -1, (~finite).argmax(axis=1))
        rows.append((method, path[:, -1].astype(float), arrays[f"{method}_mse"][:, -1], overflow))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "seed": arrays["seeds"],
                    "method": method,
                    "a": parameters[:, 0],
                    "b": parameters[:, 1],
                    "error_a": parameters[:, 0] - truth[:, 0],
                    "error_b": parameters[:, 1] - truth[:, 1],
                    "to_least_squares": np.linalg.norm(parameters - least_squares, axis=1),
                    "mse": mse,
                    "overflow": overflow,
                }
            )
            for method, parameters, mse, overflow in rows
        ],
        ignore_index=True,
    )
