"""One row per trained network: the targets inferred from its rounded weights, and its distance to RHW Fig. 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.targets.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("off_target", pa.float64(), "target t for inputs that are no palindromes; 1 - t for palindromes"),
    Column("margin", pa.float64(), "an error within this distance of the target counts as zero"),
    Column("seed", pa.int64(), "the network's seed"),
    Column("solved", pa.bool_(), "all outputs correct at some sweep up to the cap"),
    Column("sweeps", pa.float64(), "first sweep with all outputs correct; nan: never", "sweeps"),
    Column("solved_at_mark", pa.bool_(), "solved by the kept sweep nearest to 1,425"),
    Column("inferred", pa.float64(), "the t with the smallest gradient, from weights rounded to 0.1 at that sweep"),
    Column("gradient", pa.float64(), "norm of dE/dw for the t it was trained with, rounded weights"),
    Column("palindromes", pa.float64(), "mean output for palindromes at that sweep, rounded weights"),
    Column("others", pa.float64(), "mean output for other inputs at that sweep, rounded weights"),
    Column("distance_at_mark", pa.float64(), "distance to RHW Fig. 1 at that sweep, over the norm of the print"),
    Column("closest", pa.float64(), "smallest such distance at any kept sweep"),
    Column("closest_sweep", pa.float64(), "the kept sweep with the smallest distance", "sweeps"),
)
GROUPS = ("off_target", "margin")
"""The columns that distinguish the rows of one seed."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every trained network."""
    kept = arrays["kept_sweeps"]
    at_mark = int(np.argmin(np.abs(kept - PRINTED_SWEEPS)))
    codings = [(t, 0.0) for t in protocol.off_targets] + [(0.0, margin) for margin in protocol.margins]
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    tables = []
    for row, (t, margin) in enumerate(codings):
        first = arrays["first_sweep"][row]
        gradients = arrays["rounded_gradients"][row].swapaxes(0, 1)
        rounded = [arrays[name][row][:, at_mark].astype(float).round(1) for name in ("layer_1", "layer_2")]
        output = measures.outputs(rounded[0], rounded[1], inputs)
        distance = _distances(arrays["layer_1"][row], arrays["layer_2"][row], first)
        nearest = np.where(np.isnan(distance), np.inf, distance).argmin(axis=1)
        lines = np.arange(len(first))
        tables.append(
            pd.DataFrame(
                {
                    "off_target": t,
                    "margin": margin,
                    "seed": arrays["seeds"],
                    "solved": first >= 0,
                    "sweeps": np.where(first >= 0, first, np.nan),
                    "solved_at_mark": (first >= 0) & (first <= kept[at_mark]),
                    "inferred": best_target(gradients)[0],
                    "gradient": gradient_norms(gradients, np.array([t]))[:, 0],
                    "palindromes": output[:, palindrome].mean(axis=1),
                    "others": output[:, ~palindrome].mean(axis=1),
                    "distance_at_mark": distance[:, at_mark],
                    "closest": distance[lines, nearest],
                    "closest_sweep": np.where(np.isnan(distance[lines, nearest]), np.nan, kept[nearest]),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def best_target(gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The t with the smallest |dE/dw|, and that norm, from the gradients [2, networks, 17] at t = 0 and t = 1.

    dE/dw is linear in t, so linear regression gives the minimum of its norm exactly.
    """
    start, slope = gradients[0], gradients[1] - gradients[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = -(start * slope).sum(axis=-1) / (slope**2).sum(axis=-1)
    return t, np.linalg.norm(start + t[..., None] * slope, axis=-1)


def gradient_norms(gradients: np.ndarray, t: np.ndarray) -> np.ndarray:
    """|dE/dw| [..., len(t)] from the gradients [2, ..., 17] at t = 0 and t = 1."""
    at = (1 - t)[:, None] * gradients[0][..., None, :] + t[:, None] * gradients[1][..., None, :]
    return np.linalg.norm(at, axis=-1)


def _distances(layer_1: np.ndarray, layer_2: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Distance to RHW Fig. 1 of the networks that solve the task [S, K]; nan for the others."""
    networks, kept = layer_1.shape[:2]
    distances = np.full((networks, kept), np.nan)
    solved = first >= 0
    if solved.any():
        first_layer, second_layer = (layer[solved].reshape(-1, *layer.shape[2:]) for layer in (layer_1, layer_2))
        distances[solved] = measures.distance_to(first_layer, second_layer)[0].reshape(-1, kept)
    return distances
