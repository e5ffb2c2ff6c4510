"""Train every network of one variant: takes a protocol, writes arrays. No other stage imports torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import torch

from backprop import stages
from backprop.datasets.sets import check  # not the package, whose other files no training depends on
from backprop.protocol import Protocol
from backprop.results import store


def run(experiment: str, protocol: Protocol, device: str, data: Mapping[str, Path], folder: Path) -> None:
    """Write the arrays to `folder`; `data` maps data sets to files."""
    provenance = {name: check(path, name) for name, path in sorted(data.items())}
    torch.set_num_threads(protocol.threads)
    arrays = stages.module(experiment, "train").train(protocol, protocol.seed_list, device, data)
    about = {
        "experiment": experiment,
        "protocol": dataclasses.asdict(protocol),
        "provenance": provenance,
    }
    store.write_arrays(folder / store.ARRAYS, arrays, about)
