"""Measure every trained network of one variant: reads arrays, writes a table with one row per network."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

from backprop import stages
from backprop.protocol import Protocol
from backprop.results import store, tables
from backprop.values import quoted

_log = logging.getLogger(__name__)


def run(experiment: str, protocol: Protocol, folder: Path) -> None:
    """Write the table beside the arrays in `folder`."""
    _check_origin(experiment, protocol, folder / store.ARRAYS)
    module = stages.module(experiment, "analyse")
    table = module.analyse(protocol, store.read_arrays(folder / store.ARRAYS))
    tables.write(folder / tables.TABLE, table, module.COLUMNS)
    _log.info("%d rows, %d columns", *table.shape)


def _check_origin(experiment: str, protocol: Protocol, path: Path) -> None:
    """UserError unless the arrays were trained by this experiment with this protocol."""
    about = store.read_about(path)
    if about.get("experiment") != experiment:
        raise store.damaged(path, f"was trained by {about.get('experiment')}, not by {experiment}")
    trained = about.get("protocol", {})
    for name, value in json.loads(json.dumps(dataclasses.asdict(protocol))).items():
        if name not in trained:
            raise store.lacking(path, "field of the protocol", name)
        if trained[name] != value:
            raise store.damaged(path, f"was trained with {name} {quoted(trained[name])}, which is {quoted(value)} now")
