"""Gradients estimated from losses alone: finite differences and Evolution Search, a stack of perturbations at a time.

Evolution Search is lab 003's name for what the field calls evolution strategies (Salimans et al. 2017,
arXiv:1703.03864). This module is independent of networks. A loss is a function of a stack of parameter vectors,
`losses(parameters [n, d]) -> [n]`, or of perturbations around one of them, `near(v [n, d], factors) ->
[len(factors), n]`, the losses at w + s v for every factor s. Perturbations are v = sigma e with e ~ N(0, I).

    near = around(losses, w)
    estimate = evolution(near, d, sigma=0.001, samples=100, kind="baseline", key=(seed, step))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from backprop.choices import ESTIMATORS

Losses = Callable[[Tensor], Tensor]
Near = Callable[[Tensor, tuple[float, ...]], Tensor]

BLOCK = 16
"""Perturbations per generator: chunks hold whole blocks, so that a chunk's size never changes what is drawn."""


class Estimate(NamedTuple):
    """An estimated gradient with the losses behind it.

    Attributes:
        gradient: [d].
        losses: [factors, directions], every loss evaluated.
        coefficients: [directions], the c_i of gradient = sum c_i e_i.
    """

    gradient: Tensor
    losses: Tensor
    coefficients: Tensor


def around(losses: Losses, w: Tensor) -> Near:
    """The function of perturbations around w [d] that belongs to any loss function."""
    return lambda v, factors: torch.stack([losses(w + s * v) for s in factors])


def slopes(losses: Losses, w: Tensor, direction: Tensor, steps: Tensor, central: bool = False) -> Tensor:
    """Finite differences [k] of the loss at w [d] along a unit vector u [d], one for each step h in steps [k].

    Forward, (L(w + h u) - L(w)) / h, or central, (L(w + h u) - L(w - h u)) / 2h: both estimate the gradient's
    component along u.
    """
    shift = steps[:, None] * direction
    if central:
        ahead, behind = losses(torch.cat([w + shift, w - shift])).chunk(2)
        return (ahead - behind) / (2 * steps)
    values = losses(torch.cat([w + shift, w[None]]))
    return (values[:-1] - values[-1]) / steps


def finite_differences(losses: Losses, w: Tensor, step: float, central: bool = True, chunk: int = 256) -> Tensor:
    """The full gradient [d] at w [d], with one parameter changed at a time: d + 1 losses, or 2 d if central."""
    gradient = torch.empty_like(w)
    at_w = None if central else losses(w[None])
    for start in range(0, w.numel(), chunk):
        rows = torch.arange(start, min(start + chunk, w.numel()), device=w.device)
        moves = torch.zeros((rows.numel(), w.numel()), dtype=w.dtype, device=w.device)
        moves[torch.arange(rows.numel()), rows] = step
        ahead = losses(w + moves)
        gradient[rows] = (ahead - losses(w - moves)) / (2 * step) if at_w is None else (ahead - at_w) / step
    return gradient


def directions_of(kind: str, samples: int) -> int:
    """The number of directions for a number of loss evaluations: half as many if each is taken both ways.

    ValueError for an unknown kind and for too few or an odd number of samples.
    """
    if kind not in ESTIMATORS:
        raise ValueError(f"kind is {kind!r}; allowed are {', '.join(ESTIMATORS)}")
    least = {"plain": 1}.get(kind, 2)
    if samples < least or (kind == "antithetic" and samples % 2):
        raise ValueError(f"samples is {samples}; {kind} needs at least {least}, antithetic an even number")
    return samples // 2 if kind == "antithetic" else samples


def coefficients(losses: Tensor, sigma: float, kind: str) -> Tensor:
    """The c_i of gradient = sum c_i e_i from the losses [..., factors, n] at w + s sigma e_i -> [..., n].

    plain is the lab's 1/(N sigma^2) sum v L(w + v). baseline subtracts the mean loss and divides by N - 1, so that it
    stays unbiased. antithetic uses (L(w + v) - L(w - v)) / 2. ranks replaces losses by ranks from -1/2 to 1/2 and
    estimates a direction only. Unbiased refers to the gradient of the loss smoothed by N(0, sigma^2).
    """
    n = losses.shape[-1]
    if kind == "antithetic":
        return (losses[..., 0, :] - losses[..., 1, :]) / (2 * n * sigma)
    values = losses[..., 0, :]
    if kind == "plain":
        return values / (n * sigma)
    if kind == "baseline":
        return (values - values.mean(-1, keepdim=True)) / ((n - 1) * sigma)
    # equal losses share their mean rank, otherwise the order of drawing would break ties
    ordered = values.sort(-1).values
    ranks = 0.5 * (torch.searchsorted(ordered, values) + torch.searchsorted(ordered, values, right=True) - 1)
    return (ranks.to(values.dtype) / (n - 1) - 0.5) / (n * sigma)


def factors_of(kind: str) -> tuple[float, ...]:
    """The multiples of a perturbation at which losses are taken: 1, or 1 and -1 for pairs."""
    return (1.0, -1.0) if kind == "antithetic" else (1.0,)


def draws(
    key: tuple[int, ...],
    n: int,
    d: int,
    chunk: int,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> Iterator[Tensor]:
    """Standard normal directions [m, d], n in all, in chunks of at most `chunk` (rounded up to whole blocks).

    `key` identifies the draw, such as (seed, step): the same key gives the same n directions for any chunk size.
    A chunk is valid until the next one is requested, which overwrites it.
    """
    seeds = np.random.SeedSequence(key).generate_state(-(-n // BLOCK), np.uint64)
    generator = torch.Generator(device)
    per_chunk = -(-chunk // BLOCK)
    buffer = torch.empty((min(n, per_chunk * BLOCK), d), device=device, dtype=dtype or torch.get_default_dtype())
    for first in range(0, len(seeds), per_chunk):
        filled = 0
        for index in range(first, min(first + per_chunk, len(seeds))):
            rows = min(BLOCK, n - index * BLOCK)
            generator.manual_seed(int(seeds[index]))
            buffer[filled : filled + rows].normal_(generator=generator)
            filled += rows
        yield buffer[:filled]


def evolution(
    near: Near,
    d: int,
    sigma: float,
    samples: int,
    kind: str,
    key: tuple[int, ...],
    chunk: int = 64,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> Estimate:
    """Evolution Search: the gradient of the loss smoothed by N(0, sigma^2), from `samples` loss evaluations.

    Memory holds one chunk of directions, and the chunk size changes the result by rounding only. Ranks need all losses
    before the first direction gets its weight, so for them the directions are drawn twice.
    """
    n = directions_of(kind, samples)
    factors = tuple(s * sigma for s in factors_of(kind))
    parts: list[Tensor] = []
    sums = torch.zeros(2, d, device=device, dtype=dtype or torch.get_default_dtype())
    reference = torch.zeros(())
    for e in draws(key, n, d, chunk, device, dtype):
        values = near(e, factors)
        # losses relative to the first one: rounding of their common level would be larger than their differences
        reference = reference if parts else values[0, 0]
        parts.append(values)
        if kind != "ranks":
            difference = values[0] - (values[1] if kind == "antithetic" else reference)
            sums.addmm_(torch.stack([difference, torch.ones_like(difference)]), e)
    losses = torch.cat(parts, dim=1)
    weights = coefficients(losses, sigma, kind)
    if kind == "ranks":
        gradient, at = sums[0], 0
        for e in draws(key, n, d, chunk, device, dtype):
            gradient.addmv_(e.mT, weights[at : at + len(e)])
            at += len(e)
    elif kind == "antithetic":
        gradient = sums[0] / (2 * n * sigma)
    elif kind == "plain":
        gradient = (sums[0] + reference * sums[1]) / (n * sigma)
    else:
        gradient = (sums[0] - (losses[0] - reference).mean() * sums[1]) / ((n - 1) * sigma)
    return Estimate(gradient, losses, weights)
