"""The compiled pass for layered logistic networks with two or more hidden layers, such as the family trees.

As in `compiled`, networks pass through the cases side by side in the processor's vector lanes, and no network affects
another. Here they are sixteen at a time, so that their weights fit into the caches next to the core, and the cases come
in tiles of four: each weight is loaded once for four cases, and the four sums stay in registers (`lanes`).

Most inputs of the family trees are 0 (two of 36 units are on in each case). The weights from the inputs therefore are
visited by lists of the inputs that are not 0. An input of 0 is skipped even if its weight is infinite.

The pass knows margins, cases that a network does not learn, and weights that do not exist. `suits` lists its limits;
`Network` does everything else. Tests compare the two.
"""

from __future__ import annotations

import contextlib
from functools import cached_property

import numba
import numpy as np
import torch
from torch import Tensor

from backprop import choices
from backprop.engine.compiled import logistic
from backprop.engine.lanes import (
    add,
    aligned,
    beyond,
    clamp,
    everywhere,
    larger_size,
    load,
    multiply,
    multiply_add,
    store,
    subtract,
)
from backprop.engine.margin import Margin
from backprop.engine.networks import Architecture, Network, pick
from backprop.engine.task import Task

BLOCK = 128  # networks in a stack: their weights, gradient and last change stay in a core's second cache (measured)
MOST = 4096  # the largest number of parameters of a network, for the same reason
FEW = 512  # the largest number of cases: a longer sum, case after case, is inexact

# Compiled code is cached on disk until this file changes, so it must not depend on values of other modules.
WIDTH = 16  # networks that pass through the cases together, as `lanes.WIDTH`
_TILE = 4  # cases that pass through a layer together; each has a sum in a register
_GROUP = 2  # tiles that pass through a layer before the next layer's weights are loaded
_UNIT = _TILE * WIDTH  # numbers per unit: one for each case of a tile and each network
_ZERO, _ONE = np.float32(0), np.float32(1)


def suits(task: Task, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether networks can be trained on this task by this compiled pass, with one change of the weights per sweep."""
    architecture = task.architecture
    return (
        device.type == "cpu"
        and dtype == torch.float32
        and len(architecture.sizes) > 3
        and not architecture.skip
        and architecture.hidden == architecture.output == "logistic"
        and architecture.parameters <= MOST
        and len(task.inputs) <= FEW
        and task.inputs.shape[2:] in ((), (1,))
        and task.targets.shape[2:] in ((), (1,))
    )


class DeepNetwork:
    """A stack of networks whose task `suits`; attributes, arguments and methods are those of `Network`.

    The number of networks is a multiple of sixteen, the width of the vector lanes.
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
        """Bind the networks to their cases and to their weights, which are changed in place from then on."""
        choices.check("error", error, choices.ERRORS)
        self.architecture, self.inputs, self.targets = architecture, inputs, targets
        self.parameters, self.error = parameters, error
        self.margin, self.learned, self.mask = margin, learned, mask
        self.gradient = torch.zeros_like(parameters)
        networks, cases = parameters.shape[1], targets.shape[1]
        if networks % WIDTH:
            raise ValueError(f"there are {networks} networks; their number must be a multiple of {WIDTH}")
        self._worst, self._squares = parameters.new_empty(2, networks)
        counted = parameters.new_ones(cases, networks) if learned is None else learned.expand(cases, networks)
        self._outputs = architecture.sizes[-1] * (cases if learned is None else learned.sum(0))
        scale = 2 / self._outputs if error == "mean" else 1
        exists = parameters.new_ones(architecture.parameters) if mask is None else mask[:, 0]
        starts, places, values = _not_zero(inputs[:-1, :, 0].t().numpy())
        self._arguments = (
            parameters.numpy(),
            self.gradient.numpy(),
            self._worst.numpy(),
            self._squares.numpy(),
            np.array(architecture.sizes),
            starts,
            places,
            values,
            np.ascontiguousarray(targets[..., 0].t().numpy()),
            np.ascontiguousarray(counted.numpy()),
            exists.numpy() != 0,
            (parameters.new_ones(networks) * scale).numpy(),
            np.float32(0 if margin is None else margin.width),
            margin is not None and margin.shape == "edge",
            error == "cross_entropy",
        )

    def subset(self, columns: Tensor) -> DeepNetwork:
        """The networks in `columns`, with copies of their weights."""
        return DeepNetwork(
            self.architecture, self.inputs, self.targets, self.parameters[:, columns], self.error,
            margin=self.margin, learned=None if self.learned is None else pick(self.learned, columns), mask=self.mask,
        )  # fmt: skip

    def forward(self) -> None:
        """Equations (1)-(7): the gradient too, because the activities of a case are not kept."""
        _sweep(*self._arguments)

    def backward(self) -> None:
        """Do nothing: `forward` includes the backward pass."""

    def worst_deviation(self, out: Tensor) -> None:
        """Write the largest |y - d| over the learned cases of each network after `forward` into `out` [networks]."""
        out.copy_(self._worst)

    def errors(self) -> Tensor:
        """E of each network [networks] over its learned cases after `forward`."""
        if self.error != "cross_entropy":
            return self._squares / (2 if self.error == "half_sum" else self._outputs)
        self._plain.forward()  # needs logarithms, which are slow here and needed only for the records
        return self._plain.errors()

    @cached_property
    def _plain(self) -> Network:
        return Network(
            self.architecture, self.inputs, self.targets, self.parameters, self.error,
            margin=self.margin, learned=self.learned, mask=self.mask,
        )  # fmt: skip


def _not_zero(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The inputs [cases, n0] that are not 0: where each case starts in the two other lists, their units, and values."""
    cases, places = np.nonzero(inputs)
    starts = np.searchsorted(cases, np.arange(len(inputs) + 1))
    return starts, places, np.ascontiguousarray(inputs[cases, places])


# contract: a product and a sum may become one instruction, rounded once; no operation may be reordered
@numba.njit(error_model="numpy", fastmath={"contract"})
def _sweep(  # type: ignore[no-untyped-def]
    w, dE_dw, worst, squares, sizes, starts, places, values, targets, learned, exists, scale, width, edge, cross_entropy
):
    """One pass of all networks through all cases.

    Args:
        w, dE_dw: [parameters, networks]; layer by layer the weights into each unit, its bias last.
        worst, squares: [networks], to which the largest |y - d| and the sum of the squared errors are written.
        sizes: units per layer, inputs first.
        starts, places, values: the inputs that are not 0, as `_not_zero` returns them.
        targets: [cases, outputs].
        learned: [cases, networks], 1 for the cases that a network learns, otherwise 0.
        exists: [parameters], whether a weight exists.
        scale: [networks], multiplies dE_dw.
        width: of the margin; a width of 0 is no margin.
        edge: whether deviations are measured from the edge of the margin.
        cross_entropy: whether the error is the cross entropy, or else half the sum of squares.
    """
    parameters, networks = w.shape
    cases = len(targets)
    last = len(sizes) - 1
    # Flat arrays, sixteen networks innermost: own_w and own_dE_dw [parameters, networks], y and dE_dx [units of all
    # layers but the inputs, cases of the tile, networks]
    w_start, unit_start = np.zeros(last + 2, np.int64), np.zeros(last + 2, np.int64)
    for layer in range(1, last + 1):
        w_start[layer + 1] = w_start[layer] + sizes[layer] * (sizes[layer - 1] + 1) * WIDTH
        unit_start[layer + 1] = unit_start[layer] + sizes[layer] * _UNIT
    own_w, own_dE_dw = aligned(parameters * WIDTH), aligned(parameters * WIDTH)
    units = unit_start[last + 1]
    y, dE_dx = aligned(_GROUP * units), aligned(_GROUP * units)
    own_learned = aligned(_UNIT)
    own_worst, own_squares = aligned(WIDTH), aligned(WIDTH)
    for start in range(0, networks, WIDTH):
        for p in range(parameters):
            store(own_w, p * WIDTH, load(w, p * networks + start))
        own_dE_dw[:] = _ZERO
        own_worst[:] = _ZERO
        own_squares[:] = _ZERO
        for group in range(0, cases, _GROUP * _TILE):
            tiles = min(_GROUP, -(-(cases - group) // _TILE))
            for t in range(tiles):
                _from_inputs(own_w, y, t * units, sizes, starts, places, values, exists, group + t * _TILE)  # (1)
                _activate(y, t * units, t * units + unit_start[2])  # (2)
            for layer in range(2, last + 1):
                n_i, n_j = sizes[layer - 1], sizes[layer]
                for t in range(tiles):
                    below, above = t * units + unit_start[layer - 1], t * units + unit_start[layer]
                    _total_input(own_w, w_start[layer], y, below, above, n_i, n_j)  # (1)
                    _activate(y, above, above + n_j * _UNIT)  # (2)
            for t in range(tiles):
                first, top = group + t * _TILE, t * units + unit_start[last]
                for c in range(_TILE):  # places beyond the last case pass through too, but are not learned
                    counts = load(learned, (first + c) * networks + start) if first + c < cases else everywhere(_ZERO)
                    store(own_learned, c * WIDTH, counts)
                _at_outputs(
                    y, dE_dx, top, targets, own_learned, own_worst, own_squares, width, edge, cross_entropy, first
                )  # (4), (5)
            for layer in range(last, 1, -1):
                n_i, n_j = sizes[layer - 1], sizes[layer]
                for t in range(tiles):
                    below, above = t * units + unit_start[layer - 1], t * units + unit_start[layer]
                    _weight_gradient(own_dE_dw, w_start[layer], y, below, dE_dx, above, n_i, n_j)  # (6)
                    _error_below(own_w, w_start[layer], y, dE_dx, below, above, n_i, n_j)  # (7), (5)
            for t in range(tiles):
                _to_inputs(own_dE_dw, dE_dx, t * units, sizes, starts, places, values, exists, group + t * _TILE)  # (6)
        for p in range(parameters):
            if exists[p]:
                store(dE_dw, p * networks + start, multiply(load(own_dE_dw, p * WIDTH), load(scale, start)))
        worst[start : start + WIDTH] = own_worst
        squares[start : start + WIDTH] = own_squares


@numba.njit(inline="always")
def _slope(y, at):  # type: ignore[no-untyped-def]
    """dy/dx of the logistic function, y (1 - y)."""
    return multiply(load(y, at), subtract(everywhere(_ONE), load(y, at)))


@numba.njit(error_model="numpy")
def _from_inputs(w, x, above, sizes, starts, places, values, exists, first):  # type: ignore[no-untyped-def]
    """Equation (1) for the first hidden layer, whose numbers start at `above`, over the inputs that are not 0."""
    n0, tile = sizes[0], min(_TILE, len(starts) - 1 - first)
    for j in range(sizes[1]):
        row = j * (n0 + 1)
        bias = load(w, (row + n0) * WIDTH)
        for c in range(_TILE):
            total = bias
            if c < tile:
                for place in range(starts[first + c], starts[first + c + 1]):
                    at = row + places[place]
                    if exists[at]:
                        total = multiply_add(load(w, at * WIDTH), everywhere(values[place]), total)
            store(x, above + j * _UNIT + c * WIDTH, total)


@numba.njit(error_model="numpy")
def _to_inputs(dE_dw, dE_dx, above, sizes, starts, places, values, exists, first):  # type: ignore[no-untyped-def]
    """Equation (6) for the first hidden layer, whose numbers start at `above`, over the inputs that are not 0."""
    n0, tile = sizes[0], min(_TILE, len(starts) - 1 - first)
    for j in range(sizes[1]):
        row = j * (n0 + 1)
        bias = load(dE_dw, (row + n0) * WIDTH)
        for c in range(tile):
            d = load(dE_dx, above + j * _UNIT + c * WIDTH)
            bias = add(bias, d)
            for place in range(starts[first + c], starts[first + c + 1]):
                at = row + places[place]
                if exists[at]:
                    grown = multiply_add(d, everywhere(values[place]), load(dE_dw, at * WIDTH))
                    store(dE_dw, at * WIDTH, grown)
        store(dE_dw, (row + n0) * WIDTH, bias)


@numba.njit(error_model="numpy", fastmath={"contract"})
def _activate(y, start, stop):  # type: ignore[no-untyped-def]
    """Equation (2): replace total inputs by outputs."""
    own = y[start:stop]
    for at in range(len(own)):
        own[at] = logistic(own[at])


@numba.njit(error_model="numpy")
def _at_outputs(  # type: ignore[no-untyped-def]
    y, dE_dx, top, targets, own_learned, own_worst, own_squares, width, edge, cross_entropy, first
):
    """Equations (4) and (5) at the output units, whose numbers start at `top`; and the sums over a tile for E."""
    cases, outputs = targets.shape
    limit = everywhere(width)
    worst, squares = load(own_worst, 0), load(own_squares, 0)
    for c in range(_TILE):
        case = min(first + c, cases - 1)
        learned = load(own_learned, c * WIDTH)
        for k in range(outputs):
            at = top + k * _UNIT + c * WIDTH
            deviation = multiply(subtract(load(y, at), everywhere(targets[case, k])), learned)  # (4)
            worst = larger_size(worst, deviation)
            counted = subtract(deviation, clamp(deviation, limit)) if edge else beyond(deviation, limit)
            squares = multiply_add(counted, counted, squares)
            if not cross_entropy:
                counted = multiply(counted, _slope(y, at))  # (5)
            store(dE_dx, at, counted)
    store(own_worst, 0, worst)
    store(own_squares, 0, squares)


# The next two functions add up for two units at a time: eight sums are enough to hide the latency of an addition. Of
# an odd number of units the last one is computed twice.


@numba.njit(error_model="numpy")
def _total_input(w, w_start, y, below, above, n_i, n_j):  # type: ignore[no-untyped-def]
    """Equation (1): the total inputs of the n_j units from `above` on, out of the n_i outputs from `below` on."""
    for j in range(0, n_j, 2):
        other = min(j + 1, n_j - 1)
        row, other_row = w_start + j * (n_i + 1) * WIDTH, w_start + other * (n_i + 1) * WIDTH
        a_0, b_0 = load(w, row + n_i * WIDTH), load(w, other_row + n_i * WIDTH)
        a_1 = a_2 = a_3 = a_0
        b_1 = b_2 = b_3 = b_0
        for i in range(n_i):
            w_a, w_b, at = load(w, row + i * WIDTH), load(w, other_row + i * WIDTH), below + i * _UNIT
            y_0, y_1, y_2, y_3 = load(y, at), load(y, at + WIDTH), load(y, at + 2 * WIDTH), load(y, at + 3 * WIDTH)
            a_0, b_0 = multiply_add(w_a, y_0, a_0), multiply_add(w_b, y_0, b_0)
            a_1, b_1 = multiply_add(w_a, y_1, a_1), multiply_add(w_b, y_1, b_1)
            a_2, b_2 = multiply_add(w_a, y_2, a_2), multiply_add(w_b, y_2, b_2)
            a_3, b_3 = multiply_add(w_a, y_3, a_3), multiply_add(w_b, y_3, b_3)
        _store_tile(y, above + j * _UNIT, a_0, a_1, a_2, a_3)
        _store_tile(y, above + other * _UNIT, b_0, b_1, b_2, b_3)


@numba.njit(error_model="numpy")
def _error_below(w, w_start, y, dE_dx, below, above, n_i, n_j):  # type: ignore[no-untyped-def]
    """Equations (7) and (5): dE/dx of the n_i units from `below` on."""
    for i in range(0, n_i, 2):
        other = min(i + 1, n_i - 1)
        a_0 = b_0 = everywhere(_ZERO)
        a_1 = a_2 = a_3 = a_0
        b_1 = b_2 = b_3 = b_0
        for j in range(n_j):
            row, at = w_start + j * (n_i + 1) * WIDTH, above + j * _UNIT
            w_a, w_b = load(w, row + i * WIDTH), load(w, row + other * WIDTH)
            d_0, d_1, d_2, d_3 = (
                load(dE_dx, at),
                load(dE_dx, at + WIDTH),
                load(dE_dx, at + 2 * WIDTH),
                load(dE_dx, at + 3 * WIDTH),
            )
            a_0, b_0 = multiply_add(w_a, d_0, a_0), multiply_add(w_b, d_0, b_0)
            a_1, b_1 = multiply_add(w_a, d_1, a_1), multiply_add(w_b, d_1, b_1)
            a_2, b_2 = multiply_add(w_a, d_2, a_2), multiply_add(w_b, d_2, b_2)
            a_3, b_3 = multiply_add(w_a, d_3, a_3), multiply_add(w_b, d_3, b_3)
        _store_errors(dE_dx, y, below + i * _UNIT, a_0, a_1, a_2, a_3)
        _store_errors(dE_dx, y, below + other * _UNIT, b_0, b_1, b_2, b_3)


@numba.njit(inline="always")
def _store_tile(y, at, y_0, y_1, y_2, y_3):  # type: ignore[no-untyped-def]
    """Write what a unit has in the four cases of a tile."""
    store(y, at, y_0)
    store(y, at + WIDTH, y_1)
    store(y, at + 2 * WIDTH, y_2)
    store(y, at + 3 * WIDTH, y_3)


@numba.njit(inline="always")
def _store_errors(dE_dx, y, at, d_0, d_1, d_2, d_3):  # type: ignore[no-untyped-def]
    """Equation (5): dE/dx from dE/dy in the four cases of a tile."""
    store(dE_dx, at, multiply(d_0, _slope(y, at)))
    store(dE_dx, at + WIDTH, multiply(d_1, _slope(y, at + WIDTH)))
    store(dE_dx, at + 2 * WIDTH, multiply(d_2, _slope(y, at + 2 * WIDTH)))
    store(dE_dx, at + 3 * WIDTH, multiply(d_3, _slope(y, at + 3 * WIDTH)))


@numba.njit(error_model="numpy")
def _weight_gradient(dE_dw, w_start, y, below, dE_dx, above, n_i, n_j):  # type: ignore[no-untyped-def]
    """Equation (6), over the cases of the tile in their order."""
    for j in range(n_j):
        row, at = w_start + j * (n_i + 1) * WIDTH, above + j * _UNIT
        d_0, d_1, d_2, d_3 = (
            load(dE_dx, at),
            load(dE_dx, at + WIDTH),
            load(dE_dx, at + 2 * WIDTH),
            load(dE_dx, at + 3 * WIDTH),
        )
        for i in range(n_i):
            at = below + i * _UNIT
            total = multiply_add(d_0, load(y, at), load(dE_dw, row + i * WIDTH))
            total = multiply_add(d_1, load(y, at + WIDTH), total)
            total = multiply_add(d_2, load(y, at + 2 * WIDTH), total)
            store(dE_dw, row + i * WIDTH, multiply_add(d_3, load(y, at + 3 * WIDTH), total))
        bias = row + n_i * WIDTH
        store(dE_dw, bias, add(add(add(add(load(dE_dw, bias), d_0), d_1), d_2), d_3))


with contextlib.suppress(RuntimeError):  # without a writable folder for the cache, every process compiles anew
    for _function in (
        _from_inputs,
        _to_inputs,
        _activate,
        _at_outputs,
        _total_input,
        _weight_gradient,
        _error_below,
        _sweep,
    ):
        _function.enable_caching()
