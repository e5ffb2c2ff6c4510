"""Train the networks of one variant, or of one shard of it: takes a protocol, writes arrays.

No other stage imports torch, except `merge` where an experiment trains networks that depend on all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from backprop import stages
from backprop.datasets.sets import check  # not the package, whose other files no training depends on
from backprop.protocol import Protocol
from backprop.results import store


def run(
    experiment: str,
    protocol: Protocol,
    device: str,
    data: Mapping[str, Path],
    folder: Path,
    shard: Path | None = None,
) -> None:
    """Write the arrays to `folder`; `data` maps data sets to files.

    The arrays of a shard, whose seeds are those of `protocol`, go to the file `shard`; `merge` adds what depends on all
    seeds.
    """
    provenance = {name: check(path, name) for name, path in sorted(data.items())}
    torch.set_num_threads(protocol.threads)
    arrays = stages.module(experiment, "train").train(protocol, protocol.seed_list, device, data)
    if shard is None:
        arrays |= stages.finish(experiment, protocol, arrays, device)
    store.write_arrays(shard or folder / store.ARRAYS, arrays, stages.about(experiment, protocol, provenance))
