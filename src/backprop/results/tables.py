"""Tables of results as parquet, one row per network: every column declared, with its meaning and unit.

Apart from `store` because training writes no table, and pandas takes half a second to import (measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from backprop.results.store import must_exist, replacing

TABLE = "networks.parquet"
"""The file, in a variant's folder, that analysis writes."""


@dataclass(frozen=True)
class Column:
    """One column of a results table: its name, type (a pyarrow type), meaning, and unit ("" if none)."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""


def write(path: Path, table: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Write a table against its declared columns; ValueError on a missing or an extra column."""
    declared = [column.name for column in columns]
    missing, extra = set(declared) - set(table.columns), set(table.columns) - set(declared)
    if missing or extra:
        raise ValueError(f"{path.name}: missing columns {sorted(missing)}, undeclared columns {sorted(extra)}")
    schema = pa.schema([pa.field(c.name, c.type, metadata={"meaning": c.meaning, "unit": c.unit}) for c in columns])
    content = pa.Table.from_pandas(table[declared], schema=schema, preserve_index=False)
    with replacing(path) as temporary:
        pq.write_table(content.replace_schema_metadata(None), temporary, compression="zstd")


def read(path: Path) -> pd.DataFrame:
    """The table in `path`."""
    must_exist(path)
    return pq.read_table(path).to_pandas()
