"""One row per network of the comparison: after how many sweeps each method had solved the task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.equations.protocol import EARLY, Protocol
from backprop.results.tables import Column

METHODS = {
    "descent": "gradient descent",
    "l_bfgs": "L-BFGS",
    "levenberg_marquardt": "Levenberg–Marquardt",
}
"""The methods compared, and their names in text and figures."""

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    *(
        Column(name, pa.float64(), f"sweeps of {label} until the task is solved; nan: not solved", "sweeps")
        for name, label in METHODS.items()
    ),
    *(
        Column(f"{name}_error", pa.float64(), f"smallest E within {EARLY} sweeps of {label}")
        for name, label in METHODS.items()
    ),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The sweeps until the task is solved, and the smallest early E, by method."""
    times = {name: np.where(arrays[name] >= 0, arrays[name], np.nan) for name in METHODS}
    errors = {f"{name}_error": arrays[f"{name}_error"] for name in METHODS}
    return pd.DataFrame({"seed": arrays["seeds"], **times, **errors})
