"""Draw the figures of an experiment from saved results."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from backprop import stages
from backprop.plots import save
from backprop.results import store
from backprop.results.variant import Run

_log = logging.getLogger(__name__)


def run(experiment: str, folders: Mapping[str, Path], findings: Path, out: Path) -> None:
    """Draw every figure of the experiment into the folder `out`; `folders` maps variants to their folders."""
    columns = stages.module(experiment, "analyse").COLUMNS
    runs = {variant: Run(folder, columns) for variant, folder in folders.items()}
    values = store.read_findings(findings)["values"]
    for name, figure in stages.module(experiment, "figures").FIGURES.items():
        store.write_bytes(out / f"{name}.svg", save(figure(runs, values)))
        _log.info("%s", name)
