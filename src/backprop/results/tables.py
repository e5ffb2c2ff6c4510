"""Tables of results as parquet, one row per network; every column is declared with its meaning and unit.

This module is separate from `store` because training writes no table, and importing pandas takes half a second
(measured).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    write_groups(path, [table], columns)


def write_groups(path: Path, tables: Iterable[pd.DataFrame], columns: Sequence[Column]) -> None:
    """Write a table given in pieces, each a row group of the file, of which only one is in memory; see `write`."""
    declared = [column.name for column in columns]
    schema = pa.schema([pa.field(c.name, c.type, metadata={"meaning": c.meaning, "unit": c.unit}) for c in columns])
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in tables:
            missing, extra = set(declared) - set(table.columns), set(table.columns) - set(declared)
            if missing or extra:
                raise ValueError(f"{path.name}: missing columns {sorted(missing)}, undeclared columns {sorted(extra)}")
            content = pa.Table.from_pandas(table[declared], schema=schema, preserve_index=False)
            writer.write_table(content.replace_schema_metadata(None))


def read(path: Path, columns: Sequence[Column] = (), only: Sequence[str] | None = None) -> pd.DataFrame:
    """The table in `path`, or `only` some of its columns.

    UserError if the file is missing, is damaged, or lacks one of `columns` with its type.
    """
    must_exist(path)
    try:
        schema = pq.read_schema(path)
        for column in columns:
            if column.name not in schema.names:
                raise lacking(path, "column", column.name)
            if schema.field(column.name).type != column.type:
                raise lacking(path, f"column of {column.type}", column.name)
        return pq.read_table(path, columns=only).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise damaged(path) from error
