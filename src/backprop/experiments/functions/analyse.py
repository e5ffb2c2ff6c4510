"""One row per network: final cost and accuracy, and the difference between gradients by hand and autograd's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.functions.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("cost_first", pa.float64(), "mean cost of the first epoch's batches", "nats"),
    Column("cost", pa.float64(), "mean cost of the last epoch's batches; nan if training diverged", "nats"),
    Column("accuracy_before", pa.float64(), "share of test images recognised before training"),
    Column("accuracy", pa.float64(), "share of test images recognised after the last epoch"),
    Column(
        "traversal_difference",
        pa.float64(),
        "largest relative difference between gradients by hand and autograd's, double precision",
    ),
)

reference = None
"""Networks are not compared with each other, so they can be measured in several steps."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant."""
    return pd.DataFrame(
        {
            "seed": arrays["seeds"],
            "cost_first": arrays["costs"][:, 0].astype(float),
            "cost": arrays["costs"][:, -1].astype(float),
            "accuracy_before": arrays["accuracy"][:, 0].astype(float),
            "accuracy": arrays["accuracy"][:, -1].astype(float),
            "traversal_difference": arrays["traversal_difference"].astype(float),
        }
    )
