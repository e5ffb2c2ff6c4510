"""Files of weights, read without executing anything in them: arrays of numbers, each with the name it has in the file.

Formats: a PyTorch state_dict (.pt, .pth), .safetensors, .npz, .npy, .json, and text (.csv, .txt).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from backprop.diagnosis.binary_files import LARGEST, read_npy, read_npz, read_safetensors, read_torch
from backprop.diagnosis.text_files import read_json, read_text
from backprop.values import UserError, quoted

Arrays = dict[str, np.ndarray]

MOST_ARRAYS = 100
"""Arrays in a file at most."""

LARGEST_WEIGHT = 1e6
"""The largest magnitude of a weight; no network of the report comes near it."""


def read(path: Path) -> Arrays:
    """The arrays in a file of weights, in their order, as float64.

    Raises:
        UserError: the file is missing, too large, of another format, damaged, or holds anything else than finite
            numbers.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path}: unknown kind of file; allowed are {', '.join(READERS)}.")
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    if size > LARGEST:
        raise UserError(f"{path}: {size:,} bytes are too many for the 17 weights of a 6-2-1 network.")
    if not content:
        raise UserError(f"{path}: the file is empty.")
    try:
        arrays = reader(content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except RecursionError:
        raise UserError(f"{path}: nested too deeply.") from None
    if len(arrays) > MOST_ARRAYS:
        raise UserError(f"{path}: {len(arrays):,} arrays are too many for a 6-2-1 network, which has four.")
    return {name: _checked(array, f"{path}: {quoted(name)}") for name, array in arrays.items()}


def _checked(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise UserError(f"{where} holds values of type {array.dtype}; weights must be real numbers.")
    values = array.astype(np.float64)
    for bad, word in ((np.isnan(values), "nan"), (np.isinf(values), "infinite")):
        if bad.any():
            raise UserError(
                f"{where} holds {int(bad.sum())} weights that are {word}: the training has diverged; "
                "use a smaller learning rate."
            )
    if values.size and np.abs(values).max() > LARGEST_WEIGHT:
        raise UserError(f"{where} holds a weight of {np.abs(values).max():.1e}: the training has diverged.")
    return values


READERS: dict[str, Callable[[bytes], Arrays]] = {
    ".pt": read_torch,
    ".pth": read_torch,
    ".safetensors": read_safetensors,
    ".npz": read_npz,
    ".npy": read_npy,
    ".json": read_json,
    ".csv": read_text,
    ".txt": read_text,
}
