"""Thousands of layered networks at once: the paper's equations (1)-(7) with the networks on the last axis.

A tensor's last axis is the network (its seed), so every elementary operation runs along it and what one network
computes never touches its neighbour. Arrays are laid out

    y_l      [n_l + 1, cases, networks]   activity of layer l; the last unit is the extra one, fixed at 1
    w_l      [n_l, fan_in + 1, networks]  weights into layer l; the last column is the bias, the extra unit's weight

and are named as in the paper: x is the total input of a unit, y its output, d its target, E the error.
"""
# ruff: noqa: N815 - dE_dx and its kin are the paper's names

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor

from backprop import choices
from backprop.engine.activations import ACTIVATIONS, Activation
from backprop.engine.connections import Connection, Ends, connect
from backprop.protocol import UserError


@dataclass(frozen=True)
class Architecture:
    """The layers of a network and their activation functions.

    Attributes:
        sizes: units per layer, inputs first: (6, 2, 1) is the symmetry network.
        hidden: activation of the hidden layers, one of `choices.ACTIVATIONS`.
        output: activation of the output layer.
        skip: whether every layer sees all the layers below it, not only the next; its columns of weights are then
            those layers' units from the inputs upwards, and the bias.
    """

    sizes: tuple[int, ...]
    hidden: str = "logistic"
    output: str = "logistic"
    skip: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes and activations that mean nothing, with a UserError."""
        object.__setattr__(self, "sizes", tuple(self.sizes))
        if len(self.sizes) < 2 or any(not isinstance(n, int) or n < 1 for n in self.sizes):
            raise UserError(f"sizes is {self.sizes!r}; it must be two or more layer sizes of at least 1.")
        choices.check("hidden", self.hidden, choices.ACTIVATIONS)
        choices.check("output", self.output, choices.ACTIVATIONS)

    @property
    def last(self) -> int:
        """The number of the output layer; the inputs are layer 0."""
        return len(self.sizes) - 1

    def sources(self, layer: int) -> list[tuple[int, slice]]:
        """The layers that feed `layer`, inputs first, each with its columns in that layer's weights."""
        found, column = [], 0
        for source in range(0 if self.skip else layer - 1, layer):
            found.append((source, slice(column, column + self.sizes[source])))
            column += self.sizes[source]
        return found

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Per layer from the first hidden one up: (units, incoming weights with the bias) of one network."""
        return [(self.sizes[layer], self.sources(layer)[-1][1].stop + 1) for layer in range(1, len(self.sizes))]

    @property
    def parameters(self) -> int:
        """Weights and biases of one network."""
        return sum(units * columns for units, columns in self.shapes)


def initial_weights(
    architecture: Architecture,
    seeds: Sequence[int],
    weight_range: float = 0.3,
    bias_range: float | None = None,
    dtype: torch.dtype = torch.float32,
) -> list[Tensor]:
    """Random weights, uniform in ±weight_range, for one network per seed (the paper, p. 534: ±0.3).

    Each seed has its own generator, so what it draws depends on nothing else; numbers are drawn in double
    precision and rounded to `dtype`, so that precisions start from the same weights.

    Args:
        architecture: the network.
        seeds: one non-negative integer per network.
        weight_range: half-width of the weights' interval.
        bias_range: half-width of the biases' interval (0 for biases of zero); the weights' own if None, because
            in the paper a bias is a weight like any other.
        dtype: of the result.

    Returns:
        One tensor [n_l, fan_in + 1, seeds] per layer; the last column is the bias.
    """
    generator = torch.Generator()
    draws = torch.empty(len(seeds), architecture.parameters, dtype=torch.float64)
    for row, seed in zip(draws, seeds, strict=True):
        generator.manual_seed(int(seed))
        row.uniform_(-1, 1, generator=generator)
    weights = unflatten(architecture, draws.t().contiguous())
    for w in weights:
        w[:, :-1] *= weight_range
        w[:, -1] *= weight_range if bias_range is None else bias_range
    return [w.to(dtype) for w in weights]


def flatten(weights: Sequence[Tensor]) -> Tensor:
    """All weights of each network in one column: a new tensor [parameters, networks]."""
    return torch.cat([w.reshape(-1, w.shape[-1]) for w in weights])


def unflatten(architecture: Architecture, parameters: Tensor) -> list[Tensor]:
    """The layers' weights as views into `parameters` [parameters, networks]."""
    views, start = [], 0
    for units, columns in architecture.shapes:
        stop = start + units * columns
        views.append(parameters[start:stop].view(units, columns, -1))
        start = stop
    return views


def with_extra_unit(inputs: Tensor) -> Tensor:
    """Inputs [cases, n0] or [cases, n0, networks] as layer 0: [n0 + 1, cases, 1 or networks], the last unit 1."""
    y = (inputs if inputs.dim() == 3 else inputs.unsqueeze(-1)).transpose(0, 1)
    return torch.cat([y, torch.ones_like(y[:1])])


LANES = 64
"""The number of networks in a stack is a multiple of this, so that none falls into a kernel's scalar remainder."""


def pick(cases: Tensor, columns: Tensor) -> Tensor:
    """Inputs or targets [..., 1 or networks] of some of the networks, or those they share."""
    return cases if cases.shape[-1] == 1 else cases[..., columns.to(cases.device)].contiguous()


class Passes(Protocol):
    """What training asks of a stack of networks; `Network` says what each of it is."""

    architecture: Architecture
    error: str
    inputs: Tensor
    targets: Tensor
    parameters: Tensor
    gradient: Tensor

    def of(self, columns: Tensor) -> Self:
        """Some of the networks, by their columns, with weights of their own that are copies of theirs."""

    def forward(self) -> object:
        """The forward pass."""

    def backward(self) -> object:
        """The backward pass, after which `gradient` is dE/dw."""

    def worst_deviation(self, out: Tensor) -> None:
        """The largest |y - d| of each network after `forward`, into `out` [networks]; nan if any of them is."""

    def errors(self) -> Tensor:
        """E of each network [networks] after `forward`."""


class Network:
    """A stack of networks with its cases, and every buffer that a sweep needs.

    Runs without autograd: `forward` and `backward` are the paper's two passes, in place. Neither allocates on
    the paper's networks, which is most of their speed.

    Attributes:
        parameters: [parameters, networks], the tensor given; `weights` are views into it, one per layer.
        gradient: [parameters, networks], dE/dw after `backward`; `gradients` are views into it.
        y: activities, `y[l]` [n_l, cases, networks] (layer 0 with a last axis of 1 where inputs are shared).
        deviation: [outputs, cases, networks], y - d at the outputs after `forward`.
    """

    def __init__(
        self,
        architecture: Architecture,
        inputs: Tensor,
        targets: Tensor,
        parameters: Tensor,
        error: str = "half_sum",
    ) -> None:
        """Bind the networks to their cases and weights, which are used in place from here on.

        Args:
            architecture: of every network.
            inputs: [n0 + 1, cases, 1 or networks], as `with_extra_unit` makes them.
            targets: [outputs, cases, 1 or networks].
            parameters: [parameters, networks].
            error: one of `choices.ERRORS`.
        """
        choices.check("error", error, choices.ERRORS)
        if error == "cross_entropy" and architecture.output != "logistic":
            raise UserError(
                f"error is 'cross_entropy' but output is {architecture.output!r}: it needs a logistic output."
            )
        cases, networks = inputs.shape[1], parameters.shape[1]
        self.architecture, self.error, self.parameters = architecture, error, parameters
        self.inputs, self.targets = inputs, targets
        self.weights = unflatten(architecture, parameters)
        self.gradient = torch.zeros_like(parameters)
        self.gradients = unflatten(architecture, self.gradient)

        def buffer(units: int) -> Tensor:
            return parameters.new_empty(units, cases, networks)

        extended, self.y, self._layers = [inputs], [inputs[:-1]], []
        dE_dy: list[Tensor] = [inputs]  # a place holder: nothing below the inputs asks for it
        for layer, units in enumerate(architecture.sizes[1:], start=1):
            at_output = layer == architecture.last
            activation = ACTIVATIONS[architecture.output if at_output else architecture.hidden]
            extended.append(buffer(units + 1))
            extended[layer][-1] = 1
            y = extended[layer][:-1]
            keeps_x = activation.needs_x or (at_output and error == "cross_entropy")
            x = buffer(units) if keeps_x else y
            self.y.append(y)
            dE_dy.append(buffer(units))
            # with cross entropy dE/dx = dE/dy dy/dx is y - d itself: no division by y (1 - y), and one buffer
            aliased = not at_output or error == "cross_entropy"
            dE_dx = dE_dy[layer] if aliased else buffer(units)
            below: list[Connection] = []
            for source, columns in architecture.sources(layer):
                nearest = source == layer - 1  # that layer's extra unit carries the bias
                within = slice(columns.start, columns.stop + nearest)
                ends = Ends(
                    w=self.weights[layer - 1][:, within],
                    dE_dw=self.gradients[layer - 1][:, within],
                    y=extended[source][: architecture.sizes[source] + nearest],
                    x=x,
                    dE_dx=dE_dx,
                    dE_dy=dE_dy[source] if source else None,
                    nearest=nearest,
                    highest=layer == (architecture.last if architecture.skip else source + 1),
                )
                below.insert(0, connect(ends))
            self._layers.append(_Layer(activation, x, y, dE_dy[layer], dE_dx, below))
        self.deviation = dE_dy[-1]
        self._logits = self._layers[-1].x

    def of(self, columns: Tensor) -> Network:
        """Some of the networks, by their columns, with weights of their own that are copies of theirs."""
        inputs, targets = pick(self.inputs, columns), pick(self.targets, columns)
        return Network(self.architecture, inputs, targets, self.parameters[:, columns], self.error)

    def forward(self) -> Tensor:
        """Equations (1) and (2), layer by layer; returns the outputs y [outputs, cases, networks]."""
        for layer in self._layers:
            for connection in layer.below:
                connection.total_input()
            layer.activation.forward(layer.x, layer.y)
        torch.sub(self.y[-1], self.targets, out=self.deviation)
        return self.y[-1]

    def backward(self) -> list[Tensor]:
        """Equations (4)-(7), from the outputs down, after `forward`; returns dE/dw, one tensor per layer."""
        for layer in reversed(self._layers):
            if not (self.error == "cross_entropy" and layer is self._layers[-1]):
                layer.activation.backward(layer.dE_dy, layer.x, layer.y, layer.dE_dx)  # (4) at the outputs, (5)
            for connection in layer.below:
                connection.weight_gradient()  # (6)
                connection.error_below()  # (7)
        if self.error == "mean":
            self.gradient.mul_(2 / self.deviation[..., 0].numel())
        return self.gradients

    def worst_deviation(self, out: Tensor) -> None:
        """The largest |y - d| over all cases and outputs, into `out` [networks], after `forward`."""
        deviation = self.deviation.view(-1, out.shape[0])
        torch.amax(deviation, 0, out=out)
        torch.maximum(out, deviation.amin(0).neg_(), out=out)

    def errors(self) -> Tensor:
        """E of each network [networks] after `forward`: equation (3), or the departure named by `error`."""
        if self.error == "cross_entropy":
            x, d = self._logits, self.targets
            return (torch.nn.functional.softplus(x) - d * x).sum((0, 1))
        squares = self.deviation.square().sum((0, 1))
        return squares / 2 if self.error == "half_sum" else squares / self.deviation[..., 0].numel()


def forward(architecture: Architecture, weights: Sequence[Tensor], inputs: Tensor) -> list[Tensor]:
    """The activity of every layer, inputs first: y_l [n_l, cases, networks].

    Args:
        architecture: of every network.
        weights: one tensor [n_l, fan_in + 1, networks] per layer.
        inputs: [cases, n0], shared, or [cases, n0, networks].
    """
    parameters = flatten(weights)
    y0 = with_extra_unit(inputs.to(parameters))
    network = Network(architecture, y0, parameters.new_zeros(1, 1, 1), parameters)
    network.forward()
    return [network.y[0].expand(-1, -1, parameters.shape[1]), *network.y[1:]]


@dataclass
class _Layer:
    activation: Activation
    x: Tensor
    y: Tensor
    dE_dy: Tensor
    dE_dx: Tensor
    below: list[Connection]  # the nearest layer's first
