"""What is compared of a table of networks: shares, and the distributions of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

LEVELS = (0.0, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 1.0)
"""The quantiles that are kept of a distribution."""

ENOUGH = 100
"""A sample of fewer values is described by mean and standard deviation alone: its outer quantiles are too uncertain."""


@dataclass(frozen=True)
class Share:
    """How many of `n` networks have a property."""

    count: int
    n: int


@dataclass(frozen=True)
class Sample:
    """`n` finite numbers: their mean, standard deviation, and quantiles at LEVELS where n is at least ENOUGH."""

    n: int
    mean: float
    deviation: float
    quantiles: tuple[float, ...] = ()


Quantity = Share | Sample


def quantities(table: pd.DataFrame, groups: Sequence[str] = (), columns: Sequence[str] = ()) -> dict[str, Quantity]:
    """Every quantity of a table with one row per network, by a name that a reader understands.

    Args:
        table: what an experiment's `analyse` returns.
        groups: columns that distinguish the rows of one seed, such as the cell of a grid; each has its own quantities.
        columns: the columns to summarise; by default all but `seed` and the groups.

    A truth value and a text give shares. A number gives the share of networks that have it, unless all or none do, and
    the distribution of the finite values.
    """
    chosen = list(columns) or [name for name in table.columns if name != "seed" and name not in groups]
    found: dict[str, Quantity] = {}
    for label, rows in _parts(table, groups):
        for name in chosen:
            for part, quantity in _summaries(rows[name]):
                found[", ".join(filter(None, (label, f"{name}{part}")))] = quantity
    return found


def to_plain(quantity: Quantity) -> dict[str, Any]:
    """A mapping that JSON can hold, with numbers to four digits."""
    plain = asdict(quantity)
    if isinstance(quantity, Sample):
        plain |= {"mean": _short(quantity.mean), "deviation": _short(quantity.deviation)}
        plain["quantiles"] = [_short(value) for value in quantity.quantiles]
    return plain


def from_plain(plain: Mapping[str, Any]) -> Quantity:
    """The quantity in a mapping of `to_plain`; TypeError or KeyError for anything else."""
    if "count" in plain:
        return Share(**plain)
    return Sample(**{**plain, "quantiles": tuple(plain["quantiles"])})


def _parts(table: pd.DataFrame, groups: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not groups:
        yield "", table
        return
    for values, rows in table.groupby(list(groups), sort=True):
        yield ", ".join(f"{name} {value}" for name, value in zip(groups, values, strict=True)), rows


def _summaries(values: pd.Series) -> Iterator[tuple[str, Quantity]]:
    n = len(values)
    if pd.api.types.is_bool_dtype(values):
        yield "", Share(int(values.sum()), n)
    elif pd.api.types.is_numeric_dtype(values):
        finite = values[np.isfinite(values)].to_numpy(float)
        if 0 < len(finite) < n:
            yield " (has a value)", Share(len(finite), n)
        if len(finite):
            deviation = float(finite.std(ddof=1)) if len(finite) > 1 else 0.0
            kept = tuple(float(value) for value in np.quantile(finite, LEVELS)) if len(finite) >= ENOUGH else ()
            yield "", Sample(len(finite), float(finite.mean()), deviation, kept)
    else:
        for text, count in values.fillna("").value_counts().sort_index().items():
            yield f" = {text or 'none'}", Share(int(count), n)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
