"""Trains the networks of one variant: all input vectors in every sweep, up to the cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import BOUNDS, Protocol


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; kept_sweeps [K]; layer_1 [S, K, hidden, bits + 1] and layer_2 [S, K, 1, hidden + 1], biases last;
        first_sweep [S, 3], the first sweep after which a criterion of BOUNDS is met, -1 if none is by the cap;
        error_sweeps [R] and errors [S, R], E after these numbers of sweeps.
    """
    run = trained(protocol, seeds, device, protocol.kept_sweeps, protocol.record_every)
    layer_1, layer_2 = layers(run, protocol.kept_sweeps)
    return {
        "seeds": np.array(seeds),
        "kept_sweeps": np.array(protocol.kept_sweeps),
        "layer_1": layer_1,
        "layer_2": layer_2,
        "first_sweep": run.first_sweep.cpu().numpy().T,
        "error_sweeps": run.error_sweeps.cpu().numpy(),
        "errors": run.errors.cpu().numpy().T,
    }


def patterns(protocol: Protocol) -> tuple[torch.Tensor, torch.Tensor]:
    """All input vectors [cases, bits] and their targets [cases, 1]: the higher one for palindromes."""
    inputs = measures.cases(protocol.bits, *protocol.inputs)
    targets = np.where(measures.is_palindrome(inputs), protocol.targets[1], protocol.targets[0])
    return torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets[:, None], dtype=torch.float32)


def update(protocol: Protocol) -> training.Update:
    """The rule that changes the weights: equations (8) and (9), or an optimizer of torch."""
    schedule = training.Schedule(protocol.schedule, protocol.schedule_options)
    if protocol.optimizer == "descent":
        return training.Descent(protocol.epsilon, protocol.alpha, schedule)
    return training.Optimizer(protocol.optimizer, protocol.epsilon, protocol.optimizer_options, schedule)


def trained(
    protocol: Protocol, seeds: Sequence[int], device: str, keep: Sequence[int], record_every: int
) -> training.Training:
    """The networks of these seeds, trained to the cap; `keep` are the sweeps after which weights are kept."""
    architecture = Architecture(
        (protocol.bits, protocol.hidden_units, 1), hidden=protocol.hidden, output=protocol.output
    )
    inputs, targets = patterns(protocol)
    low, high = protocol.targets
    weights = initial_weights(architecture, seeds, protocol.weight_range, protocol.bias_range)
    if protocol.equal_hidden_units:
        weights[0][:] = weights[0][:1].clone()
        weights[1][:, :-1] = weights[1][:, :1].clone()
    return training.train(
        training.Task(architecture, inputs, targets, protocol.error),
        weights,
        update(protocol),
        protocol.sweeps,
        order=training.PerCase() if protocol.per_case else training.PerSweep(),
        criteria=training.Criteria(tuple(bound * (high - low) for bound in BOUNDS), until_met=protocol.until_solved),
        record=training.Record(keep, every=record_every),
        device=resolve_device(device),
    )


def layers(trained: training.Training, sweeps: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The weights after these sweeps, per layer [S, sweeps, units, inputs + 1]."""
    layer_1, layer_2 = (
        np.stack([trained.weights[sweep][layer].cpu().numpy() for sweep in sweeps]).transpose(3, 0, 1, 2)
        for layer in range(2)
    )
    return layer_1, layer_2
