"""Thousands of layered networks at once: the paper's equations (1)-(7) with the networks on the last axis.

A tensor's last axis is the network (its seed). Every elementary operation runs along it, and no network affects
another. The arrays are

    y_l      [n_l + 1, cases, networks]   activity of layer l; the last unit is the extra one, fixed at 1
    w_l      [n_l, fan_in + 1, networks]  weights into layer l; the last column is the bias, the extra unit's weight

and are named as in the paper: x is the total input of a unit, y its output, d its target, E the error.
"""
# ruff: noqa: N815 - dE_dx and similar names are the paper's

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol as Interface
from typing import Self

import torch
from torch import Tensor

from backprop import choices
from backprop.engine.activations import ACTIVATIONS, Activation
from backprop.engine.connections import Connection, Ends, connect
from backprop.engine.margin import Margin
from backprop.protocol import UserError


@dataclass(frozen=True)
class Architecture:
    """The layers of a network and their activation functions.

    Attributes:
        sizes: units per layer, inputs first: (6, 2, 1) is the symmetry network.
        hidden: activation of the hidden layers, one of `choices.ACTIVATIONS`.
        output: activation of the output layer.
        skip: whether every layer receives from all layers below it, not only from the next; the columns of its weights
            are then the units of those layers from the inputs upwards, and the bias.
    """

    sizes: tuple[int, ...]
    hidden: str = "logistic"
    output: str = "logistic"
    skip: bool = False

    def __post_init__(self) -> None:
        """Refuse invalid sizes and unknown activations with a UserError."""
        object.__setattr__(self, "sizes", tuple(self.sizes))
        if len(self.sizes) < 2 or any(not isinstance(n, int) or n < 1 for n in self.sizes):
            raise UserError(f"sizes is {self.sizes!r}; it must be two or more layer sizes of at least 1.")
        choices.check("hidden", self.hidden, choices.ACTIVATIONS)
        choices.check("output", self.output, choices.ACTIVATIONS)

    @property
    def last(self) -> int:
        """The number of the output layer; the inputs are layer 0."""
        return len(self.sizes) - 1

    def feeding(self, layer: int) -> list[tuple[int, slice]]:
        """The layers that feed `layer`, inputs first, each with its columns in the weights of `layer`."""
        layers, column = [], 0
        for below in range(0 if self.skip else layer - 1, layer):
            layers.append((below, slice(column, column + self.sizes[below])))
            column += self.sizes[below]
        return layers

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Per layer from the first hidden one up: (units, incoming weights with the bias) of one network."""
        return [(self.sizes[layer], self.feeding(layer)[-1][1].stop + 1) for layer in range(1, len(self.sizes))]

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

    Each seed has its own generator, so its weights depend on nothing else. Numbers are drawn in double precision and
    rounded to `dtype`, so that both precisions start from the same weights.

    Args:
        architecture: the network.
        seeds: one non-negative integer per network.
        weight_range: half-width of the weights' interval.
        bias_range: half-width of the biases' interval (0 for biases of zero); None for that of the weights, because
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
"""The number of networks in a stack is a multiple of this, so that no kernel needs a scalar loop for a remainder."""


def pick(cases: Tensor, columns: Tensor) -> Tensor:
    """The inputs or targets [..., 1 or networks] of the networks in `columns`; shared ones are returned as they are."""
    return cases if cases.shape[-1] == 1 else cases[..., columns.to(cases.device)].contiguous()


class Passes(Interface):
    """What training requires of a stack of networks; see `Network` for the attributes."""

    architecture: Architecture
    error: str
    inputs: Tensor
    targets: Tensor
    parameters: Tensor
    gradient: Tensor

    def subset(self, columns: Tensor) -> Self:
        """The networks in `columns`, with copies of their weights."""

    def forward(self) -> object:
        """The forward pass."""

    def backward(self) -> object:
        """The backward pass, after which `gradient` is dE/dw."""

    def worst_deviation(self, out: Tensor) -> None:
        """Write the largest |y - d| of each network after `forward` into `out` [networks]; nan if any is nan."""

    def errors(self) -> Tensor:
        """E of each network [networks] after `forward`."""


class Network:
    """A stack of networks with its cases, and every buffer that a sweep needs.

    Runs without autograd: `forward` and `backward` are the paper's two passes, in place. Neither allocates memory for
    the paper's networks, which makes them fast.

    Attributes:
        parameters: [parameters, networks], the given tensor; `weights` are views into it, one per layer.
        gradient: [parameters, networks], dE/dw after `backward`; `gradients` are views into it.
        y: activities, `y[l]` [n_l, cases, networks] (layer 0 with a last axis of 1 if inputs are shared).
        deviation: [outputs, cases, networks], y - d at the outputs after `forward`; 0 in cases not learned.
        connections: from each layer to each layer that it feeds, in the order of the forward pass.
    """

    def __init__(
        self,
        architecture: Architecture,
        inputs: Tensor,
        targets: Tensor,
        parameters: Tensor,
        error: str = "half_sum",
        *,
        margin: Margin | None = None,
        learned: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> None:
        """Bind the networks to their cases and to their weights, which are changed in place from then on.

        Args:
            architecture: of every network.
            inputs: [n0 + 1, cases, 1 or networks], as `with_extra_unit` returns them.
            targets: [outputs, cases, 1 or networks].
            parameters: [parameters, networks].
            error: one of `choices.ERRORS`.
            margin: outputs within it have no error.
            learned: [cases, 1 or networks], 1 for the cases that a network learns and 0 for the others, which have no
                error; all are learned if None.
            mask: [parameters, 1], 1 for the weights that exist and 0 for the others, whose dE/dw is 0; all exist if
                None. The weights that do not exist must be 0 in `parameters`.
        """
        choices.check("error", error, choices.ERRORS)
        if error == "cross_entropy" and architecture.output != "logistic":
            raise UserError(
                f"error is 'cross_entropy' but output is {architecture.output!r}: it needs a logistic output."
            )
        cases, networks = inputs.shape[1], parameters.shape[1]
        self.architecture, self.error, self.parameters = architecture, error, parameters
        self.inputs, self.targets = inputs, targets
        self.margin, self.learned, self.mask = margin, learned, mask
        self.weights = unflatten(architecture, parameters)
        self.gradient = torch.zeros_like(parameters)
        self.gradients = unflatten(architecture, self.gradient)

        def buffer(units: int) -> Tensor:
            return parameters.new_empty(units, cases, networks)

        extended, self.y, self._layers = [inputs], [inputs[:-1]], []
        dE_dy: list[Tensor] = [inputs]  # a placeholder: the inputs have no dE/dy
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
            incoming: list[Connection] = []
            for below, columns in architecture.feeding(layer):
                holds_bias = below == layer - 1  # the extra unit of the next lower layer carries the bias
                within = slice(columns.start, columns.stop + holds_bias)
                ends = Ends(
                    w=self.weights[layer - 1][:, within],
                    dE_dw=self.gradients[layer - 1][:, within],
                    y=extended[below][: architecture.sizes[below] + holds_bias],
                    x=x,
                    dE_dx=dE_dx,
                    dE_dy=dE_dy[below] if below else None,
                    holds_bias=holds_bias,
                    starts_error=layer == (architecture.last if architecture.skip else below + 1),
                )
                incoming.insert(0, connect(ends))
            self._layers.append(_Layer(activation, x, y, dE_dy[layer], dE_dx, incoming))
        self.connections = [connection for layer in self._layers for connection in layer.incoming]
        self._counted = dE_dy[-1]  # the deviations that count as error
        self.deviation = self._counted if margin is None else torch.empty_like(self._counted)
        self._logits = self._layers[-1].x
        count: int | Tensor = cases if learned is None else learned.sum(0)
        self._outputs = architecture.sizes[-1] * count  # outputs over all learned cases

    def subset(self, columns: Tensor) -> Network:
        """The networks in `columns`, with copies of their weights."""
        inputs, targets = pick(self.inputs, columns), pick(self.targets, columns)
        learned = None if self.learned is None else pick(self.learned, columns)
        return Network(
            self.architecture, inputs, targets, self.parameters[:, columns], self.error,
            margin=self.margin, learned=learned, mask=self.mask,
        )  # fmt: skip

    def forward(self) -> Tensor:
        """Equations (1) and (2), layer by layer; returns the outputs y [outputs, cases, networks]."""
        for layer in self._layers:
            for connection in layer.incoming:
                connection.total_input()
            layer.activation.forward(layer.x, layer.y)
        torch.sub(self.y[-1], self.targets, out=self.deviation)
        if self.learned is not None:
            self.deviation.mul_(self.learned)
        if self.margin is not None:
            self.margin.apply(self.deviation, self._counted)
        return self.y[-1]

    def backward(self) -> list[Tensor]:
        """Equations (4)-(7), from the outputs down, after `forward`; returns dE/dw, one tensor per layer."""
        for layer in reversed(self._layers):
            if not (self.error == "cross_entropy" and layer is self._layers[-1]):
                layer.activation.backward(layer.dE_dy, layer.x, layer.y, layer.dE_dx)  # (4) at the outputs, (5)
            for connection in layer.incoming:
                connection.weight_gradient()  # (6)
                connection.error_below()  # (7)
        if self.error == "mean":
            self.gradient.mul_(2 / self._outputs)
        if self.mask is not None:
            self.gradient.mul_(self.mask)
        return self.gradients

    def worst_deviation(self, out: Tensor) -> None:
        """Write the largest |y - d| over all learned cases and all outputs into `out` [networks], after `forward`."""
        deviation = self.deviation.view(-1, out.shape[0])
        torch.amax(deviation, 0, out=out)
        torch.maximum(out, deviation.amin(0).neg_(), out=out)

    def errors(self) -> Tensor:
        """E of each network [networks] over its learned cases after `forward`: equation (3), or as `error` says.

        The cross entropy of a margin with the shape "edge" is that from the target at the edge, less its lowest value.
        """
        if self.error == "cross_entropy":
            return self._cross_entropies().sum((0, 1))
        squares = self._counted.square().sum((0, 1))
        return squares / 2 if self.error == "half_sum" else squares / self._outputs

    def _cross_entropies(self) -> Tensor:
        x, d = self._logits, self.targets
        if self.margin is not None and self.margin.shape == "edge":
            d = (self.y[-1] - self._counted).clamp(0, 1)
            lowest = -torch.special.xlogy(d, d) - torch.special.xlogy(1 - d, 1 - d)
            terms = torch.nn.functional.softplus(x) - d * x - lowest
        else:
            terms = torch.nn.functional.softplus(x) - d * x
        if self.margin is not None:
            terms = terms * (self._counted != 0)
        return terms if self.learned is None else terms * self.learned


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
    incoming: list[Connection]  # that from the next lower layer first
