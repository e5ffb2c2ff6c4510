"""Trains every cell of a study from the same seeds, then the best cell of each group from fresh seeds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from backprop import progress
from backprop.experiments.departures.protocol import Cell, Protocol
from backprop.experiments.symmetry import train as symmetry

log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per cell and seed.

    Returns:
        For each cell, by its number in `protocol.cells`, the arrays of Experiment 1, named "007.first_sweep" and so on;
        `chosen`, the numbers of the best cell of each group and coding (empty without `fresh_seeds`), and the arrays of
        these cells with fresh seeds, named "007.fresh.first_sweep" and so on.
    """
    arrays: dict[str, np.ndarray] = {}
    fresh_cells = len({(cell.group, cell.coding) for cell in protocol.cells}) if protocol.fresh_seeds else 0
    cells = progress.through(protocol.cells, "cell", after=fresh_cells)
    for number, cell in enumerate(cells):
        log.info("cell %d of %d: %s, targets %s", number + 1, len(protocol.cells), cell.group, cell.coding)
        arrays |= _named(f"{number:03d}", symmetry.train_networks(cell.protocol, seeds, device))
    first_sweeps = [arrays[f"{number:03d}.first_sweep"][:, 0] for number in range(len(protocol.cells))]
    chosen = best_of_groups(protocol.cells, first_sweeps) if protocol.fresh_seeds else []
    fresh = protocol.fresh_seeds_after(protocol.fresh_seeds)
    for number in progress.through(chosen, "cell", before=len(protocol.cells)):
        cell = protocol.cells[number]
        log.info("fresh seeds: %s, targets %s", cell.group, cell.coding)
        arrays |= _named(f"{number:03d}.fresh", symmetry.train_networks(cell.fresh_protocol, fresh, device))
    return arrays | {"chosen": np.array(chosen, dtype=np.int64)}


def best_of_groups(cells: Sequence[Cell], first_sweeps: Sequence[np.ndarray]) -> list[int]:
    """The number of the best cell of each group under each coding: most networks solved, then fewest sweeps.

    `first_sweeps` holds for each cell the sweep [networks] at which each network solved the task, -1 for never.
    """
    best: dict[tuple[str, str], tuple[float, float, int]] = {}
    for number, (cell, first) in enumerate(zip(cells, first_sweeps, strict=True)):
        solved = first >= 0
        worth = (float(solved.mean()), -float(np.where(solved, first, cell.protocol.sweeps).mean()), number)
        key = (cell.group, cell.coding)
        if key not in best or worth[:2] > best[key][:2]:
            best[key] = worth
    return [number for _, _, number in best.values()]


def _named(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}
