"""Plain text for a terminal: aligned tables and wrapped paragraphs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
"""Characters of a line of prose."""


def table(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns under a header, the first row: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(cells))
        for cells in ([*zip(row, widths, strict=True)] for row in rows)
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def wrapped(sentences: Iterable[str]) -> str:
    """One paragraph of these sentences."""
    return textwrap.fill(" ".join(sentences), WIDTH, break_on_hyphens=False, break_long_words=False)
