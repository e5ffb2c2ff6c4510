"""One row per seed and version: its losses, and how far they are from NumPy's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.five_ways.protocol import WAYS, Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the data and the initial weights"),
    Column("way", pa.string(), "the version; see protocol.WAYS"),
    Column("first_loss", pa.float64(), "summed squared error before the first step"),
    Column("last_loss", pa.float64(), "before the last step; missing if it diverged"),
    Column("difference", pa.float64(), "largest |loss - NumPy's loss| over the steps"),
    Column("relative", pa.float64(), "largest |loss - NumPy's loss| / NumPy's loss over the steps"),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table, seed by seed in the order of WAYS."""
    losses = np.where(np.isfinite(arrays["losses"]), arrays["losses"], np.nan)
    numpys = losses[:, :1]
    difference = np.abs(losses - numpys)
    return pd.DataFrame(
        {
            "seed": np.repeat(arrays["seeds"], len(WAYS)),
            "way": np.tile(WAYS, len(losses)),
            "first_loss": losses[..., 0].ravel(),
            "last_loss": losses[..., -1].ravel(),
            "difference": difference.max(axis=2).ravel(),
            "relative": (difference / numpys).max(axis=2).ravel(),
        }
    )
