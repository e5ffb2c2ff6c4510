"""Computes each equation twice, and runs gradient descent and second-derivative methods from the same weights."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from scipy import optimize
from torch import Tensor

from backprop.engine import training
from backprop.engine.compiled import FusedNetwork
from backprop.engine.devices import resolve_device
from backprop.engine.networks import (
    Architecture,
    Network,
    flatten,
    forward,
    initial_weights,
    unflatten,
    with_extra_unit,
)
from backprop.experiments.equations import iterative
from backprop.experiments.equations.protocol import Protocol
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry import train as symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry

log = logging.getLogger(__name__)

LAYERED, SKIPPING = Architecture((5, 4, 3, 2)), Architecture((5, 4, 3, 2), skip=True)
CASES, SWEEPS, STEP = 12, 100, 1e-5
LOOK = 100
"""Sweeps after which the methods' E are compared."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Run the checks and the comparison.

    Returns:
        one number per check, the largest disagreement relative to the largest number compared (see `checks`);
        initial [S, 17], the weights drawn; seeds [S];
        descent [S], l_bfgs [S], levenberg_marquardt [S]: sweeps, or evaluations, until every output is on its side
        of the middle, -1 if that did not happen by the cap or before the method ended;
        descent_error [S], l_bfgs_error [S], levenberg_marquardt_error [S]: the smallest E in the first LOOK.
    """
    found = {name: np.array(value) for name, value in checks(seeds[: protocol.checked]).items()}
    architecture = Architecture((6, 2, 1))
    weights = initial_weights(architecture, seeds, protocol.weight_range)
    low, high = protocol.targets
    inputs, targets = symmetry.patterns(Symmetry(targets=protocol.targets))
    descent = training.train(
        architecture,
        inputs,
        targets,
        weights=weights,
        update=training.Descent(protocol.epsilon, protocol.alpha),
        sweeps=protocol.sweeps,
        bounds=(0.5 * (high - low),),
        record_every=1,
        device=resolve_device(device),
    )
    initial = flatten(weights).t().double().numpy()
    for name, method in METHODS.items():
        log.info("%s", name)
        tried = [_evaluations(method, start, protocol) for start in initial]
        found[name] = np.array([evaluations for evaluations, _ in tried])
        found[f"{name}_error"] = np.array([error for _, error in tried])
    early = descent.errors[descent.error_sweeps <= LOOK].amin(0).numpy()
    return found | {
        "seeds": np.array(seeds),
        "initial": initial,
        "descent": descent.first_sweep[0].numpy(),
        "descent_error": early.astype(float),
    }


def checks(seeds: tuple[int, ...]) -> dict[str, float]:
    """The largest relative disagreement between our two passes and update and other ways to compute the same."""
    generator = torch.Generator().manual_seed(1986)
    inputs = torch.rand(CASES, 5, generator=generator, dtype=torch.float64)
    targets = torch.rand(CASES, 2, generator=generator, dtype=torch.float64)
    found: dict[str, list[float]] = {}

    def note(name: str, ours: Tensor, other: Tensor) -> None:
        found.setdefault(name, []).append(float((ours - other).abs().max() / other.abs().max()))

    for architecture in (LAYERED, SKIPPING):
        weights = initial_weights(architecture, seeds, 1.0, dtype=torch.float64)
        note("forward", forward(architecture, weights, inputs)[-1], _written_out(architecture, weights, inputs))
        E, ours = _gradient(architecture, flatten(weights), inputs, targets)
        note("error", E, _written_error(architecture, weights, inputs, targets))
        leaves = flatten(weights).requires_grad_()
        expected = _written_error(architecture, unflatten(architecture, leaves), inputs, targets).sum()
        note("autograd", ours, torch.autograd.grad(expected, leaves)[0])
        note("differences", ours[:, :1], _differences(architecture, flatten(weights)[:, :1], inputs, targets))
        single = [_gradient(architecture, flatten(weights), inputs[[c]], targets[[c]])[1] for c in range(CASES)]
        note("batch", ours, torch.stack(single).sum(0))
        note("momentum", *_updates(architecture, weights, inputs, targets, 0.9))
        note("no_momentum", *_updates(architecture, weights, inputs, targets, 0.0))
        note("one_change", *_one_change(architecture, weights, inputs, targets))
        ones = torch.cat([inputs, torch.ones(CASES, 1, dtype=torch.float64)], 1)
        note("bias", *_bias_as_weight(weights[0], inputs, ones))
    for name, pair in _structure(seeds, inputs).items():
        note(name, *pair)
    note("compiled", *_compiled(seeds))
    return {name: max(values) for name, values in found.items()} | iterative.checks(seeds)


def _compiled(seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """dE/dw of Experiment 1 in single precision, as most networks here are trained, and written out in double."""
    architecture = Architecture((6, 2, 1))
    inputs, targets = symmetry.patterns(Symmetry())
    parameters = flatten(initial_weights(architecture, seeds, 1.0))
    network = FusedNetwork(architecture, with_extra_unit(inputs), targets.t().unsqueeze(-1), parameters)
    network.forward()
    leaves = parameters.double().requires_grad_()
    E = _written_error(architecture, unflatten(architecture, leaves), inputs.double(), targets.double()).sum()
    return network.gradient.double(), torch.autograd.grad(E, leaves)[0]


def _written_out(architecture: Architecture, weights: list[Tensor], inputs: Tensor) -> Tensor:
    """Equations (1) and (2) unit by unit: x_j is the sum of y_i w_ji, the bias comes from a unit fixed at 1."""
    below = [[inputs[:, i, None].expand(-1, weights[0].shape[-1]) for i in range(inputs.shape[1])]]
    for w in weights:
        sources = [unit for layer in below for unit in layer] if architecture.skip else below[-1]
        sources = [*sources, torch.ones_like(sources[0])]
        total = [sum(y * w[j, i] for i, y in enumerate(sources)) for j in range(w.shape[0])]
        below.append([1 / (1 + torch.exp(-torch.as_tensor(x))) for x in total])
    return torch.stack(below[-1])


def _written_error(architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """Equation (3): half the sum over cases and outputs."""
    return 0.5 * ((_written_out(architecture, weights, inputs) - targets.t().unsqueeze(-1)) ** 2).sum((0, 1))


def _gradient(architecture: Architecture, parameters: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """E and dE/dw by our two passes."""
    network = Network(architecture, with_extra_unit(inputs), targets.t().unsqueeze(-1).contiguous(), parameters)
    network.forward()
    network.backward()
    return network.errors(), network.gradient.clone()


def _differences(architecture: Architecture, parameters: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """dE/dw of one network by central differences."""
    moves = STEP * torch.eye(len(parameters), dtype=parameters.dtype)
    above, below = (_gradient(architecture, (parameters + s * moves).contiguous(), inputs, targets)[0] for s in (1, -1))
    return ((above - below) / (2 * STEP)).unsqueeze(1)


def _updates(
    architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor, alpha: float
) -> tuple[Tensor, Tensor]:
    """Weights after some sweeps by equation (9), or (8), and by torch's SGD along autograd's gradient."""
    ours = training.train(
        architecture, inputs, targets, weights=weights, update=training.Descent(0.1, alpha), sweeps=SWEEPS,
        keep=(SWEEPS,), dtype=torch.float64,
    )  # fmt: skip
    leaves = flatten(weights).requires_grad_()
    optimizer = torch.optim.SGD([leaves], lr=0.1, momentum=alpha)
    for _ in range(SWEEPS):
        optimizer.zero_grad()
        _written_error(architecture, unflatten(architecture, leaves), inputs, targets).sum().backward()
        optimizer.step()
    return flatten(ours.weights[SWEEPS]), leaves.detach()


def _one_change(
    architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """The change in one sweep through all cases, and -epsilon times the gradients of the single cases, summed."""
    trained = training.train(
        architecture, inputs, targets, weights=weights, update=training.Descent(0.1, 0.9), sweeps=1, keep=(1,),
        dtype=torch.float64,
    )  # fmt: skip
    single = [_gradient(architecture, flatten(weights), inputs[[c]], targets[[c]])[1] for c in range(CASES)]
    return flatten(trained.weights[1]) - flatten(weights), -0.1 * torch.stack(single).sum(0)


def _bias_as_weight(w: Tensor, inputs: Tensor, ones: Tensor) -> tuple[Tensor, Tensor]:
    """One layer with biases, and one whose biases are weights from a sixth input fixed at 1."""
    with_bias = forward(Architecture((5, len(w))), [w], inputs)[-1]
    without = torch.cat([w, torch.zeros_like(w[:, :1])], 1)
    return with_bias, forward(Architecture((6, len(w))), [without], ones)[-1]


def _structure(seeds: tuple[int, ...], inputs: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """What depends on what: pairs of activities that must not differ, and, for `skips`, whether an effect is there."""
    weights = initial_weights(SKIPPING, seeds, 1.0, dtype=torch.float64)
    before = forward(SKIPPING, weights, inputs)
    higher = [weights[0], weights[1], weights[2] + 1]
    one_unit = [weights[0], weights[1].clone(), weights[2]]
    one_unit[1][0] += 1
    severed = [torch.zeros_like(weights[0]), torch.zeros_like(weights[1]), weights[2].clone()]
    severed[2][:, 5:] = 0  # the outputs see the inputs alone
    direct = forward(SKIPPING, severed, inputs)[-1]
    alone = forward(
        Architecture((5, 2)), [torch.cat([weights[2][:, :5], torch.zeros_like(weights[2][:, :1])], 1)], inputs
    )
    return {
        "downward": (forward(SKIPPING, higher, inputs)[2], before[2]),
        "within": (forward(SKIPPING, one_unit, inputs)[2][1:], before[2][1:]),
        "skips": (direct, alone[-1]),
    }


class _SolvedError(Exception):
    """Every output is on its side of the middle."""


class _Counted:
    """E of one 6-2-1 network with its first derivatives, counting every evaluation until the task is solved."""

    def __init__(self, protocol: Protocol) -> None:
        bits = measures.cases()
        self._y0 = np.c_[bits, np.ones(len(bits))]
        self._d = np.where(measures.is_palindrome(bits), protocol.targets[1], protocol.targets[0])
        self._middle = 0.5 * (protocol.targets[1] - protocol.targets[0])
        self._cap = protocol.evaluations
        self.lowest = np.inf  # E within the first LOOK evaluations
        self.evaluations = -1  # the first one looks at the initial weights: zero sweeps

    def residuals(self, w: np.ndarray) -> np.ndarray:
        """The deviations y - d [cases], whose squares E sums."""
        self._hidden = measures.logistic(self._y0 @ w[:14].reshape(2, 7).T)
        self._y = measures.logistic(self._hidden @ w[14:16] + w[16])
        self.evaluations += 1
        deviation = self._y - self._d
        if self.evaluations <= LOOK:
            self.lowest = min(self.lowest, 0.5 * float(deviation @ deviation))
        if np.abs(deviation).max() < self._middle:
            raise _SolvedError
        if self.evaluations >= self._cap:
            raise StopIteration
        return deviation

    def jacobian(self, w: np.ndarray) -> np.ndarray:
        """The derivatives of the deviations by the weights, [cases, 17], at the weights evaluated last."""
        slope = (self._y * (1 - self._y))[:, None]
        below = slope * w[14:16] * self._hidden * (1 - self._hidden)
        first = (below[:, :, None] * self._y0[:, None, :]).reshape(len(slope), 14)
        return np.c_[first, slope * self._hidden, slope]

    def value_and_gradient(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """E and dE/dw."""
        deviation = self.residuals(w)
        return 0.5 * float(deviation @ deviation), deviation @ self.jacobian(w)


def _l_bfgs(task: _Counted, start: np.ndarray) -> None:
    optimize.minimize(
        task.value_and_gradient, start, jac=True, method="L-BFGS-B",
        options={"maxfun": 10**6, "maxiter": 10**6, "ftol": 0, "gtol": 0},
    )  # fmt: skip


def _levenberg_marquardt(task: _Counted, start: np.ndarray) -> None:
    def jacobian(w: np.ndarray) -> np.ndarray:
        task.residuals(w)  # counted: a derivative costs a pass of its own
        return task.jacobian(w)

    optimize.least_squares(
        task.residuals, start, jac=jacobian, method="lm", max_nfev=10**6, ftol=1e-15, xtol=1e-15, gtol=1e-15
    )


METHODS: dict[str, Callable[[_Counted, np.ndarray], None]] = {
    "l_bfgs": _l_bfgs,
    "levenberg_marquardt": _levenberg_marquardt,
}


def _evaluations(
    method: Callable[[_Counted, np.ndarray], None], start: np.ndarray, protocol: Protocol
) -> tuple[int, float]:
    """Evaluations until the task was solved, -1 if it was not, and the smallest E within the first LOOK."""
    task = _Counted(protocol)
    try:
        method(task, start)
    except _SolvedError:
        return task.evaluations, task.lowest
    except StopIteration:
        pass
    return -1, task.lowest
