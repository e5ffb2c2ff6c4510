"""One finished variant of an experiment, loaded lazily from disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backprop.results import parts, store, tables


@dataclass(frozen=True)
class Run:
    """One finished variant: its protocol, arrays and table, each loaded from `folder` at its first use.

    Attributes:
        folder: the folder of the variant, `results/<experiment>/<variant>`.
        columns: columns that the table must have.
    """

    folder: Path
    columns: Sequence[tables.Column] = ()

    @property
    def variant(self) -> str:
        """The name of the variant."""
        return self.folder.name

    @cached_property
    def about(self) -> dict[str, Any]:
        """The mapping that training saved with the arrays: `experiment`, `protocol` and `provenance` of the data."""
        return store.read_about(self.folder / store.ARRAYS)

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol of the training, with all its fields."""
        return self.about["protocol"]

    @cached_property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays that training returned; each is read when it is asked for."""
        return parts.Rows(parts.part(self.folder / store.ARRAYS))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per network, or per whatever unit the experiment repeats."""
        return tables.read(self.folder / tables.TABLE, self.columns)
