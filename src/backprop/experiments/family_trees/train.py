"""Trains one network per seed on its own cases, after a search for a setting that learns if there are several."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop import progress
from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Network, flatten, forward, initial_weights, with_extra_unit
from backprop.experiments.family_trees import people, plateau
from backprop.experiments.family_trees.network import ARCHITECTURE, counts, mask
from backprop.experiments.family_trees.protocol import PLATEAU, Protocol

log = logging.getLogger(__name__)

BLOCK = 64  # networks whose outputs are computed together: their activities stay in a core's cache (measured)
ABLATED = 20
"""Networks in which each weight is removed in turn."""

CURVED = 6
"""Networks whose curvature on the plateau is computed."""

ALIKE = 0.05
"""A network is on the plateau while none of its outputs varies over the cases by a larger standard deviation."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        W is the number of parameters, masked ones included, and R that of records.
        settings [G, 3], (range of the initial weights, multiple of the rates, decay); learned [G], the mean share of
        their own cases that networks get right in the search, and complete [G], the share of networks that get all of
        them right, nan if there is one setting; chosen [], the setting used;
        seeds [S]; held [S, held_out], the cases held out; sweeps [R]; error [S, R], E over a network's own cases,
        where errors within the margin are 0; right [S, R, 104], whether all outputs are on their targets' side of 0.5;
        spread [S, R, 4], how much the activities of each layer differ between the cases, see `_activities`; widest
        [S, R], the largest standard deviation of an output over the cases; curvature [CURVED, the recorded ones of
        PLATEAU], the most negative curvature of the averaged E, nan off the plateau;
        outputs [S, 104, 24] and weights [S, W] at the cap; counts [2], the weights and the biases that exist;
        ablated [min(S, ABLATED), W], the growth of E, over all cases and without a margin, when a weight is removed.
    """
    where = resolve_device(device)
    learned, complete = np.full((2, len(protocol.settings)), np.nan)
    chosen = 0
    if len(protocol.settings) > 1:
        for number, setting in enumerate(progress.through(protocol.settings, "setting")):
            found = _train(protocol, setting, protocol.fresh_seeds_after(protocol.search_seeds), where)
            kept, right = people.kept_in(found["held"]), found["right"][:, -1]
            learned[number], complete[number] = right[kept].mean(), (right | ~kept).all(axis=1).mean()
            log.info("range %g, rates x %g, decay %g: %.1f%% of the cases", *setting, 100 * learned[number])
        chosen = int(learned.argmax())
    found = _train(protocol, protocol.settings[chosen], seeds, where, curved=CURVED)
    found["ablated"] = ablation(torch.tensor(found["weights"][:ABLATED])).numpy()
    return {
        "settings": np.array(protocol.settings),
        "learned": learned,
        "complete": complete,
        "chosen": np.array(chosen),
        "counts": np.array(counts()),
        "seeds": np.array(seeds),
        **found,
    }


def held_out(seeds: tuple[int, ...], count: int) -> np.ndarray:
    """The cases that each network is not trained on [S, count], drawn by its seed's own generator."""
    drawn = [np.random.default_rng([seed, 3]).permutation(len(people.CASES))[:count] for seed in seeds]
    return np.stack(drawn)


def _train(
    protocol: Protocol,
    setting: tuple[float, float, float],
    seeds: tuple[int, ...],
    device: torch.device,
    curved: int = 0,
) -> dict[str, np.ndarray]:
    """Equation (9) with the margin and the decay of Figure 4, each network on its own cases."""
    weight_range, scale, decay = setting
    inputs, targets = (torch.tensor(array, dtype=torch.float32) for array in people.arrays())
    held = held_out(seeds, protocol.held_out)
    first, later = (scale * epsilon for epsilon in protocol.epsilons)
    record = training.Record(recorded(protocol), every=protocol.record_every)
    # a network within the margin has no gradient, and its last change fades into numbers that are slow to compute with
    torch.set_flush_denormal(True)
    try:
        trained = training.train(
            training.Task(
                ARCHITECTURE,
                inputs,
                targets,
                protocol.error,
                margin=training.Margin(protocol.margin, protocol.margin_shape),
                learned=torch.tensor(people.kept_in(held).T),
                mask=mask(),
            ),
            initial_weights(ARCHITECTURE, seeds, weight_range),
            training.Descent(
                training.Piecewise((first, later), boundaries=(protocol.first_sweeps,)),
                training.Piecewise(protocol.alphas, boundaries=(protocol.first_sweeps,)),
                decay=training.Decay(decay, None if protocol.decay_biases else 0.0, protocol.decay_from),
            ),
            protocol.sweeps,
            criteria=training.Criteria(bounds=()),
            record=record,
            device=device,
        )
    finally:
        torch.set_flush_denormal(False)
    right, spread, widest, curvature = [], [], [], []
    for sweep, weights in trained.weights.items():
        outputs, spreads = _activities(weights, inputs, device)
        right.append(((outputs > 0.5) == (targets.numpy() > 0.5)).all(axis=2))
        spread.append(spreads)
        widest.append(outputs.std(axis=1, dtype=float).max(axis=1).astype(np.float32))
        if sweep in PLATEAU:
            curvature.append(_curvature(protocol, weights, held, outputs, widest[-1] < ALIKE, curved))
    return {
        "held": held,
        "sweeps": trained.error_sweeps.numpy(),
        "error": trained.errors.numpy().T,
        "right": np.stack(right, axis=1),
        "spread": np.stack(spread, axis=1),
        "widest": np.stack(widest, axis=1),
        "curvature": np.stack(curvature, axis=1) if curvature else np.empty((curved, 0)),
        "outputs": outputs,
        "weights": flatten(trained.weights[protocol.sweeps]).t().numpy(),
    }


def recorded(protocol: Protocol) -> list[int]:
    """The numbers of sweeps after which records are taken: 0, every `record_every`, and the cap."""
    return sorted({*range(0, protocol.sweeps, protocol.record_every), protocol.sweeps})


@torch.no_grad()
def _activities(weights: list[Tensor], inputs: Tensor, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """The outputs for all cases [S, 104, 24], and the spread of each layer above the inputs [S, 4].

    The spread of a layer is the median over its units of the standard deviation of their activity over the cases.
    """
    outputs, spreads = [], []
    for block in zip(*(w.to(device).split(BLOCK, dim=-1) for w in weights), strict=True):
        _, *layers = forward(ARCHITECTURE, block, inputs)
        outputs.append(layers[-1].permute(2, 1, 0))
        spreads.append(torch.stack([y.double().std(1, correction=0).median(0).values for y in layers], 1))
    return torch.cat(outputs).cpu().numpy(), torch.cat(spreads).float().cpu().numpy()


def _curvature(
    protocol: Protocol, weights: list[Tensor], held: np.ndarray, outputs: np.ndarray, alike: np.ndarray, curved: int
) -> np.ndarray:
    """The most negative curvature of the first `curved` networks, nan for those that have left the plateau.

    It is known only for half the sum of squares and a margin with a jump. If decay begins late, the plateau is that of
    the network without decay, and is not computed again.
    """
    curvature = np.full(curved, np.nan)
    rows = np.flatnonzero(alike[:curved])
    known = protocol.margin_shape == "zero" and protocol.error == "half_sum" and not protocol.decay_from
    if len(rows) and known:
        density = plateau.density_at_edge(outputs[alike], protocol.margin)
        own = [w[..., rows] for w in weights]
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
