"""A bar on a terminal for work that takes more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
"""Characters of the bar."""

PATIENCE = 1.0
"""Seconds without a bar."""


class Bar:
    """How much of the work is done, as one line on `stream` that is rewritten, and erased at the end.

    Nothing is shown where `stream` is no terminal, or in the first second.
    """

    def __init__(self, total: float, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._done = total, 0.0
        self._stream, self._clock = stream or sys.stderr, clock
        self._started, self._shown = clock(), ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write(f"\r{' ' * len(self._shown)}\r")
            self._stream.flush()

    def extend(self, amount: float) -> None:
        """Add `amount` to the total: work that turned out to be necessary."""
        self._total += amount

    def advance(self, amount: float, what: str = "") -> None:
        """Count `amount` of the total as done; `what` is being done now."""
        self._done = min(self._total, self._done + amount)
        if self._stream.isatty() and self._clock() - self._started > PATIENCE:
            share = self._done / self._total
            filled = round(WIDTH * share)
            line = f"{'#' * filled}{'.' * (WIDTH - filled)} {share:4.0%} {what}"
            self._stream.write(f"\r{line:<{len(self._shown)}}")
            self._stream.flush()
            self._shown = line
