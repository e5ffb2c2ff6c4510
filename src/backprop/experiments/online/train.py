"""Trains the networks of one variant, after every case or after every sweep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.experiments.online.protocol import Protocol
from backprop.experiments.symmetry import train as symmetry


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; kept_sweeps [K]; layer_1 [S, K, 2, 7] and layer_2 [S, K, 1, 3], biases last; first_sweep [S], the
        presentations of each case until all outputs are correct, -1 if never; error [S], E at the cap.
    """
    architecture = Architecture((6, 2, 1))
    inputs, targets = symmetry.patterns(protocol)
    low, high = protocol.targets
    order: training.Order = training.PerSweep()
    if protocol.per_case:
        order = training.Shuffled(seeds) if protocol.case_order == "shuffled" else training.PerCase()
    trained = training.train(
        training.Task(architecture, inputs, targets),
        initial_weights(architecture, seeds, protocol.weight_range, protocol.bias_range),
        symmetry.update(protocol),
        protocol.sweeps,
        order=order,
        criteria=training.Criteria((0.5 * (high - low),)),
        record=training.Record(protocol.kept_sweeps, every=protocol.record_every),
        device=resolve_device(device),
    )
    layers = [np.stack([trained.weights[sweep][layer].numpy() for sweep in protocol.kept_sweeps]) for layer in range(2)]
    return {
        "seeds": np.array(seeds),
        "kept_sweeps": np.array(protocol.kept_sweeps),
        "layer_1": layers[0].transpose(3, 0, 1, 2),
        "layer_2": layers[1].transpose(3, 0, 1, 2),
        "first_sweep": trained.first_sweep[0].numpy(),
        "error": trained.errors[-1].numpy(),
    }
