"""One row per network of the diagram: its pair, and when it solved the task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.phase.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("epsilon", pa.float64(), "its learning rate"),
    Column("alpha", pa.float64(), "its momentum"),
    Column("fresh", pa.bool_(), "one of the best pairs again, from seeds that had no part in choosing it"),
    Column("solved", pa.bool_(), "every output came to lie on its target's side by the cap"),
    Column("sweeps", pa.float64(), "first sweep at which that was so; nan: never", "sweeps"),
    Column("error_at_end", pa.float64(), "E, equation (3), once the task was solved, else at the cap"),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The table of one diagram."""
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
