"""One row per seed and version: its losses, and their largest difference from those of NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.five_ways.protocol import WAYS, Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "seed of the data and the initial weights"),
    Column("way", pa.string(), "the version; see protocol.WAYS"),
    Column("first_loss", pa.float64(), "summed squared error before the first step"),
    Column("last_loss", pa.float64(), "summed squared error before the last step; missing if it diverged"),
    Column("difference", pa.float64(), "largest |loss - loss of NumPy| over the steps"),
    Column("relative", pa.float64(), "largest |loss - loss of NumPy| / loss of NumPy over the steps"),
)
GROUPS = ("way",)
"""The columns that distinguish the rows of one seed."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table: one seed after another, each in the order of WAYS."""
    losses = np.where(np.isfinite(arrays["losses"]), arrays["losses"], np.nan)
    reference = losses[:, :1]
    difference = np.abs(losses - reference)
    return pd.DataFrame(
        {
            "seed": np.repeat(arrays["seeds"], len(WAYS)),
            "way": np.tile(WAYS, len(losses)),
            "first_loss": losses[..., 0].ravel(),
            "last_loss": losses[..., -1].ravel(),
            "difference": difference.max(axis=2).ravel(),
            "relative": (difference / reference).max(axis=2).ravel(),
        }
    )
