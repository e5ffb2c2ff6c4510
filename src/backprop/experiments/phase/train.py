"""Trains the networks of all pairs of epsilon and alpha in one stack, then the best pairs from fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.experiments.phase.choice import best_of_each
from backprop.experiments.phase.protocol import Protocol
from backprop.experiments.symmetry.protocol import BOUNDS
from backprop.experiments.symmetry.train import patterns


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per pair and seed.

    Returns:
        One entry per network, pair by pair, fresh networks last: epsilon, alpha, seed, fresh, first_sweep (the first
        sweep after which all outputs are on their target's side, -1 for never by the cap) and error_at_end (E when
        training ended: after the network had solved the task, or at the cap).
    """
    stacked = _train(protocol, protocol.pairs, seeds, device)
    if not protocol.fresh_seeds:
        return stacked | {"fresh": np.zeros(len(stacked["seed"]), dtype=bool)}
    first = stacked["first_sweep"].reshape(len(protocol.pairs), len(seeds))
    best = best_of_each(protocol.pairs, first, protocol.sweeps)
    again = _train(protocol, sorted(set(best.values())), protocol.fresh_seeds_after(protocol.fresh_seeds), device)
    fresh = np.repeat([False, True], [len(stacked["seed"]), len(again["seed"])])
    return {name: np.concatenate([stacked[name], again[name]]) for name in stacked} | {"fresh": fresh}


def _train(
    protocol: Protocol, pairs: Sequence[tuple[float, float]], seeds: tuple[int, ...], device: str
) -> dict[str, np.ndarray]:
    plain = protocol.at(*pairs[0])
    architecture = Architecture((plain.bits, plain.hidden_units, 1), hidden=plain.hidden, output=plain.output)
    inputs, targets = patterns(plain)
    # every pair starts from the same weights, those of Experiment 1's seeds
    weights = [w.repeat(1, 1, len(pairs)) for w in initial_weights(architecture, seeds, plain.weight_range)]
    epsilon, alpha = np.repeat(np.array(pairs), len(seeds), axis=0).T
    trained = training.train(
        training.Task(architecture, inputs, targets),
        weights,
        training.Descent(torch.tensor(epsilon), torch.tensor(alpha)),
        plain.sweeps,
        criteria=training.Criteria((BOUNDS[0] * (plain.targets[1] - plain.targets[0]),), until_met=True),
        record=training.Record(every=plain.sweeps),
        device=resolve_device(device),
    )
    return {
        "epsilon": epsilon,
        "alpha": alpha,
        "seed": np.tile(seeds, len(pairs)),
        "first_sweep": trained.first_sweep[0].numpy(),
        "error_at_end": trained.errors[-1].numpy(),
    }
