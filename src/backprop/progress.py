"""How far a job is: a line in its log every few seconds, such as "43%, 0:21 left: cell 12 of 50, 2.10 M sweeps/s".

The display of the pipeline, `snakemake_logger_plugin_backprop`, shows the last such line beside the running job.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

EVERY = 2.0
"""Seconds between two lines."""

T = TypeVar("T")
_log = logging.getLogger(__name__)
_loops: list[_Loop] = []  # those under way, the outermost first
_started = time.monotonic()
_logged = _started


@dataclass(eq=False)
class _Loop:
    name: str
    done: int
    total: int


@dataclass(frozen=True)
class State:
    """A line of progress: `percent` of the job, the time `left` as "0:21", and a `text` for the user."""

    percent: int
    left: str
    text: str


def through(items: Collection[T], name: str) -> Iterator[T]:
    """The items one by one; `name` says what one of them is. Loops may be nested.

    All items count alike, so the time left is a rough estimate where they differ in cost.
    """
    loop = _Loop(name, 0, len(items))
    _loops.append(loop)
    try:
        for item in items:
            yield item
            loop.done += 1
            if due():
                report(0, "")
    finally:
        _loops.remove(loop)


def due() -> bool:
    """Whether the last line is old enough for another one."""
    return time.monotonic() - _logged >= EVERY


def report(share: float, text: str) -> None:
    """Log a line: the `share`, 0 to 1, of the present item of the innermost loop, or of the job if there is none."""
    global _logged
    _logged = time.monotonic()
    for loop in reversed(_loops):
        share = min(loop.done + share, loop.total) / loop.total
    left = (_logged - _started) * (1 - share) / share if share > 0 else None
    parts = [f"{loop.name} {min(loop.done + 1, loop.total)} of {loop.total}" for loop in _loops] + [text] * bool(text)
    _log.info("%d%%, %s left: %s", int(100 * share), "?" if left is None else clock(left), ", ".join(parts))


def last(log: str) -> State | None:
    """The last line of progress in a log, or None if there is none."""
    found = re.findall(r"^(\d+)%, (\S+) left: (.*)$", log, re.MULTILINE)
    return State(int(found[-1][0]), *found[-1][1:]) if found else None


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, with hours from an hour on: "0:21", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
