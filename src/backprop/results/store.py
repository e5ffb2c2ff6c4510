"""How results lie on disk: arrays as safetensors, findings as JSON; `tables` adds the parquet.

Every writer writes beside the target and renames, so that a killed job leaves nothing half-written behind.
Bytes depend on content alone: no times, no host names.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from backprop.protocol import UserError

ARRAYS = "trained.safetensors"
"""The file, in a variant's folder, that training writes."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` only when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write named arrays with one JSON-able mapping about them (the protocol, say).

    One metadata key only: with two or more, safetensors writes them in an order that varies.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    write_bytes(path, save(contiguous, metadata={"about": json.dumps(about, sort_keys=True)}))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The named arrays in `path`."""
    must_exist(path)
    return load_file(path)


def read_about(path: Path) -> dict[str, Any]:
    """The mapping written beside the arrays in `path`, without reading the arrays."""
    must_exist(path)
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["about"])


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys; ValueError where a number is nan or infinite, which JSON does not know."""
    write_text(path, json.dumps(_plain(content), indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    must_exist(path)
    return json.loads(path.read_text(encoding="utf-8"))


def must_exist(path: Path) -> None:
    """UserError with the command that makes `path`, unless it is there."""
    if not path.exists():
        raise UserError(f"{path} does not exist; let Snakemake make it (uv run snakemake {path}).")


def _plain(content: Any) -> Any:
    """numpy scalars and arrays, tuples and mappings as what JSON knows."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, np.ndarray | list | tuple):
        return [_plain(value) for value in content]
    return content.item() if isinstance(content, np.generic) else content
