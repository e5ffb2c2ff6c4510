"""Draw the figures of an experiment from saved results."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from backprop import stages
from backprop.plots import save
from backprop.results import store, tables
from backprop.results.variant import Run

_log = logging.getLogger(__name__)

FILES = {"arrays": store.ARRAYS, "table": tables.TABLE}
"""The parts of a run, and the files from which they are loaded."""


class _Noted:
    """A run that notes in `used` which of its files are read."""

    def __init__(self, run: Run, used: set[str]) -> None:
        self._run, self._used = run, used

    def __getattr__(self, name: str) -> Any:
        if name in FILES:
            self._used.add(f"{self._run.variant}/{FILES[name]}")
        return getattr(self._run, name)


def run(experiment: str, folders: Mapping[str, Path], findings: Path, out: Path) -> None:
    """Draw every figure of the experiment into the folder `out`; `folders` maps variants to their folders."""
    columns = stages.module(experiment, "analyse").COLUMNS
    runs = {variant: Run(folder, columns) for variant, folder in folders.items()}
    values = store.read_findings(findings)["values"]
    for name, figure in stages.module(experiment, "figures").FIGURES.items():
        used: set[str] = set()
        drawn = save(figure({variant: _Noted(run, used) for variant, run in runs.items()}, values))
        store.write_bytes(out / f"{name}.svg", with_sources(drawn, used or {findings.name}))
        _log.info("%s", name)


def with_sources(svg: bytes, files: Iterable[str]) -> bytes:
    """The drawing with the names of the files that its data came from, as metadata; documents link to them."""
    listed = f"<metadata>{' '.join(sorted(files))}</metadata>\n</svg>".encode()
    return listed.join(svg.rsplit(b"</svg>", 1))
