"""Arrays in binary files: PyTorch's, .safetensors, .npz and .npy. Nothing in a file is executed.

Each function takes the content of a file and returns its arrays by their names, or raises UserError with a sentence
about "the file". They catch every Exception of the library that reads a format: a damaged file may raise any kind.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.values import UserError, quoted

Arrays = dict[str, np.ndarray]

LARGEST = 1_000_000
"""Bytes of a file at most, also when unpacked, and numbers in an array."""

STATE_DICT = "save only the weights, with torch.save(model.state_dict(), FILE)"


def read_torch(content: bytes) -> Arrays:
    """The tensors in a file of torch.save, read with weights_only=True: a state_dict, alone or in a checkpoint."""
    import torch  # takes a second or two to import

    _check_zip(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception:
        raise UserError(f"the file is damaged or holds other objects than weights; {STATE_DICT}.") from None
    tensors: Arrays = {}
    for name, value in _leaves(saved).items():
        if not isinstance(value, torch.Tensor):
            continue  # numbers beside the weights, such as the epoch
        if value.numel() > LARGEST:  # a view may claim more numbers than it stores
            raise UserError(f"{quoted(name)} has {value.numel():,} values, too many for a 6-2-1 network.")
        if value.is_sparse or value.is_quantized or value.is_complex() or value.device.type == "meta":
            raise UserError(f"{quoted(name)} is no plain tensor of real numbers; {STATE_DICT}.")
        tensors[name] = value.detach().to(torch.float64).numpy()
    if not tensors:
        raise UserError(f"the file holds no tensor; {STATE_DICT}.")
    return tensors


def _leaves(saved: Any, name: str = "") -> dict[str, Any]:
    """The values inside mappings and lists, by their keys joined with dots."""
    if isinstance(saved, Mapping):
        inner = saved.items()
    elif isinstance(saved, list | tuple):
        inner = enumerate(saved)  # type: ignore[assignment]
    else:
        return {name: saved}
    found: dict[str, Any] = {}
    for key, value in inner:
        found |= _leaves(value, f"{name}.{key}" if name else str(key))
    return found


def read_safetensors(content: bytes) -> Arrays:
    """The arrays in a .safetensors file."""
    from safetensors.numpy import load

    try:
        return dict(load(content))
    except Exception:
        raise UserError("the file is damaged, or holds numbers of a type that cannot be read.") from None


def read_npz(content: bytes) -> Arrays:
    """The arrays in an .npz file of numpy.savez."""
    _check_zip(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    except Exception:
        raise UserError("the file is damaged, or no .npz file of numpy.savez.") from None
    return {name: _read_array(member) for name, member in members.items()}


def read_npy(content: bytes) -> Arrays:
    """The array in an .npy file of numpy.save."""
    return {"array": _read_array(content)}


def _read_array(content: bytes) -> np.ndarray:
    """An array in numpy's format; its header is read first, so that no claimed size is believed."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(stream)
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize <= len(content):
            stream.seek(0)
            return np.lib.format.read_array(stream, allow_pickle=False)
        damage = dtype.hasobject and "the file holds Python objects, which are not read; save an array of numbers."
    except Exception:
        damage = ""
    raise UserError(damage or "the file is damaged, or holds no array of numpy.save.")


def _check_zip(content: bytes) -> None:
    """Refuse an archive that is large when unpacked."""
    stream = io.BytesIO(content)
    try:
        entries = zipfile.ZipFile(stream).infolist() if zipfile.is_zipfile(stream) else []
    except Exception:
        raise UserError("the file is damaged.") from None
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST:
        raise UserError(f"the file unpacks to {size:,} bytes, too many for the 17 weights of a 6-2-1 network.")
