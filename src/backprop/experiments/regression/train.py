"""Fit every data set by descent, all of them in parallel, and by least squares.

One axis runs over the data sets, and each step is two batched products. All random numbers of a data set come from
its own generator: data set 17 does not depend on which others are drawn, and every variant draws the same numbers.
Everything runs on the CPU, because a step is too small for a GPU.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from backprop import progress
from backprop.experiments.regression.protocol import Protocol

_log = logging.getLogger(__name__)

BLOCK = 50
"""Data sets trained at a time: in a block, 1,000 cases with 100 variables take 20 MB, twice."""


class Problem(NamedTuple):
    """Stacked data sets; the last input is always 1, and its weight is the bias.

    `inputs` [S, N, P + 1], `targets` [S, N], `truth` and `initial` weights [S, P + 1], and for each epoch the `order`
    of the cases [E, S, N].
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    truth: torch.Tensor
    initial: torch.Tensor
    order: torch.Tensor


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Fit one data set per seed.

    Returns:
        seeds [S]; truth, initial, weights, least_squares [S, P + 1], the bias last;
        batch_mse [S, epochs]: mean over the batches of an epoch, each before its step, as the lab computes it;
        mse [S, epochs + 1]: over all cases, before the first and after each epoch;
        least_squares_mse [S];
        curvatures, start [S, P + 1]: eigenvalues of the Hessian of the mean squared error, largest first, and the
        initial weights minus least squares, along each eigenvector.
    """
    parts = []
    for start in progress.through(range(0, len(seeds), BLOCK), "block"):
        block = seeds[start : start + BLOCK]
        problem = draw(protocol, block)
        parts.append(descend(protocol, problem) | solve(problem))
        _log.info("data sets %d to %d of %d", start + 1, start + len(block), len(seeds))
    arrays = {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}
    return {"seeds": np.array(seeds), **arrays}


def draw(protocol: Protocol, seeds: tuple[int, ...]) -> Problem:
    """The data set, initial weights and orders of the cases of each seed, drawn from the distributions of the lab."""
    drawn = [_draw_one(protocol, torch.Generator().manual_seed(seed)) for seed in seeds]
    inputs, targets, truth, initial, order = (torch.stack(part) for part in zip(*drawn, strict=True))
    return Problem(inputs, targets, truth, initial, order.transpose(0, 1))


def _draw_one(protocol: Protocol, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    cases, variables = protocol.cases, protocol.variables
    inputs = torch.rand(cases, variables, generator=generator)
    truth = torch.cat([torch.rand(variables, generator=generator), torch.zeros(1)])
    noise = protocol.noise * torch.randn(cases, generator=generator)
    inputs = torch.cat([inputs, torch.ones(cases, 1)], dim=1)
    bound = variables**-0.5  # the range from which torch.nn.Linear draws weights and bias
    initial = torch.empty(variables + 1).uniform_(-bound, bound, generator=generator)
    order = torch.stack([torch.randperm(cases, generator=generator) for _ in range(protocol.epochs)])
    return inputs, inputs @ truth + noise, truth, initial, order


def descend(protocol: Protocol, problem: Problem) -> dict[str, torch.Tensor]:
    """Descend on the mean squared error of batches, through every epoch; nan where the rate is too large."""
    inputs, targets, _, initial, orders = problem
    count, cases, width = inputs.shape
    steps, batch = cases // protocol.batch, protocol.batch
    rows, wanted = inputs.reshape(-1, width), targets.reshape(-1)
    first_row = torch.arange(count)[:, None] * cases
    weights = initial[:, None].clone()  # a row times a matrix: four times as fast here as a matrix times a column
    learning_rate = protocol.learning_rate
    shuffled, errors = torch.empty_like(rows), torch.empty(steps, count, 1, batch)
    batch_mse = []
    mse = [_mse(inputs, targets, weights[:, 0])]
    for order in progress.through(orders, "epoch"):
        # one gather per epoch into the layout [step, data set, case], so that every step reads contiguous memory
        index = (first_row + order).reshape(count, steps, batch).transpose(0, 1).reshape(-1)
        torch.index_select(rows, 0, index, out=shuffled)
        aims = wanted[index].reshape(steps, count, 1, batch)
        for x, y, error in zip(shuffled.reshape(steps, count, batch, width), aims, errors, strict=True):
            torch.baddbmm(y, weights, x.mT, beta=-1, out=error)
            weights.baddbmm_(error, x, alpha=-2 * learning_rate / batch)
        batch_mse.append(errors.square().mean(dim=(0, 2, 3)))
        mse.append(_mse(inputs, targets, weights[:, 0]))
        learning_rate *= protocol.decay
    return {
        "truth": problem.truth,
        "initial": initial,
        "weights": weights[:, 0],
        "batch_mse": torch.stack(batch_mse, dim=1),
        "mse": torch.stack(mse, dim=1),
    }


def solve(problem: Problem) -> dict[str, torch.Tensor]:
    """Least squares, and the curvature of the loss along each eigenvector, in double precision."""
    inputs, targets = problem.inputs.double(), problem.targets.double()
    weights = torch.linalg.lstsq(inputs, targets[..., None]).solution[..., 0]
    curvatures, directions = torch.linalg.eigh(2 / inputs.shape[1] * inputs.mT @ inputs)
    start = (problem.initial - weights)[:, None] @ directions
    return {
        "least_squares": weights,
        "least_squares_mse": _mse(inputs, targets, weights),
        "curvatures": curvatures.flip(1),
        "start": start[:, 0].flip(1),
    }


def _mse(inputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return torch.baddbmm(targets[:, None], weights[:, None], inputs.mT, beta=-1).square().mean(dim=(1, 2))
