"""Trains the 6-2-1 networks of one variant, all seeds side by side, by the gradient or from losses alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from backprop import progress
from backprop.engine.devices import resolve_device
from backprop.experiments.evolved_symmetry.protocol import Protocol
from backprop.experiments.symmetry import measures
from backprop.search import estimators
from backprop.search.perceptrons import Perceptron

AHEAD = 100
"""Sweeps for which directions are drawn at once."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed and setting.

    Returns:
        seeds [S]; samples [G], 0 for the exact gradient; sweeps [R]; errors [S, G, R], E of equation (3);
        first_sweep [S, G], the first recorded sweep after which all 64 outputs are correct, -1 if there is none up to
        the cap; parameters [1], d.
    """
    where = resolve_device(device)
    network = symmetry_network(where)
    runs = [
        _train(protocol, network, samples, seeds, where) for samples in progress.through(protocol.settings, "setting")
    ]
    return {
        "seeds": np.array(seeds),
        "samples": np.array(protocol.settings),
        "sweeps": np.arange(0, protocol.sweeps + 1, protocol.record_every),
        "errors": np.stack([errors for errors, _ in runs], axis=1),
        "first_sweep": np.stack([first for _, first in runs], axis=1),
        "parameters": np.array([network.size]),
    }


def symmetry_network(device: torch.device) -> Perceptron:
    """The paper's network on all 64 cases: 6 inputs, 2 hidden units, 1 output, biases, equation (3)."""
    inputs = measures.cases()
    targets = measures.is_palindrome(inputs)[:, None]
    return Perceptron(
        torch.tensor(inputs, dtype=torch.float32, device=device),
        torch.tensor(targets, dtype=torch.float32, device=device),
        hidden_units=2,
        outputs=1,
        objective="half_sum",
        biases=True,
    )


def _train(
    protocol: Protocol, network: Perceptron, samples: int, seeds: tuple[int, ...], device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    judge = network.replace(objective="wrong_side")
    w = torch.stack([protocol.weight_range * (2 * torch.rand(network.size, generator=g) - 1) for g in generators])
    w = w.to(device)
    change = torch.zeros_like(w)
    sigma = protocol.sigma
    errors, first = [], torch.full((len(seeds),), -1)
    for sweep in progress.through(range(protocol.sweeps + 1), "sweep"):
        if sweep % protocol.record_every == 0:
            errors.append(network.losses(w))
            first[(first < 0) & (judge.losses(w) == 0).cpu()] = sweep
        if samples:
            if sweep % AHEAD == 0:
                shape = (AHEAD, samples // 2, network.size)
                directions = torch.stack([torch.randn(shape, generator=g) for g in generators], 1).to(device)
            e = directions[sweep % AHEAD]
            losses = network.near(w)(e, (sigma, -sigma))
            gradient = torch.matmul(estimators.coefficients(losses, sigma, "antithetic")[:, None], e)[:, 0]
        else:
            gradient = network.gradient(w)
        change = protocol.alpha * change - protocol.epsilon * gradient
        w = w + change
    return torch.stack(errors, dim=1).cpu().numpy(), first.numpy()
