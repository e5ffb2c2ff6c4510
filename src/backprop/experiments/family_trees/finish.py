"""Looks at a few networks closely once all are trained: the curvature on the plateau, and what each weight is for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from backprop.engine.devices import resolve_device
from backprop.engine.networks import Network, unflatten, with_extra_unit
from backprop.experiments.family_trees import people, plateau
from backprop.experiments.family_trees.network import ARCHITECTURE
from backprop.experiments.family_trees.protocol import PLATEAU, Protocol
from backprop.experiments.family_trees.train import activities

ABLATED = 20
"""Networks in which each weight is removed in turn."""

CURVED = 6
"""Networks whose curvature on the plateau is computed."""

ALIKE = 0.05
"""A network is on the plateau while none of its outputs varies over the cases by a larger standard deviation."""


def finish(protocol: Protocol, arrays: Mapping[str, np.ndarray], device: str) -> dict[str, np.ndarray]:
    """Look at the first networks closely, given the arrays of all.

    Returns:
        curvature [CURVED, P], the most negative curvature of the averaged E at the recorded ones of PLATEAU, nan off
        the plateau; plateau_weights [min(S, CURVED), P, W], the weights of these networks, instead of those of all;
        ablated [min(S, ABLATED), W], the growth of E, over all cases and without a margin, when a weight is removed.
    """
    weights = arrays["plateau_weights"]
    alike = arrays["widest"][:, np.isin(arrays["sweeps"], PLATEAU)] < ALIKE
    curvature = [
        _curvature(protocol, torch.from_numpy(weights[:, number]), arrays["held"], alike[:, number], device)
        for number in range(weights.shape[1])
    ]
    return {
        "curvature": np.stack(curvature, axis=1) if curvature else np.empty((CURVED, 0)),
        "plateau_weights": weights[:CURVED],
        "ablated": ablation(torch.tensor(arrays["weights"][:ABLATED])).numpy(),
    }


def _curvature(protocol: Protocol, weights: Tensor, held: np.ndarray, alike: np.ndarray, device: str) -> np.ndarray:
    """The most negative curvature of the first CURVED networks, nan for those that have left the plateau.

    It is known only for half the sum of squares and a margin with a jump. If decay begins late, the plateau is that of
    the network without decay, and is not computed again.
    """
    curvature = np.full(CURVED, np.nan)
    rows = np.flatnonzero(alike[:CURVED])
    known = protocol.margin_shape == "zero" and protocol.error == "half_sum" and not protocol.decay_from
    if len(rows) and known:
        layers = unflatten(ARCHITECTURE, weights.t().contiguous())
        inputs = torch.tensor(people.arrays()[0], dtype=torch.float32)
        outputs, _ = activities(layers, inputs, resolve_device(device))
        density = plateau.density_at_edge(outputs[alike], protocol.margin)
        own = [w[..., rows] for w in layers]
        curvature[rows] = plateau.most_negative_curvature(own, held[rows], protocol.margin, density)
    return curvature


@torch.no_grad()
def ablation(weights: Tensor) -> Tensor:
    """The growth of E over all cases when a weight is set to 0, [S, W], from weights [S, W]."""
    inputs, targets = (torch.tensor(array, dtype=torch.float32) for array in people.arrays())
    y0, d = with_extra_unit(inputs), targets.t().unsqueeze(-1).contiguous()
    grown = []
    for own in weights:
        without = own[:, None] * (1 - torch.eye(len(own)))
        network = Network(ARCHITECTURE, y0, d, torch.cat([own[:, None], without], 1))
        network.forward()
        E = network.errors()
        grown.append(E[1:] - E[0])
    return torch.stack(grown)
