"""Arrays in text files: JSON, and rows of numbers.

Each function takes the content of a file and returns its arrays by their names, or raises UserError with a sentence
about "the file".
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from backprop.values import UserError, quoted

Arrays = dict[str, np.ndarray]

LARGEST_INTEGER = 10**300
"""The largest integer that is read as a number."""


def read_json(content: bytes) -> Arrays:
    """The arrays in a JSON file: lists of numbers by name, under "weights" or not, or in one list."""
    try:
        saved = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError("the file is not valid JSON.") from None
    if isinstance(saved, list):
        saved = {"array": saved} if _regular(saved) else {f"array {n}": value for n, value in enumerate(saved, 1)}
    if not isinstance(saved, dict):
        raise UserError(f"the file holds {quoted(saved)}; expected the weights by name.")
    if "weights" in saved and isinstance(saved["weights"], dict):
        saved = saved["weights"]
    return {name: _from_lists(name, value) for name, value in saved.items()}


def _regular(value: Any) -> bool:
    """Whether nested lists are one array; a list of several arrays is not."""
    try:
        np.shape(value)
    except ValueError:
        return False
    return True


def _from_lists(name: str, value: Any) -> np.ndarray:
    for item in _flat(value, name):
        if not _is_number(item):
            raise UserError(f"{quoted(name)} holds {quoted(item)}, which is not a number.")
    try:
        return np.array(value, dtype=np.float64)
    except ValueError:
        raise UserError(f"the rows of {quoted(name)} have different lengths.") from None


def _is_number(item: Any) -> bool:
    return isinstance(item, float) or (type(item) is int and abs(item) <= LARGEST_INTEGER)


def _flat(value: Any, name: str, depth: int = 4) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    if not depth:
        raise UserError(f"{quoted(name)} is a list of lists of lists; expected the rows of a matrix.")
    return [item for inner in value for item in _flat(inner, name, depth - 1)]


def read_text(content: bytes) -> Arrays:
    """Rows of numbers; rows of one length make an array, and an empty line or another length begins the next.

    An array of one row is a vector.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError("the file is not plain text.") from None
    blocks: list[list[list[float]]] = [[]]
    for number, line in enumerate(lines, 1):
        line = line.partition("#")[0].strip(" \t,;")
        row = [_number(cell, number) for cell in re.split(r"\s*[,;\t]\s*|\s+", line) if line]
        if blocks[-1] and (not row or len(row) != len(blocks[-1][0])):
            blocks.append([])
        if row:
            blocks[-1].append(row)
    return {name: np.array(block[0] if len(block) == 1 else block) for name, block in _numbered(blocks)}


def _number(cell: str, line: int) -> float:
    try:
        return float(cell.replace("\u2212", "-"))
    except ValueError:
        raise UserError(f"line {line} holds {quoted(cell)}, which is not a number.") from None


def _numbered(blocks: list[list[list[float]]]) -> list[tuple[str, list[list[float]]]]:
    """The blocks that are not empty, each with a name such as "rows 1 to 2"."""
    start, numbered = 1, []
    for block in filter(None, blocks):
        numbered.append((f"rows {start} to {start + len(block) - 1}" if len(block) > 1 else f"row {start}", block))
        start += len(block)
    return numbered
