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

TRACED = 5
"""Sweeps between two records of all weights of the traced network."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed, and one of them again to record its weights on the way.

    Returns:
        The arrays of `train_networks` and of `trace`.
    """
    arrays = train_networks(protocol, seeds, device)
    return arrays | trace(protocol, nearest(protocol, arrays), device)


def train_networks(protocol: Protocol, seeds: tuple[int, ...], device: str) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; kept_sweeps [K]; layer_1 [S, K, hidden, bits + 1] and layer_2 [S, K, 1, hidden + 1], biases last;
        first_sweep [S, 3], the first sweep after which a criterion of BOUNDS is met, -1 if none is by the cap;
        error_sweeps [R] and errors [S, R], E after these numbers of sweeps.
    """
    trained = _trained(protocol, seeds, device, protocol.kept_sweeps, protocol.record_every)
    layer_1, layer_2 = _layers(trained, protocol.kept_sweeps)
    return {
        "seeds": np.array(seeds),
        "kept_sweeps": np.array(protocol.kept_sweeps),
        "layer_1": layer_1,
        "layer_2": layer_2,
        "first_sweep": trained.first_sweep.cpu().numpy().T,
        "error_sweeps": trained.error_sweeps.cpu().numpy(),
        "errors": trained.errors.cpu().numpy().T,
    }


def nearest(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> int:
    """The seed of the solved network that is nearest to RHW Fig. 1 at the first kept sweep.

    The first seed if no network solves the task, or if the networks are not 6-2-1 networks.
    """
    solved = np.flatnonzero(arrays["first_sweep"][:, 0] >= 0)
    if not solved.size or (protocol.bits, protocol.hidden_units) != (6, 2):
        return int(arrays["seeds"][0])
    distance, _ = measures.distance_to(arrays["layer_1"][solved, 0], arrays["layer_2"][solved, 0])
    distance = np.where(np.isnan(distance), np.inf, distance)
    return int(arrays["seeds"][solved[distance.argmin()]])


def trace(protocol: Protocol, seed: int, device: str) -> dict[str, np.ndarray]:
    """Train one network again, and record it every `TRACED` sweeps up to the first kept sweep.

    Returns:
        traced_seed [1]; traced_sweeps [T], from 0; traced_errors [T], E;
        traced_layer_1 [T, hidden, bits + 1] and traced_layer_2 [T, 1, hidden + 1], the weights, biases last.
    """
    sweeps = range(0, protocol.kept_sweeps[0] + 1, TRACED)
    trained = _trained(protocol, (seed,), device, sweeps, TRACED)
    layer_1, layer_2 = _layers(trained, sweeps)
    return {
        "traced_seed": np.array([seed]),
        "traced_sweeps": np.array(sweeps),
        "traced_errors": trained.errors[: len(sweeps), 0].cpu().numpy(),
        "traced_layer_1": layer_1[0],
        "traced_layer_2": layer_2[0],
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


def _trained(
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


def _layers(trained: training.Training, sweeps: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The weights after these sweeps, per layer [S, sweeps, units, inputs + 1]."""
    layer_1, layer_2 = (
        np.stack([trained.weights[sweep][layer].cpu().numpy() for sweep in sweeps]).transpose(3, 0, 1, 2)
        for layer in range(2)
    )
    return layer_1, layer_2
