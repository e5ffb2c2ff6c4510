"""One row per network: when it solved the task, and its distance to the printed networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.online.protocol import PDP_SWEEPS, Protocol
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.results.tables import Column

PRINTS = {"pdp": (measures.PDP_FIGURE_9, PDP_SWEEPS), "figure_1": (measures.FIGURE_1, PRINTED_SWEEPS)}
"""The printed networks, and the sweeps after which each was printed (unverified for PDP Fig. 9)."""

NAMES = {"pdp": "PDP Fig. 9", "figure_1": "RHW Fig. 1"}
"""How text and figures call the printed networks."""

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("solved", pa.bool_(), "all outputs correct at some sweep up to the cap"),
    Column("sweeps", pa.float64(), "presentations of each case until all outputs are correct; nan: never", "sweeps"),
    Column("error", pa.float64(), "E at the cap"),
    Column("family", pa.string(), "family of magnitude ratios at the cap; empty unless solved"),
    *(
        column
        for name, (_, mark) in PRINTS.items()
        for column in (
            Column(
                f"{name}_at_mark",
                pa.float64(),
                f"distance to {NAMES[name]} at the kept sweep nearest to {mark}, over its norm",
            ),
            Column(f"{name}_closest", pa.float64(), f"smallest such distance to {NAMES[name]} at any kept sweep"),
            Column(f"{name}_sweep", pa.float64(), f"kept sweep with the smallest distance to {NAMES[name]}", "sweeps"),
        )
    ),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant."""
    first, kept = arrays["first_sweep"], arrays["kept_sweeps"]
    solved = first >= 0
    family = np.full(len(first), "", dtype=object)
    family[solved], _ = measures.families(*measures.magnitude_ratios(arrays["layer_1"][solved, -1].astype(float)))
    table = {
        "seed": arrays["seeds"],
        "solved": solved,
        "sweeps": np.where(solved, first, np.nan),
        "error": arrays["error"].astype(float),
        "family": family,
    }
    for name, (_, mark) in PRINTS.items():
        away = distances(arrays, name)
        nearest = np.where(np.isnan(away), np.inf, away).argmin(axis=1)
        smallest = away[np.arange(len(away)), nearest]
        table[f"{name}_at_mark"] = away[:, int(np.argmin(np.abs(kept - mark)))]
        table[f"{name}_closest"] = smallest
        table[f"{name}_sweep"] = np.where(np.isnan(smallest), np.nan, kept[nearest])
    return pd.DataFrame(table)


def distances(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Distance of every network to a printed one at every kept sweep, up to the task's symmetries [S, K]."""
    layers = [arrays[layer].reshape(-1, *arrays[layer].shape[2:]) for layer in ("layer_1", "layer_2")]
    return measures.distance_to(layers[0], layers[1], PRINTS[name][0])[0].reshape(arrays["layer_1"].shape[:2])
