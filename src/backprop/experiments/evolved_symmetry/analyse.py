"""One row per network: whether and when it solved the task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.evolved_symmetry.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("samples", pa.int64(), "N, loss evaluations per sweep; 0 for the exact gradient"),
    Column("solved", pa.bool_(), "all outputs are correct at some recorded sweep up to the cap"),
    Column(
        "sweeps",
        pa.float64(),
        "the first recorded sweep at which all outputs are correct; nan if there is none",
        "sweeps",
    ),
    Column("error_at_cap", pa.float64(), "E, equation (3), at the last recorded sweep"),
)

reference = None
"""Networks are not compared with each other, so they can be measured in several steps."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant at the cap."""
    first = arrays["first_sweep"]
    seeds, settings = first.shape
    return pd.DataFrame(
        {
            "seed": np.repeat(arrays["seeds"], settings),
            "samples": np.tile(arrays["samples"], seeds),
            "solved": (first >= 0).ravel(),
            "sweeps": np.where(first >= 0, first, np.nan).ravel(),
            "error_at_cap": arrays["errors"][..., -1].ravel().astype(float),
        }
    )
