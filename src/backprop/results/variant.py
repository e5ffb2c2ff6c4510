"""A finished variant of an experiment as it lies on disk, read when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backprop.results import store, tables


@dataclass(frozen=True)
class Run:
    """One variant of an experiment as it lies on disk: its protocol, its arrays, its table; read when asked for."""

    folder: Path

    @property
    def variant(self) -> str:
        """The variant's name."""
        return self.folder.name

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the training job wrote beside the arrays: `protocol`, `provenance`."""
        return store.read_about(self.folder / store.ARRAYS)

    @property
    def protocol(self) -> dict[str, Any]:
        """The protocol the variant was trained with, all fields spelled out."""
        return self.about["protocol"]

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays the training job returned."""
        return store.read_arrays(self.folder / store.ARRAYS)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per network (or per what the experiment repeats)."""
        return tables.read(self.folder / tables.TABLE)
