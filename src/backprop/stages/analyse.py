"""Measure every trained network of one variant: reads arrays, writes a table with one row per network."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd

from backprop import stages
from backprop.protocol import Protocol
from backprop.results import parts, store, tables
from backprop.values import quoted

_log = logging.getLogger(__name__)

CHUNK = 5000
"""Networks that are measured at a time, if there are more and they can be measured apart."""


def run(experiment: str, protocol: Protocol, folder: Path) -> None:
    """Write the table beside the arrays in `folder`.

    Networks can be measured apart if the experiment's module has a `reference`: a function of the first CHUNK networks,
    whose result `analyse` takes as a third argument, or None if a network is not compared with others.
    """
    path = folder / store.ARRAYS
    _check_origin(experiment, protocol, path)
    module = stages.module(experiment, "analyse")
    if hasattr(module, "reference") and protocol.seed_count > CHUNK:
        pieces = _in_chunks(module, protocol, parts.part(path))
    else:
        pieces = iter([module.analyse(protocol, store.read_arrays(path))])
    tables.write_groups(folder / tables.TABLE, pieces, module.COLUMNS)
    _log.info("%d networks, %d columns", protocol.seed_count, len(module.COLUMNS))


def _in_chunks(module: ModuleType, protocol: Protocol, part: parts.Part) -> Iterator[pd.DataFrame]:
    chunks = [
        parts.Rows(part, protocol.shared or (), slice(start, min(start + CHUNK, protocol.seed_count)))
        for start in range(0, protocol.seed_count, CHUNK)
    ]
    known = (module.reference(protocol, chunks[0]),) if module.reference else ()
    while chunks:
        yield module.analyse(protocol, chunks.pop(0), *known)


def _check_origin(experiment: str, protocol: Protocol, path: Path) -> None:
    """UserError unless the arrays were trained by this experiment with this protocol."""
    about = store.read_about(path)
    if about.get("experiment") != experiment:
        raise store.damaged(path, f"was trained by {about.get('experiment')}, not by {experiment}")
    trained = about.get("protocol", {})
    for name, value in stages.as_stored(protocol).items():
        if name not in trained:
            raise store.lacking(path, "field of the protocol", name)
        if trained[name] != value:
            raise store.damaged(path, f"was trained with {name} {quoted(trained[name])}, which is {quoted(value)} now")
