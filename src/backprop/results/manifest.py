"""The manifest of a run: the SHA-256 of each of its results, to compare two runs byte by byte.

Imports the standard library only. `sha256sum --check MANIFEST.sha256`, in the folder of the results, reads it too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

NAME = "MANIFEST.sha256"
"""The file, in the folder of the results, that holds the manifest."""

LEFT_OUT = ("logs", "benchmark", "data/raw", "shards")
"""Folders of the results that differ between equal runs: times, the archives of a download, the split into jobs."""


def digests(results: Path) -> dict[str, str]:
    """The SHA-256 of each file under `results`, by its path in POSIX form, sorted.

    The manifest itself, the folders in LEFT_OUT and hidden files, such as an unfinished one, are left out.
    """
    paths = {path.relative_to(results).as_posix(): path for path in results.rglob("*") if path.is_file()}
    return {name: _digest(paths[name]) for name in sorted(paths) if _belongs(name)}


def text(digests: dict[str, str]) -> str:
    """The manifest as `sha256sum` writes it: a digest and a path in each line."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def read(path: Path) -> dict[str, str]:
    """The digests in a manifest, by path."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _belongs(name: str) -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return name != NAME and not hidden and not name.startswith(tuple(f"{folder}/" for folder in LEFT_OUT))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
