"""Trains networks without hidden units on all 64 cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.experiments.separability.protocol import Protocol
from backprop.experiments.symmetry import train as symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; weights [S, 7] at the cap, the bias last; first_sweep [S], the first with all outputs correct, -1 if
        never; error [S], E at the cap.
    """
    architecture = Architecture((6, 1))
    inputs, targets = symmetry.patterns(Symmetry(targets=protocol.targets))
    trained = training.train(
        training.Task(architecture, inputs, targets),
        initial_weights(architecture, seeds, protocol.weight_range),
        training.Descent(protocol.epsilon, protocol.alpha),
        protocol.sweeps,
        criteria=training.Criteria((0.5 * (protocol.targets[1] - protocol.targets[0]),)),
        record=training.Record(keep=(protocol.sweeps,), every=protocol.sweeps),
        device=resolve_device(device),
    )
    return {
        "seeds": np.array(seeds),
        "weights": trained.weights[protocol.sweeps][0][0].numpy().T,
        "first_sweep": trained.first_sweep[0].numpy(),
        "error": trained.errors[-1].numpy(),
    }
