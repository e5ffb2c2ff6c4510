"""One row per network without hidden units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.separability.protocol import Protocol
from backprop.experiments.symmetry import measures
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "the network's seed"),
    Column("solved", pa.bool_(), "all outputs correct at some sweep up to the cap"),
    Column("correct", pa.int64(), "correct outputs at the cap, of 64", "cases"),
    Column("error", pa.float64(), "E at the cap"),
    Column("largest_weight", pa.float64(), "largest |w| from an input at the cap"),
    Column("palindromes", pa.float64(), "mean output for palindromes at the cap"),
    Column("others", pa.float64(), "mean output for the other inputs at the cap"),
)

reference = None
"""Networks are not compared with each other, so they can be measured in several steps."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network at the cap."""
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    output = outputs(arrays["weights"].astype(float), inputs)
    return pd.DataFrame(
        {
            "seed": arrays["seeds"],
            "solved": arrays["first_sweep"] >= 0,
            "correct": ((output > np.mean(protocol.targets)) == palindrome).sum(axis=1),
            "error": arrays["error"].astype(float),
            "largest_weight": np.abs(arrays["weights"][:, :-1]).max(axis=1).astype(float),
            "palindromes": output[:, palindrome].mean(axis=1),
            "others": output[:, ~palindrome].mean(axis=1),
        }
    )


def outputs(weights: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Outputs [networks, cases] of a single logistic unit with weights [networks, inputs + 1]."""
    return measures.logistic(weights @ np.c_[inputs, np.ones(len(inputs))].T)
