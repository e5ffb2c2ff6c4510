"""Each equation of the procedure computed in a second way, in double precision, and compared with the engine's."""

from __future__ import annotations

import torch
from torch import Tensor

from backprop.engine import training
from backprop.engine.compiled import CompiledNetwork
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
from backprop.experiments.equations.protocol import CHANGES
from backprop.experiments.symmetry import train as symmetry
from backprop.experiments.symmetry.protocol import Protocol as Symmetry

LAYERED, SKIPPING = Architecture((5, 4, 3, 2)), Architecture((5, 4, 3, 2), skip=True)
CASES, STEP = 12, 1e-5
EPSILON = 0.1
"""The learning rate of the checks."""


def disagreements(seeds: tuple[int, ...]) -> dict[str, float]:
    """The largest difference of each check over the networks of `seeds`, relative to the largest number compared.

    Returns:
        forward: the outputs, and sums written out unit by unit, equations (1) and (2);
        error: E, and the sum written out, equation (3);
        bias: a bias, and the weight from an input fixed at 1;
        autograd: dE/dw by equations (4) to (7), and by automatic differentiation of what is written out;
        differences: dE/dw of the first network, and central differences of E;
        batch: dE/dw, and the sum over single cases;
        one_change: the change in one sweep, and the summed derivatives of single cases times -EPSILON, equation (8);
        momentum, no_momentum: weights after CHANGES changes by equation (9) or (8), and by torch's SGD;
        downward, within: activities of units before and after a change of weights that must not affect them: those of
        a higher layer, and those of another unit in the same layer;
        skips: outputs through connections that skip layers, and through direct ones;
        compiled: dE/dw of Experiment 1 by the compiled passes in single precision, and written out in double;
        iterated, averaged, overwritten, tied: see `iterative.disagreements`.
    """
    generator = torch.Generator().manual_seed(1986)
    inputs = torch.rand(CASES, 5, generator=generator, dtype=torch.float64)
    targets = torch.rand(CASES, 2, generator=generator, dtype=torch.float64)
    differences: dict[str, list[float]] = {}

    def compare(name: str, value: Tensor, reference: Tensor) -> None:
        differences.setdefault(name, []).append(float((value - reference).abs().max() / reference.abs().max()))

    for architecture in (LAYERED, SKIPPING):
        weights = initial_weights(architecture, seeds, 1.0, dtype=torch.float64)
        compare("forward", forward(architecture, weights, inputs)[-1], _written_out(architecture, weights, inputs))
        E, dE_dw = gradient(architecture, flatten(weights), inputs, targets)
        compare("error", E, _written_error(architecture, weights, inputs, targets))
        leaves = flatten(weights).requires_grad_()
        expected = _written_error(architecture, unflatten(architecture, leaves), inputs, targets).sum()
        compare("autograd", dE_dw, torch.autograd.grad(expected, leaves)[0])
        compare("differences", dE_dw[:, :1], _differences(architecture, flatten(weights)[:, :1], inputs, targets))
        compare("batch", dE_dw, _summed(architecture, weights, inputs, targets))
        compare("momentum", *_updates(architecture, weights, inputs, targets, 0.9))
        compare("no_momentum", *_updates(architecture, weights, inputs, targets, 0.0))
        compare("one_change", *_one_change(architecture, weights, inputs, targets))
        ones = torch.cat([inputs, torch.ones(CASES, 1, dtype=torch.float64)], 1)
        compare("bias", *_bias_as_weight(weights[0], inputs, ones))
    for name, pair in _structure(seeds, inputs).items():
        compare(name, *pair)
    compare("compiled", *_compiled(seeds))
    return {name: max(values) for name, values in differences.items()} | iterative.disagreements(seeds)


def gradient(architecture: Architecture, parameters: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """E [networks] and dE/dw [parameters, networks] by the engine's two passes.

    Args:
        architecture: of every network.
        parameters: the weights [parameters, networks].
        inputs: [cases, n0].
        targets: [cases, outputs].
    """
    network = Network(architecture, with_extra_unit(inputs), targets.t().unsqueeze(-1).contiguous(), parameters)
    network.forward()
    network.backward()
    return network.errors(), network.gradient.clone()


def _compiled(seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """dE/dw of Experiment 1 in single precision, in which most networks are trained, and written out in double."""
    architecture = Architecture((6, 2, 1))
    inputs, targets = symmetry.patterns(Symmetry())
    parameters = flatten(initial_weights(architecture, seeds, 1.0))
    network = CompiledNetwork(architecture, with_extra_unit(inputs), targets.t().unsqueeze(-1), parameters)
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


def _differences(architecture: Architecture, parameters: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """dE/dw of one network by central differences."""
    moves = STEP * torch.eye(len(parameters), dtype=parameters.dtype)
    above, below = (gradient(architecture, (parameters + s * moves).contiguous(), inputs, targets)[0] for s in (1, -1))
    return ((above - below) / (2 * STEP)).unsqueeze(1)


def _summed(architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """dE/dw of single cases, summed over the cases."""
    parameters = flatten(weights)
    return torch.stack([gradient(architecture, parameters, inputs[[c]], targets[[c]])[1] for c in range(CASES)]).sum(0)


def _updates(
    architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor, alpha: float
) -> tuple[Tensor, Tensor]:
    """Weights after CHANGES changes by equation (9), or (8), and by torch's SGD with autograd's derivatives."""
    trained = training.train(
        training.Task(architecture, inputs, targets),
        weights,
        training.Descent(EPSILON, alpha),
        CHANGES,
        record=training.Record(keep=(CHANGES,)),
        dtype=torch.float64,
    )
    leaves = flatten(weights).requires_grad_()
    optimizer = torch.optim.SGD([leaves], lr=EPSILON, momentum=alpha)
    for _ in range(CHANGES):
        optimizer.zero_grad()
        _written_error(architecture, unflatten(architecture, leaves), inputs, targets).sum().backward()
        optimizer.step()
    return flatten(trained.weights[CHANGES]), leaves.detach()


def _one_change(
    architecture: Architecture, weights: list[Tensor], inputs: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """The change in one sweep through all cases, and the summed derivatives of single cases times -EPSILON."""
    trained = training.train(
        training.Task(architecture, inputs, targets),
        weights,
        training.Descent(EPSILON, 0.9),
        1,
        record=training.Record(keep=(1,)),
        dtype=torch.float64,
    )
    change = flatten(trained.weights[1]) - flatten(weights)
    return change, -EPSILON * _summed(architecture, weights, inputs, targets)


def _bias_as_weight(w: Tensor, inputs: Tensor, ones: Tensor) -> tuple[Tensor, Tensor]:
    """The outputs of one layer with biases, and of one whose biases are weights from a sixth input fixed at 1."""
    with_bias = forward(Architecture((5, len(w))), [w], inputs)[-1]
    without = torch.cat([w, torch.zeros_like(w[:, :1])], 1)
    return with_bias, forward(Architecture((6, len(w))), [without], ones)[-1]


def _structure(seeds: tuple[int, ...], inputs: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Pairs of activities that are equal if connections lead upwards only, and may skip layers."""
    weights = initial_weights(SKIPPING, seeds, 1.0, dtype=torch.float64)
    before = forward(SKIPPING, weights, inputs)
    higher = [weights[0], weights[1], weights[2] + 1]
    one_unit = [weights[0], weights[1].clone(), weights[2]]
    one_unit[1][0] += 1
    severed = [torch.zeros_like(weights[0]), torch.zeros_like(weights[1]), weights[2].clone()]
    severed[2][:, 5:] = 0  # only connections from the inputs to the outputs are left
    skipping = forward(SKIPPING, severed, inputs)[-1]
    direct = torch.cat([weights[2][:, :5], torch.zeros_like(weights[2][:, :1])], 1)
    return {
        "downward": (forward(SKIPPING, higher, inputs)[2], before[2]),
        "within": (forward(SKIPPING, one_unit, inputs)[2][1:], before[2][1:]),
        "skips": (skipping, forward(Architecture((5, 2)), [direct], inputs)[-1]),
    }
