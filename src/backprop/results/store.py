"""File formats of saved results: safetensors for arrays and JSON for findings; `tables` adds parquet.

Every file is written under a temporary name and then renamed, so that an interrupted job leaves no partial file.
Its bytes depend on its content alone: they include no times and no host names. A reader raises UserError, with the
file and the command that makes it again, if the file is missing or damaged.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from backprop.protocol import UserError

ARRAYS = "trained.safetensors"
"""The file that training writes into the folder of a variant."""


FINDINGS = ("values", "verdicts", "protocol", "protocols", "provenance")
"""The parts of findings.json."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path to write to, in the folder of `path`; it replaces `path` only if no exception is raised.

    The temporary file is locked while this process writes it. One without a lock is from a process that was killed, and
    the next process that writes `path` removes it.
    """
    try:
        with _locked_beside(path) as temporary:
            yield temporary
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        problem = error.strerror or str(error)
        remedy = "the results made so far are complete, so remove the cause and run the same command again"
        raise UserError(f"{path} cannot be written ({problem}); {remedy}.") from error


@contextmanager
def _locked_beside(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, locked, and removed at the end unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name}."
    for other in path.parent.iterdir():
        if other.name.startswith(prefix):
            _remove_unless_locked(other)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
    temporary = Path(name)
    with suppress(OSError):  # some network file systems have no locks; there, nothing is removed either
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def _remove_unless_locked(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a binary file, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write named arrays and a mapping about them, such as the protocol, which must be JSON serialisable.

    The mapping is stored under one metadata key, because safetensors writes several keys in an order that varies.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    write_bytes(path, save(contiguous, metadata={"about": json.dumps(about, sort_keys=True)}))


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The named arrays in `path`; UserError if the file is missing or damaged, and for a name that it lacks."""
    must_exist(path)
    try:
        return _Arrays(path, load_file(path))
    except SafetensorError as error:
        raise damaged(path) from error


class _Arrays(dict[str, np.ndarray]):
    def __init__(self, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self._path = path

    def __missing__(self, name: str) -> np.ndarray:
        raise lacking(self._path, "array", name)


def read_about(path: Path) -> dict[str, Any]:
    """The mapping that was written with the arrays in `path`, read without the arrays.

    UserError if the file is missing, damaged or not one of this project's.
    """
    must_exist(path)
    try:
        with safe_open(path, framework="numpy") as file:
            return json.loads((file.metadata() or {})["about"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise damaged(path) from error


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys; ValueError if a number is nan or infinite, which JSON cannot represent."""
    write_text(path, json.dumps(_plain(content), indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file; UserError if the file is missing or is not valid JSON."""
    must_exist(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, or not UTF-8
        raise damaged(path) from error


def read_findings(path: Path) -> dict[str, Any]:
    """The findings of an experiment; UserError if the file is missing or damaged, or lacks one of its parts."""
    findings = read_json(path)
    if not isinstance(findings, dict):
        raise damaged(path)
    for part in FINDINGS:
        if not isinstance(findings.get(part), list if part == "protocol" else dict):
            raise lacking(path, "part", part)
    return findings


def must_exist(path: Path) -> None:
    """UserError with the command that makes `path`, unless it exists."""
    if not path.exists():
        raise UserError(f"{path} does not exist; make it with `{_command(path)}`.")


def damaged(path: Path, fault: str = "is damaged or incomplete") -> UserError:
    """The error for a file that has a fault: the fault, and how to make the file again."""
    return UserError(f"{path} {fault}; delete it and make it again with `{_command(path)}`.")


def lacking(path: Path, what: str, name: str) -> UserError:
    """The error for a file without something that this version of the code needs."""
    return damaged(path, f"has no {what} '{name}', because another version of the code wrote it")


def _command(path: Path) -> str:
    return f"uv run snakemake --cores all {path}"


def _plain(content: Any) -> Any:
    """`content` with numpy scalars and arrays, tuples and mappings replaced by types that JSON has."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, np.ndarray | list | tuple):
        return [_plain(value) for value in content]
    return content.item() if isinstance(content, np.generic) else content
