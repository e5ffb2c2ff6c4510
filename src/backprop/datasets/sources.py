"""The choice of a source, and the one file per data set that all experiments read."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from backprop.datasets import archives, digits, downloads
from backprop.datasets.archives import FILES, NAMES
from backprop.datasets.sets import is_stand_in
from backprop.protocol import UserError
from backprop.results import store

SOURCES = ("auto", "download", "bundled")
LOCAL = "BACKPROP_DATA"
"""The environment variable with the folder of a local copy."""

_log = logging.getLogger(__name__)


def fetch(name: str, source: str, out: Path, root: Path) -> dict[str, Any]:
    """Write one data set to `out`, complete and checked, and return its provenance (see `Set.about`).

    Args:
        name: one of NAMES.
        source: one of SOURCES, or a folder in torchvision's layout.
        out: the safetensors file to write, unchanged if anything fails.
        root: a folder for downloaded archives, which are kept, so that they are downloaded only once.

    Raises:
        UserError: `name` or `source` is unknown; a local archive is missing, damaged or another one than its name says;
            the source is `download` and no mirror delivers.
    """
    check_source(source)
    if name not in NAMES:
        raise UserError(f"'{name}' is not a data set; allowed are {', '.join(NAMES)}.")
    arrays, about = _obtain(name, source, root)
    about = {"name": name, **about, "sha256": {key: archives.sha256(array) for key, array in arrays.items()}}
    store.write_arrays(out, arrays, about)
    level = logging.WARNING if is_stand_in(about) else logging.INFO
    _log.log(level, "%s: %s", name, about["detail"])
    return about


def check_source(source: str) -> None:
    """UserError unless `source` is one of SOURCES or a folder; `fetch` checks the archives in the folder."""
    if source not in SOURCES and not Path(source).expanduser().is_dir():
        raise UserError(
            f"data.source is '{source}', which is not a folder; allowed are {', '.join(SOURCES)}, or the path of a "
            "folder with MNIST/raw and FashionMNIST/raw in torchvision's layout."
        )


def local_root(name: str) -> Path | None:
    """The folder whose copy of the data set `auto` uses; None if there is no copy.

    UserError if BACKPROP_DATA names a folder without the data set, because an explicit setting is never overridden.
    """
    named = os.environ.get(LOCAL)
    root = Path(named).expanduser() if named else Path("data")
    if any((root / name / "raw" / file).exists() for file in FILES):
        return root
    if named:
        raise UserError(
            f"{LOCAL} is '{named}', which contains no archive of {name} ({root / name / 'raw' / FILES[0]} and three "
            f"more are expected); unset {LOCAL}, or put the archives there."
        )
    return None


def _obtain(name: str, source: str, root: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and provenance from the first source that `source` allows and that has the data set."""
    if source == "bundled":
        return digits.stand_in(f"They replace {name}, because data.source is 'bundled'.")
    local = None if source == "download" else local_root(name) if source == "auto" else Path(source).expanduser()
    if local is not None:
        return archives.read(name, local, "local copy", "the official archives, from a local copy")
    try:
        downloads.download(name, root)
    except downloads.DownloadError as error:
        if source == "download":
            raise UserError(f"{error} {_remedies(name)}") from None
        _log.warning("%s", error)
        _log.warning("%s: using the digits of scikit-learn instead. %s", name, _remedies(name))
        return digits.stand_in(f"They replace {name}, because there is no local copy and no mirror delivered it.")
    return archives.read(name, root, "download", "the official archives, from torchvision's mirrors")


def _remedies(name: str) -> str:
    return (
        "To use the real data, connect to the network and run `uv run snakemake --cores all --forcerun fetch`; or put "
        f"the four archives into data/{name}/raw; or set data.source (or {LOCAL}) to a folder with {name}/raw."
    )
