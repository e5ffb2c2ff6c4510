"""One row per estimate: its cosine with the true gradient, measured and by theory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.choices import ESTIMATORS
from backprop.experiments.estimates.protocol import Protocol
from backprop.results.tables import Column

COLUMNS = (
    Column("seed", pa.int64(), "seed of the network's weights and of the draws"),
    Column(
        "study",
        pa.string(),
        "samples: over N, for every network; kinds: over N, for every estimator; sigma: over sigma",
    ),
    Column("parameters", pa.int64(), "d, the number of weights"),
    Column("kind", pa.string(), "the estimator"),
    Column("samples", pa.int64(), "N, loss evaluations"),
    Column("sigma", pa.float64(), "standard deviation of a perturbation"),
    Column("cosine", pa.float64(), "cosine with the true gradient"),
    Column("expected", pa.float64(), "cosine that theory expects; nan for ranks"),
)


def expected_cosine(
    kind: str, samples: np.ndarray | float, d: float, level: np.ndarray | float = 0.0
) -> np.ndarray | float:
    """The cosine of an unbiased isotropic estimate: 1 / sqrt(1 + variance over |g|^2).

    With n directions the variance is (d + 1) / n in units of |g|^2, so the cosine is sqrt(n / (n + d + 1)). Pairs have
    n = N / 2 directions, and subtracting the mean loss costs one of N. Without either, the loss itself adds
    d level^2 / N to the variance, where `level` is L / (sigma |g|). For ranks there is no theory: nan.
    """
    if kind == "antithetic":
        n: np.ndarray | float = samples / 2
    elif kind == "baseline":
        n = samples - 1.0
    else:
        n = samples
    variance = (d + 1) / n + (d * np.square(level) / n if kind == "plain" else 0.0)
    return 1 / np.sqrt(1 + variance) if kind != "ranks" else np.nan * variance


GROUPS = ("parameters", "kind", "samples", "sigma")
"""The columns that distinguish the rows of one seed."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Every cosine of one variant beside its expectation, which holds for small sigma (a linear loss)."""
    rows = []
    for s, seed in enumerate(arrays["seeds"]):
        levels = arrays["loss"][s] / arrays["gradient_norm"][s]

        def add(study: str, network: int, kind: str, samples: int, sigma: float, cosine: float) -> None:
            d = int(arrays["parameters"][network])
            expected = expected_cosine(kind, samples, d, levels[network] / sigma)  # noqa: B023 called within the loop
            rows.append((int(seed), study, d, kind, samples, sigma, cosine, float(expected)))  # noqa: B023

        for m, samples in enumerate(protocol.samples):
            for network in range(len(protocol.networks)):
                add("samples", network, "baseline", samples, protocol.sigma, arrays["by_samples"][s, network, m])
            for k, kind in enumerate(ESTIMATORS):
                add("kinds", protocol.compared, kind, samples, protocol.sigma, arrays["by_kind"][s, k, m])
        for q, sigma in enumerate(protocol.sigmas):
            for k, kind in enumerate(ESTIMATORS):
                add("sigma", protocol.compared, kind, protocol.sigma_samples, sigma, arrays["by_sigma"][s, k, q])
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])
