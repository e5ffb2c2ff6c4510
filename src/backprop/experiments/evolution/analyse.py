"""One row per trained network: its final loss and accuracy, and the evaluations they took."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.evolution.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("samples", pa.int64(), "N, loss evaluations per step; 1 for back-propagation"),
    Column("sigma", pa.float64(), "standard deviation of a perturbation; 0 for back-propagation"),
    Column("parameters", pa.int64(), "d, the number of weights"),
    Column("evaluations", pa.int64(), "losses (or gradients) of a batch computed in the whole training"),
    Column("loss", pa.float64(), "the objective over the training images at the end; nan if it diverged"),
    Column("accuracy", pa.float64(), "share of test images classified correctly at the end"),
    Column("best_accuracy", pa.float64(), "the highest recorded accuracy"),
    Column("norm", pa.float64(), "norm of all weights at the end, over their norm at the start"),
)
GROUPS = ("samples", "sigma")
"""The columns that distinguish the rows of one seed."""

reference = None
"""Networks are not compared with each other, so they can be measured in several steps."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant after its last epoch."""
    seeds, settings = len(arrays["seeds"]), len(arrays["samples"])
    steps = protocol.epochs * protocol.images // protocol.batch
    samples = np.tile(arrays["samples"], seeds)
    return pd.DataFrame(
        {
            "seed": np.repeat(arrays["seeds"], settings),
            "samples": samples,
            "sigma": np.tile(arrays["sigma"], seeds),
            "parameters": np.full(seeds * settings, arrays["parameters"][0]),
            "evaluations": samples * steps,
            "loss": arrays["loss"][..., -1].ravel(),
            "accuracy": arrays["accuracy"][..., -1].ravel(),
            "best_accuracy": arrays["accuracy"].max(-1).ravel(),
            "norm": (arrays["norm"][..., -1] / arrays["norm"][..., 0]).ravel(),
        }
    )
