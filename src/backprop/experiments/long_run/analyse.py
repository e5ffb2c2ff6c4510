"""One row per network: Experiment 1's measures at the cap, the errors of a failure, and changes of family."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.long_run.protocol import Protocol
from backprop.experiments.symmetry import analyse as symmetry
from backprop.experiments.symmetry import measures
from backprop.results.tables import Column

FLAT = 1e-6
"""An eigenvalue of the Hessian counts as zero if it is smaller than this share of the largest one."""

KINDS = ("minimum", "flat valley", "saddle")

COLUMNS = (
    *symmetry.COLUMNS,
    Column("missed", pa.int64(), "palindromes with an incorrect output at the cap"),
    Column("false_alarms", pa.int64(), "other inputs with an incorrect output at the cap"),
    Column("gradient_norm", pa.float64(), "norm of dE/dw at the cap"),
    Column("lowest_eigenvalue", pa.float64(), "smallest eigenvalue of the Hessian of E at the cap"),
    Column("highest_eigenvalue", pa.float64(), "largest eigenvalue of the Hessian of E at the cap"),
    Column(
        "kind", pa.string(), "minimum, flat valley or saddle, by the ratio of the smallest to the largest eigenvalue"
    ),
    Column("norm", pa.float64(), "norm of all weights at the cap"),
    Column("first_family", pa.string(), "the first family that it belonged to at a kept sweep; empty if none"),
    Column("moved", pa.bool_(), "it belonged to different families at different kept sweeps"),
)


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of one variant."""
    table = symmetry.analyse(protocol, arrays)
    inputs = measures.cases(protocol.bits, *protocol.inputs)
    palindrome = measures.is_palindrome(inputs)
    layer_1, layer_2 = (arrays[name][:, -1].astype(float) for name in ("layer_1", "layer_2"))
    on = measures.outputs(layer_1, layer_2, inputs) > np.mean(protocol.targets)
    table["missed"] = (~on[:, palindrome]).sum(axis=1)
    table["false_alarms"] = on[:, ~palindrome].sum(axis=1)
    table["gradient_norm"] = arrays["gradient_norm"][:, -1]
    table["lowest_eigenvalue"], table["highest_eigenvalue"] = arrays["eigenvalues"][:, -1, [0, -1]].T
    table["kind"] = kinds(arrays["eigenvalues"][:, -1])
    table["norm"] = norms(arrays)[:, -1]
    families = families_by_sweep(arrays)
    table["first_family"] = [next((name for name in row if name not in ("", "other")), "") for row in families]
    table["moved"] = [len(set(row) - {"", "other"}) > 1 for row in families]
    return table


def kinds(eigenvalues: np.ndarray) -> np.ndarray:
    """The kind of each stationary point from the eigenvalues of its Hessian [networks, W]; empty if it diverged."""
    lowest = eigenvalues[:, 0] / np.abs(eigenvalues).max(axis=1)
    chosen = np.select([lowest < -FLAT, lowest <= FLAT, lowest > FLAT], ["saddle", "flat valley", "minimum"], "")
    return chosen.astype(object)


def norms(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The norm of all weights of every network at every kept sweep [S, K]."""
    squares = [(arrays[name].astype(float) ** 2).sum(axis=(2, 3)) for name in ("layer_1", "layer_2")]
    return np.sqrt(squares[0] + squares[1])


def families_by_sweep(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The family of every network at every kept sweep [S, K]; empty if it has not solved the task by that sweep."""
    first, kept = arrays["first_sweep"][:, 0], arrays["kept_sweeps"]
    names = np.full((len(first), len(kept)), "", dtype=object)
    for column, sweep in enumerate(kept):
        solved = (first >= 0) & (first <= sweep)
        ratios = measures.magnitude_ratios(arrays["layer_1"][solved, column].astype(float))
        names[solved, column], _ = measures.families(*ratios)
    return names
