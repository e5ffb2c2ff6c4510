"""A data set as the experiments read it: arrays and their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backprop.results import store


@dataclass(frozen=True)
class Set:
    """Images [n, 28, 28] and labels [n], both uint8, with their provenance.

    Attributes:
        about: `name`; `source` ("local copy", "download" or "bundled"); `detail`, a sentence; `classes`, the ten
            names; `md5` by archive; `sha256` by array.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    about: Mapping[str, Any]


def load(path: Path) -> Set:
    """The data set that `fetch` wrote to `path`."""
    return Set(**store.read_arrays(path), about=store.read_about(path))


def is_stand_in(about: Mapping[str, Any]) -> bool:
    """Whether a provenance record is that of the stand-in: then no claim about the real data set is judged."""
    return about["source"] == "bundled"
