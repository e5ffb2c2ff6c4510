"""A data set as the experiments read it: arrays and their provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backprop.protocol import UserError
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


def check(path: Path, name: str) -> dict[str, Any]:
    """The provenance of the data set `name` in `path`; UserError if the file holds another one or other arrays."""
    about = store.read_about(path)
    if about.get("name") != name:
        raise store.damaged(path, f"holds the data set {about.get('name')} instead of {name}")
    for key, array in store.read_arrays(path).items():
        if hashlib.sha256(array.tobytes()).hexdigest() != about.get("sha256", {}).get(key):
            raise store.damaged(path, f"holds {key} that are not those that were fetched")
    return about


def must_suffice(path: Path, count: int, images: int) -> None:
    """UserError if `images` of a protocol is more than the `count` of training images in `path`."""
    if images > count:
        raise UserError(f"images is {images:,}, but {path} has {count:,} training images; ask for fewer.")


def is_stand_in(about: Mapping[str, Any]) -> bool:
    """Whether a provenance record is that of the stand-in: then no claim about the real data set is judged."""
    return about["source"] == "bundled"
