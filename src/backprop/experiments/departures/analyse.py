"""One row per network: the cell it belongs to, all of the cell's settings, and the measures of Experiment 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from backprop.experiments.departures.protocol import FIELDS, Protocol, settings
from backprop.experiments.symmetry import analyse as symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.results.tables import Column

_TYPES: dict[Any, pa.DataType] = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), float | None: pa.float64()}
"""Column types by the type of a field; what is missing here is kept as text."""

_LEFT_OUT = ("family", "as_figure_1", "distance", "symmetry")
"""Columns of Experiment 1 that compare a network with others or with RHW Fig. 1."""

SETTINGS = (
    Column("cell", pa.int64(), "number of the cell in the study's grid"),
    Column("group", pa.string(), "the cell's group in the grid"),
    Column("coding", pa.string(), "the target coding"),
    Column("fresh", pa.bool_(), "trained with fresh seeds, because its cell is the best of its group"),
    *(
        Column(name, _TYPES.get(hint, pa.string()), Symmetry.fields()[name].about, Symmetry.fields()[name].unit)
        for name, hint in FIELDS.items()
    ),
)
MEASURES = tuple(column for column in symmetry.COLUMNS if column.name not in _LEFT_OUT)
COLUMNS = (
    *SETTINGS,
    *MEASURES,
    Column("units_apart", pa.float64(), "M7: largest difference between corresponding weights of two hidden units"),
)
GROUPS = ("cell", "fresh")
"""The columns that distinguish the rows of one seed."""
COMPARED = ("solved", "sweeps_0.5")
"""The columns by which a run is compared with the recorded one; there are too many cells for all."""


def analyse(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Measure every network of every cell, those with fresh seeds last, as Experiment 1 does."""
    tables = [_measure(protocol, number, False, arrays) for number in range(len(protocol.cells))]
    tables += [_measure(protocol, int(number), True, arrays) for number in arrays["chosen"]]
    return pd.concat(tables, ignore_index=True)


def _measure(protocol: Protocol, number: int, fresh: bool, arrays: Mapping[str, np.ndarray]) -> pd.DataFrame:
    cell = protocol.cells[number]
    own_protocol = cell.fresh_protocol if fresh else cell.protocol
    prefix = f"{number:03d}.fresh." if fresh else f"{number:03d}."
    own = {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }
    table = pd.DataFrame(symmetry.measure(own_protocol, own))
    weights = own["layer_1"][:, -1].astype(float)
    table["units_apart"] = (weights.max(axis=1) - weights.min(axis=1)).max(axis=1)
    own_settings: dict[str, Any] = {"cell": number, "group": cell.group, "coding": cell.coding, "fresh": fresh}
    return table.assign(**own_settings, **settings(own_protocol))
