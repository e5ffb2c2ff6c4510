"""Trains the best cell of each group from fresh seeds, once every cell has been trained from all seeds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from backprop import progress
from backprop.experiments.departures.protocol import Cell, Protocol
from backprop.experiments.departures.train import named
from backprop.experiments.symmetry import train as symmetry

log = logging.getLogger(__name__)


def finish(protocol: Protocol, arrays: Mapping[str, np.ndarray], device: str) -> dict[str, np.ndarray]:
    """Train the chosen cells, given the arrays of all cells with all seeds.

    Returns:
        `chosen`, the numbers of the best cell of each group and coding (empty without `fresh_seeds`), and the arrays of
        these cells with fresh seeds, named "007.fresh.first_sweep" and so on.
    """
    if not protocol.fresh_seeds:
        return {"chosen": np.zeros(0, dtype=np.int64)}
    first_sweeps = [arrays[f"{number:03d}.first_sweep"][:, 0] for number in range(len(protocol.cells))]
    chosen = best_of_groups(protocol.cells, first_sweeps)
    fresh = protocol.fresh_seeds_after(protocol.fresh_seeds)
    found: dict[str, np.ndarray] = {}
    for number in progress.through(chosen, "cell"):
        cell = protocol.cells[number]
        log.info("fresh seeds: %s, targets %s", cell.group, cell.coding)
        found |= named(f"{number:03d}.fresh", symmetry.train(cell.fresh_protocol, fresh, device, {}))
    return found | {"chosen": np.array(chosen, dtype=np.int64)}


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
