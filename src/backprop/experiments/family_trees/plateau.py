"""How fast differences between cases grow, or shrink, while a network still gives the same answer to every question.

Early in training the outputs move to the edge of the margin, .2, and stay there. Above it the many cases in which a
unit should be off push it down. Below it only the few cases in which it should be on have an error, and push it up. On
this plateau a unit's errors therefore balance over the sweeps. The averaged error counts the cases in which a unit
should be off with the share of sweeps that balances them. It also has a stiffness: a case with a slightly higher output
is above the edge more often, by the density of the outputs at the edge, and there its error jumps from 0 to .2.

The update of the caption of RHW Fig. 4, a change by momentum and then decay, multiplies a direction of curvature h by
the eigenvalues of

    [ k (1 - epsilon h)   k alpha ]
    [     -epsilon h        alpha ]      with k = 1 - decay,

acting on a weight and its last change. The direction of the most negative curvature grows fastest. A direction without
curvature shrinks by the decay. `stall.growth` computes the growth; this module computes the curvature.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from backprop.engine.networks import flatten, unflatten
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.network import ARCHITECTURE, mask

STEPS = 60
"""Steps of Lanczos's method; more change the curvature by less than one per cent (measured)."""

NEAR = 0.003
"""Outputs within this distance of the edge of the margin give the density there."""


def most_negative_curvature(weights: list[Tensor], held: np.ndarray, margin: float, density: float) -> np.ndarray:
    """The smallest eigenvalue of the Hessian of the averaged E [S].

    Args:
        weights: one tensor [n_l, fan_in + 1, S] per layer, those that do not exist being 0.
        held: the cases that each network does not learn [S, k].
        margin: the width of the margin.
        density: of the outputs at the edge of the margin, as `density_at_edge` returns it.
    """
    exists = mask()[:, 0].double()
    parameters = flatten(weights).t().double().requires_grad_()
    kept = torch.tensor(people.kept_in(held))
    # the networks do not depend on each other, so one gradient of the sum of their errors serves all
    E = _averaged_errors(parameters, kept, margin * density).sum()
    (gradient,) = torch.autograd.grad(E, parameters, create_graph=True)

    def product(direction: Tensor) -> Tensor:
        return torch.autograd.grad((gradient * direction).sum(), parameters, retain_graph=True)[0] * exists

    generator = torch.Generator().manual_seed(0)
    start = torch.randn(len(exists), dtype=torch.float64, generator=generator) * exists
    return _smallest_eigenvalue(product, start.expand_as(parameters)).numpy()


def density_at_edge(outputs: np.ndarray, margin: float) -> float:
    """The density of the outputs [S, 104, 24], averaged over the cases, at the edge of the margin."""
    return float((np.abs(outputs.mean(axis=1) - margin) < NEAR).mean() / (2 * NEAR))


def _outputs(parameters: Tensor) -> Tensor:
    """The outputs for all cases [S, 104, 24] of networks with these parameters [S, W]."""
    y = torch.tensor(people.arrays()[0])
    for w in unflatten(ARCHITECTURE, parameters.t()):
        w = w.permute(2, 1, 0)
        y = torch.sigmoid(y @ w[:, :-1] + w[:, -1:])
    return y


def _averaged_errors(parameters: Tensor, kept: Tensor, jump: float) -> Tensor:
    """The averaged E [S], with the stiffness `jump` between the cases in which a unit should be off.

    The share of the sweeps with an error where a unit should be off is such that its errors balance at these weights;
    it does not change with them.
    """
    y, targets = _outputs(parameters), torch.tensor(people.arrays()[1])
    off, kept = 1 - targets, kept[:, :, None].double()
    here = y.detach()
    pull = (here - targets) * here * (1 - here) * kept
    shares = (-(pull * targets).sum(1, keepdim=True) / (pull * off).sum(1, keepdim=True)).clamp(max=1)
    errors = (y - targets) ** 2 * (targets + off * shares) + jump * off * (y - here) ** 2
    return (errors * kept).sum((1, 2)) / 2


def _smallest_eigenvalue(product: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """The smallest eigenvalue of each of S symmetric matrices, from their products with vectors [S, W]."""
    basis = [start / start.norm(dim=1, keepdim=True)]
    diagonal, beside = [], []
    for _ in range(STEPS):
        v = product(basis[-1])
        diagonal.append((v * basis[-1]).sum(1))
        stacked = torch.stack(basis, 1)
        for _ in range(2):  # once is not enough to keep the basis orthogonal
            v = v - torch.einsum("skw,sk->sw", stacked, torch.einsum("skw,sw->sk", stacked, v))
        beside.append(v.norm(dim=1))
        basis.append(v / v.norm(dim=1, keepdim=True))
    tridiagonal = torch.diag_embed(torch.stack(diagonal, 1))
    for offset in (1, -1):
        tridiagonal += torch.diag_embed(torch.stack(beside[:-1], 1), offset)
    return torch.linalg.eigvalsh(tridiagonal)[:, 0]
