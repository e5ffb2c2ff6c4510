"""Measure every trained network of one variant: reads arrays, writes a table with one row per network."""

from __future__ import annotations

import logging
from pathlib import Path

from backprop import stages
from backprop.protocol import Protocol
from backprop.results import store, tables

_log = logging.getLogger(__name__)


def run(experiment: str, protocol: Protocol, folder: Path) -> None:
    """Write the table beside the arrays in `folder`."""
    module = stages.module(experiment, "analyse")
    table = module.analyse(protocol, store.read_arrays(folder / store.ARRAYS))
    tables.write(folder / tables.TABLE, table, module.COLUMNS)
    _log.info("%d rows, %d columns", *table.shape)
