"""Networks trained with several protocols from the same seeds."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop.experiments.symmetry.protocol import Protocol

NETWORKS = 1000
"""Networks per protocol, unless they would take too long."""

FEWEST = 50
"""Networks per protocol at least."""

WORK = 5_000_000
"""Sweeps of the paper's network that a protocol may cost: a second or two on one core."""

SLOWER = 10
"""How many times as long a sweep takes outside the engine's compiled pass."""

BATCH = 128
"""Networks between two steps of the progress bar."""

PER_NETWORK = ("seeds", "layer_1", "layer_2", "first_sweep", "errors")
"""The arrays of Experiment 1 with one row per network."""


@dataclass(frozen=True)
class Trained:
    """The networks of one protocol: the arrays that Experiment 1's training returns."""

    protocol: Protocol
    arrays: dict[str, np.ndarray]

    @property
    def sweeps_to_solve(self) -> np.ndarray:
        """The sweep [networks] after which all outputs were correct for the first time; -1 if they never were."""
        return self.arrays["first_sweep"][:, 0]

    def solved_by(self, sweep: int) -> np.ndarray:
        """Whether each network [networks] solved the task by this sweep."""
        return (self.sweeps_to_solve >= 0) & (self.sweeps_to_solve <= sweep)


def train(protocol: Protocol, seeds: Sequence[int]) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Train the networks in batches: the number of networks in a batch, and their arrays, one batch after the other."""
    import torch  # takes a second or two to import

    from backprop.experiments.symmetry.train import train

    logging.getLogger("backprop.progress").setLevel(logging.WARNING)  # the command has a progress bar
    torch.set_num_threads(protocol.threads)
    for start in range(0, len(seeds), BATCH):
        batch = tuple(seeds[start : start + BATCH])
        yield len(batch), train(protocol, batch, "cpu", {})


def joined(batches: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of all batches together."""
    return {
        name: np.concatenate([batch[name] for batch in batches]) if name in PER_NETWORK else array
        for name, array in batches[0].items()
    }


def only_times(protocol: Protocol) -> Protocol:
    """The protocol for networks of which only the sweeps to solve the task are asked: they stop once they solve it."""
    return dataclasses.replace(protocol, until_solved=True, keep=(), record_every=protocol.sweeps)


def affordable(protocols: Sequence[Protocol]) -> int:
    """How many networks per protocol train in a few seconds: NETWORKS, or fewer for slow protocols."""
    return int(np.clip(min(WORK / cost(protocol) for protocol in protocols), FEWEST, NETWORKS))


def cost(protocol: Protocol) -> float:
    """What training one network costs, in sweeps of the paper's network."""
    parameters = protocol.hidden_units * (protocol.bits + 2) + 1
    size = 2**protocol.bits * parameters / (2**6 * 17)
    return protocol.sweeps * size * (1 if _compiled(protocol) else SLOWER)


def _compiled(protocol: Protocol) -> bool:
    from backprop.engine.compiled import HIDDEN

    plain: dict[str, Any] = {"output": "logistic", "optimizer": "descent", "per_case": False}
    return protocol.hidden in HIDDEN and all(getattr(protocol, name) == value for name, value in plain.items())
