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
    parameters = flatten(weights).t().double()
    kept = torch.tensor(people.kept_in(held))
    shares = torch.func.vmap(_shares)(parameters, kept)
    gradient = torch.func.grad(_averaged_error)

    def product(direction: Tensor) -> Tensor:
        def along(p: Tensor, own: Tensor, share: Tensor, v: Tensor) -> Tensor:
            return torch.func.jvp(lambda q: gradient(q, own, share, margin * density), (p,), (v,))[1]

        return torch.func.vmap(along)(parameters, kept, shares, direction) * exists

    generator = torch.Generator().manual_seed(0)
    start = torch.randn(len(exists), dtype=torch.float64, generator=generator) * exists
    return _smallest_eigenvalue(product, start.expand_as(parameters)).numpy()


def density_at_edge(outputs: np.ndarray, margin: float) -> float:
    """The density of the outputs [S, 104, 24], averaged over the cases, at the edge of the margin."""
    return float((np.abs(outputs.mean(axis=1) - margin) < NEAR).mean() / (2 * NEAR))


def _outputs(parameters: Tensor) -> Tensor:
    """The outputs for all cases [104, 24]."""
    y = torch.tensor(people.arrays()[0])
    for w in unflatten(ARCHITECTURE, parameters[:, None]):
        y = torch.sigmoid(y @ w[:, :-1, 0].T + w[:, -1, 0])
    return y


def _shares(parameters: Tensor, kept: Tensor) -> Tensor:
    """The share of the sweeps with an error where a unit should be off [24], such that its errors balance."""
    y, targets = _outputs(parameters), torch.tensor(people.arrays()[1])
    pull = (y - targets) * y * (1 - y) * kept[:, None]
    up, down = -(pull * targets).sum(0), (pull * (1 - targets)).sum(0)
    return (up / down).clamp(max=1)


def _averaged_error(parameters: Tensor, kept: Tensor, shares: Tensor, jump: float) -> Tensor:
    """E with the given shares, and with the stiffness `jump` between the cases in which a unit should be off."""
    y, targets = _outputs(parameters), torch.tensor(people.arrays()[1])
    off = 1 - targets
    errors = (y - targets) ** 2 * (targets + off * shares) + jump * off * (y - y.detach()) ** 2
    return (errors * kept[:, None]).sum() / 2


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
