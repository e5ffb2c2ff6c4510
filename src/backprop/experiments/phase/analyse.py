"""One row per network of the diagram: its pair, and the sweep at which it solved the task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.phase.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("epsilon", pa.float64(), "the network's learning rate"),
    Column("alpha", pa.float64(), "the network's momentum"),
    Column("fresh", pa.bool_(), "trained with fresh seeds, because its pair is one of the best"),
    Column("solved", pa.bool_(), "all outputs are on their target's side at some sweep up to the cap"),
    Column("sweeps", pa.float64(), "first such sweep; nan: never", "sweeps"),
    Column(
        "error_at_end", pa.float64(), "E, equation (3), when training ended: after the task was solved, or at the cap"
    ),
)
GROUPS = ("epsilon", "alpha", "fresh")
"""The columns that distinguish the rows of one seed."""
COMPARED = ("solved", "sweeps")
"""The columns by which a run is compared with the recorded one; there are too many cells for all."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table of one diagram, fresh networks last."""
    first = arrays["first_sweep"]
    return pd.DataFrame(
        {
            "seed": arrays["seed"],
            "epsilon": arrays["epsilon"],
            "alpha": arrays["alpha"],
            "fresh": arrays["fresh"],
            "solved": first >= 0,
            "sweeps": np.where(first >= 0, first, np.nan),
            "error_at_end": arrays["error_at_end"].astype(float),
        }
    )
