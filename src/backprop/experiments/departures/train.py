"""Trains every cell of a study from the same seeds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backprop import progress
from backprop.experiments.departures.protocol import Protocol
from backprop.experiments.symmetry import train as symmetry

log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per cell and seed.

    Returns:
        For each cell, by its number in `protocol.cells`, the arrays of Experiment 1, named "007.first_sweep" and so on.
    """
    arrays: dict[str, np.ndarray] = {}
    for number, cell in enumerate(progress.through(protocol.cells, "cell")):
        log.info("cell %d of %d: %s, targets %s", number + 1, len(protocol.cells), cell.group, cell.coding)
        arrays |= named(f"{number:03d}", symmetry.train(cell.protocol, seeds, device, data))
    return arrays


def named(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a cell under the prefix of its number."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}
