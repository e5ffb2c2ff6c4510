"""The stages of the pipeline: read what came before, call the experiment's module, write what it returns.

train -> analyse -> find; drawing follows in `drawing`, apart, so that an edited figure primitive does not retrain.
One way: nothing here looks back. Each stage imports only its own module of the experiment.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from backprop import runs, store
from backprop.protocol import Protocol
from backprop.runs import Run

_log = logging.getLogger(__name__)


def train(experiment: str, protocol: Protocol, device: str, data: Mapping[str, Path], folder: Path) -> None:
    """Train every network of one variant and write its arrays to `folder`; `data` maps data sets to files."""
    import torch  # the only stage that needs it

    torch.set_num_threads(protocol.threads)
    arrays = _module(experiment, "train").train(protocol, protocol.seed_list, device, data)
    about = {
        "experiment": experiment,
        "protocol": dataclasses.asdict(protocol),
        "provenance": {name: store.read_about(path) for name, path in sorted(data.items())},
    }
    store.write_arrays(folder / runs.ARRAYS, arrays, about)


def analyse(experiment: str, protocol: Protocol, folder: Path) -> None:
    """Measure every trained network of one variant and write one row each."""
    module = _module(experiment, "analyse")
    table = module.analyse(protocol, store.read_arrays(folder / runs.ARRAYS))
    store.write_table(folder / runs.TABLE, table, module.COLUMNS)
    _log.info("%d rows, %d columns", *table.shape)


def find(experiment: str, folders: Mapping[str, Path], out: Path) -> None:
    """Write the numbers the text quotes and the verdicts on the claims; `folders` maps variants to folders."""
    module = _module(experiment, "findings")
    found = {variant: Run(folder) for variant, folder in folders.items()}
    values = module.values(found)
    claims = [dataclasses.asdict(claim) for claim in module.claims(found, values)]
    protocols = {variant: run.protocol for variant, run in found.items()}
    provenance = {name: about for run in found.values() for name, about in run.about["provenance"].items()}
    content = {"values": values, "claims": claims, "protocols": protocols, "provenance": provenance}
    store.write_json(out, content)


def _module(experiment: str, stage: str) -> ModuleType:
    return import_module(f"backprop.experiments.{experiment}.{stage}")
