"""Compute the numbers the text quotes and judge the claims: all variants of an experiment in, one JSON file out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from backprop import stages
from backprop.results import store
from backprop.results.variant import Run


def run(experiment: str, folders: Mapping[str, Path], out: Path) -> None:
    """Write numbers, verdicts, protocols and the data's provenance to `out`; `folders` maps variants to folders."""
    module = stages.module(experiment, "findings")
    found = {variant: Run(folder) for variant, folder in folders.items()}
    values = module.values(found)
    claims = [dataclasses.asdict(claim) for claim in module.claims(found, values)]
    protocols = {variant: run.protocol for variant, run in found.items()}
    provenance = {name: about for run in found.values() for name, about in run.about["provenance"].items()}
    content = {"values": values, "claims": claims, "protocols": protocols, "provenance": provenance}
    store.write_json(out, content)
