"""Compute the numbers in the text and judge the claims: reads all variants of an experiment, writes one JSON file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backprop import stages
from backprop.results import store
from backprop.results.variant import Run


def run(experiment: str, folders: Mapping[str, Path], out: Path) -> None:
    """Write numbers, verdicts, protocols and the data's provenance to `out`; `folders` maps variants to folders."""
    module = stages.module(experiment, "findings")
    columns = stages.module(experiment, "analyse").COLUMNS
    runs = {variant: Run(folder, columns) for variant, folder in folders.items()}
    values = module.values(runs)
    protocols = {variant: run.protocol for variant, run in runs.items()}
    store.write_json(
        out,
        {
            "values": values,
            "verdicts": module.verdicts(values),
            "protocol": stages.module(experiment, "protocol").Protocol.table(protocols["paper"]),
            "protocols": protocols,
            "provenance": {name: about for run in runs.values() for name, about in run.about["provenance"].items()},
        },
    )
