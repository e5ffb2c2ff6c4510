"""RHW Fig. 5: a synchronous iterative network is a layered network whose layers share their weights (p. 535).

Each iteration is a layer. If the states of every iteration are stored, the passes of the layered network give the
derivatives. Corresponding weights stay equal if each changes by the average of their derivatives.
"""

from __future__ import annotations

import torch
from torch import Tensor

from backprop.engine.networks import Architecture, Network, flatten, initial_weights, unflatten, with_extra_unit
from backprop.experiments.equations.protocol import CHANGES

UNITS, ITERATIONS, CASES = 5, 3, 8

SHARED = Architecture((UNITS, UNITS))
LAYERED = Architecture((UNITS,) * (ITERATIONS + 1))


def disagreements(seeds: tuple[int, ...]) -> dict[str, float]:
    """The largest difference of each check over the networks of `seeds`, in double precision.

    Returns:
        Relative to the largest number compared, where nothing else is said:
        iterated: the states after three iterations, and the outputs of the layered network;
        averaged: the average of the layers' derivatives, and a third of the derivative that automatic differentiation
        finds through the iterations;
        overwritten: the same with the states of the first iterations replaced by the last ones, as if they had not been
        stored;
        tied: corresponding weights after CHANGES changes by the average (an absolute difference).
    """
    generator = torch.Generator().manual_seed(535)
    inputs = torch.rand(CASES, UNITS, generator=generator, dtype=torch.float64)
    targets = torch.rand(CASES, UNITS, generator=generator, dtype=torch.float64)
    (w,) = initial_weights(SHARED, seeds, 1.0, dtype=torch.float64)
    layered = Network(
        LAYERED, with_extra_unit(inputs), targets.t().unsqueeze(-1).contiguous(), flatten([w] * ITERATIONS)
    )
    differences = {"iterated": _difference(layered.forward(), _iterate(w, inputs))}
    leaf = w.clone().requires_grad_()
    E = 0.5 * ((_iterate(leaf, inputs) - targets.t().unsqueeze(-1)) ** 2).sum()
    (through_iterations,) = torch.autograd.grad(E, leaf)
    differences["averaged"] = _difference(_average(layered), through_iterations / ITERATIONS)
    layered.forward()
    for states in layered.y[1:-1]:
        states.copy_(layered.y[-1])
    differences["overwritten"] = _difference(_average(layered), through_iterations / ITERATIONS)
    for _ in range(CHANGES):
        layered.forward()
        average = _average(layered)
        for copy in unflatten(LAYERED, layered.parameters):
            copy.sub_(average, alpha=0.5)
    first, *others = unflatten(LAYERED, layered.parameters)
    differences["tied"] = max(float((copy - first).abs().max()) for copy in others)
    return differences


def _iterate(w: Tensor, inputs: Tensor) -> Tensor:
    """The states [units, cases, S] after the iterations, all units at once, from weights [units, units + 1, S]."""
    y = inputs.t().unsqueeze(-1).expand(-1, -1, w.shape[-1])
    for _ in range(ITERATIONS):
        y = torch.sigmoid(torch.einsum("jis,ics->jcs", w[:, :-1], y) + w[:, -1:])
    return y


def _average(layered: Network) -> Tensor:
    """dE/dw averaged over corresponding weights, after a forward pass."""
    return torch.stack(layered.backward()).mean(0)


def _difference(value: Tensor, reference: Tensor) -> float:
    return float((value - reference).abs().max() / reference.abs().max())
