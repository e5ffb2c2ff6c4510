"""Trains to the cap, measures gradient and Hessian at every kept sweep, and displaces the unsolved networks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, flatten, unflatten
from backprop.experiments.long_run.protocol import Protocol
from backprop.experiments.symmetry import train as symmetry

log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        The arrays of Experiment 1's training, and
        gradient_norm [S, K], the norm of dE/dw at the kept sweeps;
        eigenvalues [S, K, W] of the Hessian of E at the kept sweeps, ascending;
        knocked_first_sweep [S, knocks], the sweep at which a displaced network solved the task, -1 if it did not,
        -2 if the network was not displaced because it had solved the task or diverged;
        knocked_error [S, knocks], E after `knock_sweeps`, nan if not displaced.
    """
    arrays = symmetry.train(protocol, seeds, device, data)
    architecture = Architecture((protocol.bits, protocol.hidden_units, 1))
    inputs, targets = (cases.double() for cases in symmetry.patterns(protocol))
    kept = []
    for sweep in range(arrays["layer_1"].shape[1]):
        log.info("gradient and Hessian after %d sweeps", arrays["kept_sweeps"][sweep])
        parameters = flatten(_stacked(arrays, sweep))
        gradient, eigenvalues = curvature(architecture, parameters.double(), inputs, targets)
        kept.append((gradient.norm(dim=0).numpy(), eigenvalues.numpy()))
    arrays["gradient_norm"] = np.stack([norm for norm, _ in kept], axis=1)
    arrays["eigenvalues"] = np.stack([values for _, values in kept], axis=1)
    return arrays | _knock(protocol, architecture, arrays, seeds, device)


def curvature(architecture: Architecture, parameters: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of E, equation (3), and the eigenvalues of its Hessian, by automatic differentiation.

    Args:
        architecture: logistic units, no connections that skip a layer.
        parameters: [W, networks].
        inputs: [cases, inputs].
        targets: [cases, outputs].

    Returns:
        The gradient [W, networks] and the eigenvalues [networks, W], ascending; nan for a diverged network.
    """
    leaf = parameters.clone().requires_grad_()
    y = inputs.t().unsqueeze(-1).expand(-1, -1, leaf.shape[1])
    for w in unflatten(architecture, leaf):
        y = torch.sigmoid(torch.einsum("jis,ics->jcs", w[:, :-1], y) + w[:, -1:])
    E = (y - targets.t().unsqueeze(-1)).square().sum() / 2
    (gradient,) = torch.autograd.grad(E, leaf, create_graph=True)
    # networks are independent, so one backward pass gives a row of every network's Hessian
    rows = [torch.autograd.grad(row.sum(), leaf, retain_graph=True)[0] for row in gradient]
    hessian = torch.stack(rows).permute(2, 0, 1)
    eigenvalues = torch.full((leaf.shape[1], leaf.shape[0]), torch.nan, dtype=leaf.dtype)
    finite = hessian.isfinite().all(dim=2).all(dim=1)
    eigenvalues[finite] = torch.linalg.eigvalsh(hessian[finite])
    return gradient.detach(), eigenvalues


def _stacked(arrays: Mapping[str, np.ndarray], sweep: int) -> list[Tensor]:
    """The weights at a kept sweep in the shape of the engine, networks last."""
    return [torch.from_numpy(arrays[name][:, sweep]).permute(1, 2, 0).contiguous() for name in ("layer_1", "layer_2")]


def _knock(
    protocol: Protocol,
    architecture: Architecture,
    arrays: Mapping[str, np.ndarray],
    seeds: tuple[int, ...],
    device: str,
) -> dict[str, np.ndarray]:
    """Displace every unsolved network in a random direction, by each size, and train it again."""
    shape = (len(seeds), len(protocol.knocks))
    first_sweep, errors = np.full(shape, -2), np.full(shape, np.nan, dtype=np.float32)
    unsolved = np.flatnonzero((arrays["first_sweep"][:, 0] < 0) & np.isfinite(arrays["errors"][:, -1]))
    if unsolved.size:
        parameters = flatten(_stacked(arrays, -1))[:, unsolved]
        directions = [np.random.default_rng([seeds[i], 2]).normal(size=len(parameters)) for i in unsolved]
        direction = torch.tensor(np.stack(directions, axis=1), dtype=parameters.dtype)
        direction *= parameters.norm(dim=0) / direction.norm(dim=0)
        inputs, targets = symmetry.patterns(protocol)
        low, high = protocol.targets
        for column, size in enumerate(protocol.knocks):
            log.info("%d unsolved networks displaced by %g of their norm", unsolved.size, size)
            trained = training.train(
                training.Task(architecture, inputs, targets),
                unflatten(architecture, parameters + size * direction),
                symmetry.update(protocol),
                protocol.knock_sweeps,
                criteria=training.Criteria((0.5 * (high - low),)),
                record=training.Record(every=protocol.knock_sweeps),
                device=resolve_device(device),
            )
            first_sweep[unsolved, column] = trained.first_sweep[0].numpy()
            errors[unsolved, column] = trained.errors[-1].numpy()
    return {"knocked_first_sweep": first_sweep, "knocked_error": errors}
