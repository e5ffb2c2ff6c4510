"""Tables of results as parquet, one row per network; every column is declared with its meaning and unit.

This module is separate from `store` because training writes no table, and importing pandas takes half a second
(measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from backprop.results.store import damaged, lacking, must_exist, replacing

TABLE = "networks.parquet"
"""The file that analysis writes into the folder of a variant."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its pyarrow type, its meaning, and its unit ("" if it has none)."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""


def write(path: Path, table: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Write a table with exactly the declared columns; ValueError if one is missing or undeclared."""
    declared = [column.name for column in columns]
    missing, extra = set(declared) - set(table.columns), set(table.columns) - set(declared)
    if missing or extra:
        raise ValueError(f"{path.name}: missing columns {sorted(missing)}, undeclared columns {sorted(extra)}")
    schema = pa.schema([pa.field(c.name, c.type, metadata={"meaning": c.meaning, "unit": c.unit}) for c in columns])
    content = pa.Table.from_pandas(table[declared], schema=schema, preserve_index=False)
    with replacing(path) as temporary:
        pq.write_table(content.replace_schema_metadata(None), temporary, compression="zstd")


def read(path: Path, columns: Sequence[Column] = ()) -> pd.DataFrame:
    """The table in `path`; UserError if the file is missing, is damaged, or lacks one of `columns` with its type."""
    must_exist(path)
    try:
        table = pq.read_table(path)
        for column in columns:
            if column.name not in table.column_names:
                raise lacking(path, "column", column.name)
            if table.schema.field(column.name).type != column.type:
                raise lacking(path, f"column of {column.type}", column.name)
        return table.to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise damaged(path) from error
