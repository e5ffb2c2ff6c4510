"""Differentiates the labs' functions at every point, in both precisions. Nothing is learned; CPU only."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from backprop.experiments.autograd.protocol import Protocol


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """The derivatives at one point per seed; D runs over `protocol.columns`.

    Returns:
        seeds [S]; points [S, 5 + entries] (x, x1, x2, a, b, then the vector), rounded to single for the single pass;
        autograd_single, autograd_double [S, D]: what autograd leaves in `.grad`;
        formula_single, formula_double [S, D]: the labs' formula, evaluated by torch in that precision;
        kept_unasked [1]: 1 if an intermediate node keeps its gradient without `retain_grad`;
        after_reset [2, 2]: gradients of cos(x1) log(x2) after two passes with `.grad = None` between, and of one pass.
    """
    points = np.stack([point(protocol, seed, first=seed == seeds[0]) for seed in seeds])
    arrays = {"seeds": np.array(seeds), "points": points}
    for name, dtype in (("single", torch.float32), ("double", torch.float64)):
        pairs = [derivatives(torch.tensor(row, dtype=dtype)) for row in points]
        for key, index in (("autograd", 0), ("formula", 1)):
            arrays[f"{key}_{name}"] = torch.stack([pair[index] for pair in pairs]).double().numpy()
    arrays["kept_unasked"] = np.array([_kept_unasked()])
    arrays["after_reset"] = _after_reset(protocol)
    return arrays


def point(protocol: Protocol, seed: int, first: bool) -> np.ndarray:
    """One point for every function [5 + entries]: x, x1, x2, a, b and the vector; `first` takes the labs' own."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(5 + protocol.entries, generator=generator, dtype=torch.float64)
    drawn[1:5] *= protocol.reach
    if first:
        drawn[1:5] = torch.tensor([*protocol.cosine_point, *protocol.cubic_point], dtype=torch.float64)
    return drawn.numpy()


def derivatives(point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Autograd's derivatives and the labs' formulas [D each] at one point, in the precision of `point`."""
    x, x1, x2, a, b = (value.clone().requires_grad_() for value in point[:5])
    vector = point[5:].clone().requires_grad_()
    autograd: list[torch.Tensor] = []
    formula: list[torch.Tensor] = []

    def note(leaves: tuple[torch.Tensor, ...], formulas: tuple[torch.Tensor, ...]) -> None:
        for leaf, expected in zip(leaves, formulas, strict=True):
            assert leaf.grad is not None
            autograd.append(leaf.grad.detach().clone().reshape(-1))
            formula.append(expected.detach().reshape(-1))

    (x**2).backward()
    note((x,), (2 * x,))

    vector.sum().backward()
    note((vector,), (torch.ones_like(vector),))

    x.grad = None
    z = x.log()
    z.retain_grad()  # an intermediate node forgets its gradient unless asked to keep it
    (z**2).backward()
    note((x, z), (2 * x.log() / x, 2 * z))

    once = (-x1.sin() * x2.log(), x1.cos() / x2)
    (x1.cos() * x2.log()).backward()
    note((x1, x2), once)
    (x1.cos() * x2.log()).backward()  # nothing was reset in between: the gradients add up
    note((x1, x2), (2 * once[0], 2 * once[1]))

    (3 * a**3 - b**2).backward()
    note((a, b), (9 * a**2, -2 * b))
    return torch.cat(autograd), torch.cat(formula)


def _kept_unasked() -> int:
    z = torch.tensor(2.0, requires_grad=True).log()
    (z**2).backward()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns whoever asks; here the asking is the point
        return int(z.grad is not None)


def _after_reset(protocol: Protocol) -> np.ndarray:
    x1, x2 = (torch.tensor(value, requires_grad=True) for value in protocol.cosine_point)
    grads: list[list[float]] = []
    for _ in range(2):
        x1.grad = x2.grad = None
        (x1.cos() * x2.log()).backward()
        assert x1.grad is not None and x2.grad is not None
        grads.append([x1.grad.item(), x2.grad.item()])
    return np.array(grads[::-1])
