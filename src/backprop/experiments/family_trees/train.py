"""Trains one network per seed on its own cases, after a search for a setting that learns if there are several."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop.engine.devices import resolve_device
from backprop.engine.networks import Network, flatten, initial_weights, with_extra_unit
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.network import ARCHITECTURE, counts, mask
from backprop.experiments.family_trees.protocol import Protocol

log = logging.getLogger(__name__)

BLOCK = 64  # networks trained together: their activities stay in a core's cache (measured)
ABLATED = 20
"""Networks in which each weight is removed in turn."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        W is the number of parameters, masked ones included, and R that of records.
        settings [G, 3], (range of the initial weights, multiple of the rates, decay), and learned [G], the mean share
        of their own cases that networks get right in the search, nan if there is one setting; chosen [], the setting
        used;
        seeds [S]; held [S, held_out], the cases held out; sweeps [R]; error [S, R], E over a network's own cases,
        where errors within the margin are 0; right [S, R, 104], whether all outputs are on their targets' side of 0.5;
        outputs [S, 104, 24] and weights [S, W] at the cap; counts [2], the weights and the biases that exist;
        ablated [min(S, ABLATED), W], the growth of E, over all cases and without a margin, when a weight is removed.
    """
    where = resolve_device(device)
    learned = np.full(len(protocol.settings), np.nan)
    chosen = 0
    if len(protocol.settings) > 1:
        for number, setting in enumerate(protocol.settings):
            found = _train(protocol, setting, protocol.fresh_seeds_after(protocol.search_seeds), where)
            kept = people.kept_in(found["held"])
            learned[number] = found["right"][:, -1][kept].mean()
            log.info("range %g, rates x %g, decay %g: %.1f%% of the cases", *setting, 100 * learned[number])
        chosen = int(learned.argmax())
    found = _train(protocol, protocol.settings[chosen], seeds, where)
    found["ablated"] = ablation(torch.tensor(found["weights"][:ABLATED])).numpy()
    return {
        "settings": np.array(protocol.settings),
        "learned": learned,
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
    protocol: Protocol, setting: tuple[float, float, float], seeds: tuple[int, ...], device: torch.device
) -> dict[str, np.ndarray]:
    blocks = [seeds[start : start + BLOCK] for start in range(0, len(seeds), BLOCK)]
    found = [_block(protocol, setting, block, device) for block in blocks]
    made = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    return made | {"sweeps": np.array(recorded(protocol))}


def recorded(protocol: Protocol) -> list[int]:
    """The numbers of sweeps after which records are taken: 0, every `record_every`, and the cap."""
    return sorted({*range(0, protocol.sweeps, protocol.record_every), protocol.sweeps})


@torch.no_grad()
def _block(
    protocol: Protocol, setting: tuple[float, float, float], seeds: tuple[int, ...], device: torch.device
) -> dict[str, np.ndarray]:
    """Equation (9) with the margin and the decay of Figure 4, all networks side by side."""
    weight_range, scale, decay = setting
    inputs, targets = (torch.tensor(array, dtype=torch.float32, device=device) for array in people.arrays())
    exists = mask().to(device)
    w = (flatten(initial_weights(ARCHITECTURE, seeds, weight_range)).to(device) * exists).contiguous()
    d = targets.t().unsqueeze(-1).contiguous()
    network = Network(ARCHITECTURE, with_extra_unit(inputs), d, w)
    held = held_out(seeds, protocol.held_out)
    learns = torch.tensor(people.kept_in(held).T, dtype=torch.float32, device=device)
    change = torch.zeros_like(w)
    marks, right, errors = recorded(protocol), [], []
    for sweep in range(protocol.sweeps + 1):
        y = network.forward()
        e = network.deviation
        if sweep in marks:
            right.append(((y > 0.5) == (d > 0.5)).all(0).t().cpu().numpy())
        e.mul_(e.abs() > protocol.margin).mul_(learns)  # no error within the margin, none from cases that are kept out
        if sweep in marks:
            errors.append(network.errors().cpu().numpy())
        if sweep == protocol.sweeps:
            break
        network.backward()
        late = sweep >= protocol.first_sweeps
        change.mul_(protocol.alphas[late]).sub_(network.gradient.mul_(exists), alpha=scale * protocol.epsilons[late])
        w.add_(change).mul_(1 - decay)
    return {
        "held": held,
        "error": np.stack(errors, axis=1),
        "right": np.stack(right, axis=1),
        "outputs": y.permute(2, 1, 0).cpu().numpy(),
        "weights": w.t().cpu().numpy(),
    }


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
