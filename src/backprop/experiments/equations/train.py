"""Runs the checks of the equations, then gradient descent and second-derivative methods from the same weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, flatten, initial_weights
from backprop.experiments.equations.checks import disagreements
from backprop.experiments.equations.protocol import EARLY, Protocol
from backprop.experiments.equations.solvers import SOLVERS, evaluations
from backprop.experiments.symmetry import train as symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry

log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Run the checks and the comparison of methods.

    Returns:
        one number per check, see `checks.disagreements`;
        seeds [S]; initial [S, 17], the initial weights;
        descent [S], l_bfgs [S], levenberg_marquardt [S]: sweeps, or evaluations, until every output is on its target's
        side of the middle; -1 if that does not happen by the cap or before the method ends;
        descent_error [S], l_bfgs_error [S], levenberg_marquardt_error [S]: the smallest E within EARLY sweeps.
    """
    arrays = {name: np.array(value) for name, value in disagreements(seeds[: protocol.checked]).items()}
    architecture = Architecture((6, 2, 1))
    weights = initial_weights(architecture, seeds, protocol.weight_range)
    low, high = protocol.targets
    inputs, targets = symmetry.patterns(Symmetry(targets=protocol.targets))
    descent = training.train(
        training.Task(architecture, inputs, targets),
        weights,
        training.Descent(protocol.epsilon, protocol.alpha),
        protocol.sweeps,
        criteria=training.Criteria((0.5 * (high - low),)),
        record=training.Record(every=1),
        device=resolve_device(device),
    )
    initial = flatten(weights).t().double().numpy()
    for name, solver in SOLVERS.items():
        log.info("%s", name)
        results = [evaluations(solver, start, protocol) for start in initial]
        arrays[name] = np.array([count for count, _ in results])
        arrays[f"{name}_error"] = np.array([lowest for _, lowest in results])
    early = descent.errors[descent.error_sweeps <= EARLY].amin(0).numpy()
    return arrays | {
        "seeds": np.array(seeds),
        "initial": initial,
        "descent": descent.first_sweep[0].numpy(),
        "descent_error": early.astype(float),
    }
