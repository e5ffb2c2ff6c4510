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
from backprop.engine.networks import flatten, forward, initial_weights
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.network import ARCHITECTURE, counts, mask
from backprop.experiments.family_trees.protocol import PLATEAU, Protocol

log = logging.getLogger(__name__)

BLOCK = 64  # networks whose outputs are computed together: their activities stay in a core's cache (measured)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        W is the number of parameters, masked ones included, and R that of records.
        settings [G, 3], (range of the initial weights, multiple of the rates, decay); learned [G], the mean share of
        their own cases that networks get right in the search, and complete [G], the share of networks that get all of
        them right, nan if there is one setting; chosen [], the setting used;
        seeds [S]; held [S, held_out], the cases held out; sweeps [R]; error [S, R], E over a network's own cases,
        where errors within the margin are 0; right [S, R, 104], whether all outputs are on their targets' side of 0.5;
        spread [S, R, 4], how much the activities of each layer differ between the cases, see `activities`; widest
        [S, R], the largest standard deviation of an output over the cases; plateau_weights [S, P, W], the weights at
        the recorded ones of PLATEAU, of which `finish` keeps a few networks;
        outputs [S, 104, 24] and weights [S, W] at the cap; counts [2], the weights and the biases that exist.
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
    found = _train(protocol, protocol.settings[chosen], seeds, where)
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
    right, spread, widest, plateau = [], [], [], []
    for sweep, weights in trained.weights.items():
        outputs, spreads = activities(weights, inputs, device)
        right.append(((outputs > 0.5) == (targets.numpy() > 0.5)).all(axis=2))
        spread.append(spreads)
        widest.append(outputs.std(axis=1, dtype=float).max(axis=1).astype(np.float32))
        if sweep in PLATEAU:
            plateau.append(flatten(weights).t().numpy())
    return {
        "held": held,
        "sweeps": trained.error_sweeps.numpy(),
        "error": trained.errors.numpy().T,
        "right": np.stack(right, axis=1),
        "spread": np.stack(spread, axis=1),
        "widest": np.stack(widest, axis=1),
        "plateau_weights": np.stack(plateau, axis=1) if plateau else np.empty((len(seeds), 0, 0), np.float32),
        "outputs": outputs,
        "weights": flatten(trained.weights[protocol.sweeps]).t().numpy(),
    }


def recorded(protocol: Protocol) -> list[int]:
    """The numbers of sweeps after which records are taken: 0, every `record_every`, and the cap."""
    return sorted({*range(0, protocol.sweeps, protocol.record_every), protocol.sweeps})


@torch.no_grad()
def activities(weights: list[Tensor], inputs: Tensor, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """The outputs for all cases [S, 104, 24], and the spread of each layer above the inputs [S, 4].

    The spread of a layer is the median over its units of the standard deviation of their activity over the cases.
    """
    outputs, spreads = [], []
    for columns in torch.arange(weights[0].shape[-1]).split(BLOCK):
        # a network's last bits depend on its place in an incomplete vector, so copies of the last network complete it
        places = training.padded(columns, Protocol.side_by_side)
        _, *layers = (
            y[..., : len(columns)] for y in forward(ARCHITECTURE, [w[..., places].to(device) for w in weights], inputs)
        )
        outputs.append(layers[-1].permute(2, 1, 0))
        spreads.append(torch.stack([y.double().std(1, correction=0).median(0).values for y in layers], 1))
    return torch.cat(outputs).cpu().numpy(), torch.cat(spreads).float().cpu().numpy()
