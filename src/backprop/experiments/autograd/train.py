"""Differentiate the labs' functions at every point, in single and in double precision.

Nothing is learned, and everything runs on the CPU.
"""

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
        seeds [S]; points [S, 5 + entries]: x, x1, x2, a, b and the vector, in double precision;
        autograd_single, autograd_double [S, D]: the content of `.grad` after the backward pass;
        formula_single, formula_double [S, D]: the labs' formula, evaluated by torch in the same precision;
        kept_unasked [1]: 1 if an intermediate node keeps its gradient without `retain_grad`;
        after_reset [2, 2]: gradients of cos(x1) log(x2) after two passes with `.grad = None` between them, and after
        one pass.
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
    """A point [5 + entries] for every function: x, x1, x2, a, b and the vector; if `first`, the labs' points."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(5 + protocol.entries, generator=generator, dtype=torch.float64)
    drawn[1:5] *= protocol.reach
    if first:
        drawn[1:5] = torch.tensor([*protocol.cosine_point, *protocol.cubic_point], dtype=torch.float64)
    return drawn.numpy()


def derivatives(point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Derivatives by autograd and by the labs' formulas, [D] each, at one `point` [5 + entries] in its precision."""
    x, x1, x2, a, b = (value.clone().requires_grad_() for value in point[:5])
    vector = point[5:].clone().requires_grad_()
    autograd: list[torch.Tensor] = []
    formula: list[torch.Tensor] = []

    def record(leaves: tuple[torch.Tensor, ...], formulas: tuple[torch.Tensor, ...]) -> None:
        for leaf, expected in zip(leaves, formulas, strict=True):
            assert leaf.grad is not None
            autograd.append(leaf.grad.detach().clone().reshape(-1))
            formula.append(expected.detach().reshape(-1))

    (x**2).backward()
    record((x,), (2 * x,))

    vector.sum().backward()
    record((vector,), (torch.ones_like(vector),))

    x.grad = None
    z = x.log()
    z.retain_grad()  # without this call autograd does not keep the gradient of an intermediate node
    (z**2).backward()
    record((x, z), (2 * x.log() / x, 2 * z))

    once = (-x1.sin() * x2.log(), x1.cos() / x2)
    (x1.cos() * x2.log()).backward()
    record((x1, x2), once)
    (x1.cos() * x2.log()).backward()  # no reset in between: the gradients add up
    record((x1, x2), (2 * once[0], 2 * once[1]))

    (3 * a**3 - b**2).backward()
    record((a, b), (9 * a**2, -2 * b))
    return torch.cat(autograd), torch.cat(formula)


def _kept_unasked() -> int:
    z = torch.tensor(2.0, requires_grad=True).log()
    (z**2).backward()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns when this gradient is read; here that it is missing is the result
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
