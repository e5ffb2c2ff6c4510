"""Merge the shards of one variant: reads their arrays, writes the file that training in one job writes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from backprop import stages
from backprop.protocol import Protocol
from backprop.results import parts, store

_log = logging.getLogger(__name__)


def run(
    experiment: str, protocol: Protocol, device: str, shards: Sequence[tuple[Protocol, Path]], folder: Path
) -> None:
    """Write the arrays to `folder`; `shards` are the protocols and files of all shards, in the order of the seeds.

    UserError names a shard that is missing, damaged, or trained by another protocol.
    """
    found = []
    for expected, path in shards:
        part = parts.part(path)
        if part.about["protocol"] != stages.as_stored(expected):
            raise store.damaged(path, "holds networks of another protocol")
        found.append(part)
    joined = parts.Joined(found, protocol.shared or ())
    about = stages.about(experiment, protocol, found[0].about["provenance"])
    joined.write(folder / store.ARRAYS, stages.finish(experiment, protocol, joined, device), about)
    _log.info("%d shards", len(found))
