"""Arrays of many networks in several files, and in slices of one file: joined and read without loading everything.

A part holds the arrays of some seeds. In arrays of networks the first axis is the seeds'; the others, which a protocol
lists as `shared`, are equal in every part. So the joined array is the parts' bytes, one after another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from backprop.results.store import damaged, must_exist, read_about, replacing

BLOCK = 2**24
"""Bytes that are copied at a time."""


@dataclass(frozen=True)
class Part:
    """One safetensors file, of which only the header is in memory."""

    path: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """The mapping that was written with the arrays; UserError if the file is missing or damaged."""
        return read_about(self.path)

    @cached_property
    def header(self) -> dict[str, dict[str, Any]]:
        """The dtype, shape and data_offsets of each array by its name, in the order of the file."""
        return {name: known for name, known in json.loads(self._size_and_header[1]).items() if name != "__metadata__"}

    def read(self, name: str, rows: slice | None = None) -> np.ndarray:
        """The array `name`, or some rows of it; UserError if the file is damaged."""
        try:
            with safe_open(self.path, framework="numpy") as file:
                return file.get_tensor(name) if rows is None else file.get_slice(name)[rows]
        except SafetensorError as error:
            raise damaged(self.path) from error

    def copy(self, name: str, out: BinaryIO) -> None:
        """Append the bytes of the array `name` to a file."""
        begin, end = self.header[name]["data_offsets"]
        with self.path.open("rb") as file:
            file.seek(self._size_and_header[0] + begin)
            while begin < end:
                block = file.read(min(BLOCK, end - begin))
                out.write(block)
                begin += len(block)

    @cached_property
    def _size_and_header(self) -> tuple[int, bytes]:
        """The bytes before the data, and the header as it is stored."""
        assert self.about is not None  # reading it checks the file: its header, and that no data is missing
        with self.path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            return 8 + size, file.read(size)


class Joined(Mapping[str, np.ndarray]):
    """The arrays of several parts, joined in the order of the parts; each is read when it is asked for."""

    def __init__(self, parts: Sequence[Part], shared: Collection[str]) -> None:
        """Join `parts`; UserError names a part whose arrays have other names or dtypes, or other shared arrays."""
        self.parts, self._shared = parts, shared
        first = parts[0]
        for part in parts[1:]:
            if _kinds(part) != _kinds(first) or part.about["provenance"] != first.about["provenance"]:
                raise damaged(part.path, f"does not fit {first.path.name}, because other code or data made it")
            for name in filter(self.is_shared, first.header):
                if not np.array_equal(part.read(name), first.read(name), equal_nan=True):
                    raise damaged(part.path, f"differs from {first.path.name} in the shared array '{name}'")

    def is_shared(self, name: str) -> bool:
        """Whether an array does not belong to single networks; names may have a prefix, as in "007.kept_sweeps"."""
        return _last(name) in self._shared

    def __getitem__(self, name: str) -> np.ndarray:
        """The joined array."""
        if self.is_shared(name):
            return self.parts[0].read(name)
        return np.concatenate([part.read(name) for part in self.parts])

    def __iter__(self) -> Iterator[str]:
        """The names of the arrays."""
        return iter(self.parts[0].header)

    def __len__(self) -> int:
        """The number of arrays."""
        return len(self.parts[0].header)

    def write(self, path: Path, more: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
        """Write the joined arrays, and `more`, to one file: the bytes that `store.write_arrays` writes for them."""
        more = {name: np.ascontiguousarray(array) for name, array in more.items()}
        shapes = {name: self._shape(name) for name in self} | {name: array.shape for name, array in more.items()}
        samples = {name: np.empty(0, self.parts[0].read(name, slice(0)).dtype) for name in self if name not in more}
        header, order = _layout(shapes, samples | {name: array[:0].ravel() for name, array in more.items()}, about)
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.write(header)
            for name in order:
                if name in more:
                    file.write(more[name].tobytes())
                else:
                    for part in self.parts[:1] if self.is_shared(name) else self.parts:
                        part.copy(name, file)

    def _shape(self, name: str) -> tuple[int, ...]:
        first, *rest = (part.header[name]["shape"] for part in self.parts)
        if self.is_shared(name):
            return tuple(first)
        return (first[0] + sum(shape[0] for shape in rest), *first[1:])


class Rows(Mapping[str, np.ndarray]):
    """The arrays of one file, or those of some of its networks; each is read when it is asked for the first time."""

    def __init__(self, part: Part, shared: Collection[str] = (), rows: slice | None = None) -> None:
        """Look at `rows` of each array in `part` that is not `shared`, or at whole arrays without `rows`."""
        self._part, self._shared, self._rows = part, shared, rows
        self._read: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        """The rows of an array, or the whole of a shared one."""
        if name not in self._part.header:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = self._part.read(name, None if _last(name) in self._shared else self._rows)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        """The names of the arrays."""
        return iter(self._part.header)

    def __len__(self) -> int:
        """The number of arrays."""
        return len(self._part.header)


def part(path: Path) -> Part:
    """The part in `path`; UserError if it does not exist."""
    must_exist(path)
    return Part(path)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _kinds(part: Part) -> dict[str, str]:
    return {name: known["dtype"] for name, known in part.header.items()}


def _layout(
    shapes: Mapping[str, tuple[int, ...]], samples: Mapping[str, np.ndarray], about: Mapping[str, Any]
) -> tuple[bytes, list[str]]:
    """The bytes before the data, and the order of the arrays; `samples` are empty arrays of their dtypes.

    The library itself decides order, names of dtypes and metadata, for empty arrays; then sizes are filled in.
    """
    empty = save(dict(sorted(samples.items())), metadata={"about": json.dumps(about, sort_keys=True)})
    stored = json.loads(empty[8 : 8 + int.from_bytes(empty[:8], "little")])
    order, offset = [name for name in stored if name != "__metadata__"], 0
    for name in order:
        size = int(np.prod(shapes[name], dtype=np.int64)) * samples[name].dtype.itemsize
        stored[name] |= {"shape": list(shapes[name]), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(stored, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, order
