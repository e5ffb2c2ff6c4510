"""A study in numbers: its cells, the best cell of each group on fresh seeds, and comparisons seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import median_survival, paired_difference
from backprop.evidence.verdicts import share
from backprop.experiments.departures.families import NAMED
from backprop.experiments.departures.labels import label
from backprop.experiments.departures.protocol import FIELDS
from backprop.experiments.symmetry.analyse import family_of
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.protocol import UserError
from backprop.results.variant import Run

MARKS = (PRINTED_SWEEPS, 5000, 40000)
"""Sweeps at which solve rates are reported: where the paper shows its network, Experiment 1's cap, and a long one."""


def marks_until(cap: int) -> list[int]:
    """The sweeps of MARKS up to `cap`, or the cap itself if it is below all of them."""
    return [mark for mark in MARKS if mark <= cap] or [cap]


def select(table: pd.DataFrame, fresh: bool = False, **wanted: Any) -> pd.DataFrame:
    """The rows of a study's table on fresh seeds or not, whose columns have the `wanted` values."""
    chosen = table.fresh == fresh
    for key, value in wanted.items():
        chosen &= table[key] == value
    return table[chosen]


def pick(cells: Iterable[Mapping[str, Any]], **wanted: Any) -> Mapping[str, Any]:
    """The first cell whose entries are as `wanted`: pick(cells, group="tanh", coding="0/1"); UserError without one."""
    for cell in cells:
        if all(cell[key] == value for key, value in wanted.items()):
            return cell
    words = ", ".join(f"{key} {value}" for key, value in wanted.items())
    raise UserError(f"departures: no study has a cell with {words}, which the report needs; see config/config.yaml.")


def cells_of(run: Run, reference: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Every cell of a study; `reference` holds by coding the networks it is compared with, seed by seed."""
    rows = run.table[~run.table.fresh].groupby("cell", sort=True)
    return [_cell(own) | {"versus": _versus(own, reference)} for _, own in rows]


def best_cells(run: Run, reference: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """By coding, the best cell of each group on fresh seeds; `reference` is as in `cells_of`."""
    fresh = run.table[run.table.fresh]
    best: dict[str, list[dict[str, Any]]] = {}
    for coding, rows in fresh.groupby("coding", sort=False):
        best[str(coding)] = [
            _cell(own) | {"versus": _versus(own, reference), "at_edge": _at_edge(run.table, own.iloc[0])}
            for _, own in rows.groupby("group", sort=False)
        ]
    return best


def _at_edge(table: pd.DataFrame, best: pd.Series) -> bool:
    """Whether the best rate of a group is the smallest or largest of several that were tried."""
    rates = set(table[(table.group == best.group) & (table.coding == best.coding)].epsilon)
    return len(rates) > 1 and best.epsilon in (min(rates), max(rates))


def _cell(rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    cap, times = int(first.sweeps), rows["sweeps_0.5"].to_numpy()
    median = median_survival(np.where(rows.solved, times, cap), rows.solved)
    solved = rows[rows.solved]
    families = family_of(solved.ratio_middle.to_numpy(), solved.ratio_large.to_numpy())
    # ratios settle only after the task is solved
    settled = first.bits == 6 and first.hidden_units == 2 and not first.until_solved
    own = {name: first[name] for name in FIELDS if name != "targets"}
    return {
        **{name: None if isinstance(value, float) and np.isnan(value) else value for name, value in own.items()},
        "group": first.group,
        "name": label(first.group),
        "coding": first.coding,
        "cap": cap,
        "solved": share(rows.solved),
        "by": {str(mark): share(times <= mark) for mark in marks_until(cap)},
        "median": median.value,
        "median_interval": [median.low, median.high],
        "families": {name: share(families == name) for name in NAMED} if settled else None,
        "diverged": int(rows.error_at_cap.isna().sum()),
    }


def _versus(rows: pd.DataFrame, reference: Mapping[str, pd.DataFrame]) -> dict[str, Any] | None:
    """The share solved minus the reference's, seed by seed, at the smaller of the two caps."""
    if rows.coding.iloc[0] not in reference:
        return None
    other = reference[rows.coding.iloc[0]]
    horizon = int(min(rows.sweeps.iloc[0], other.sweeps.iloc[0]))
    pairs = rows[["seed", "sweeps_0.5"]].merge(other[["seed", "sweeps_0.5"]], on="seed")
    if pairs.empty:
        return None
    first, second = (pairs[f"sweeps_0.5_{side}"] <= horizon for side in "xy")
    return {"horizon": horizon, "reference": float(second.mean()), **paired_difference(first, second)._asdict()}
