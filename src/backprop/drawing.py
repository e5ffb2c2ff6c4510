"""The last stage of an experiment: draw its figures from what lies on disk, without importing torch."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from backprop import store
from backprop.plots import save
from backprop.runs import Run

_log = logging.getLogger(__name__)


def draw(experiment: str, folders: Mapping[str, Path], findings: Path, out: Path) -> None:
    """Draw every figure of the experiment into the folder `out`; `folders` maps variants to their folders."""
    runs = {variant: Run(folder) for variant, folder in folders.items()}
    values = store.read_json(findings)["values"]
    module = import_module(f"backprop.experiments.{experiment}.figures")
    for name, figure in module.FIGURES.items():
        store.write_bytes(out / f"{name}.svg", save(figure(runs, values)))
        _log.info("%s", name)
