"""Forward and backward pass in one compiled function: the fast way through equations (1)-(7) on a CPU.

`networks.Network` calls torch once per operation, each time for all cases and networks, so activities move between the
cores and their caches again and again. Here a chunk of networks, side by side in the processor's vector lanes, passes
through one case after the other, as in a program for a single network, and all that it needs stays in the innermost
cache. No network affects another, and each adds up its cases in their order. Results therefore depend neither on which
networks are trained together nor on the width of the lanes.

The compiled pass covers what the studies of the symmetry network need (see `suits`): one hidden layer, a logistic
output, and a limited number of cases, shared by all networks and all learned, in single precision. `Network` does
everything else, and everything on a GPU. Tests compare the two.

An input of 0 is skipped: its weight contributes nothing to (1) and (6), even if the weight has overflowed to infinity.
(`Network` has nan there. Such a network has diverged either way.)
"""

from __future__ import annotations

import contextlib
from functools import cached_property

import numba
import numpy as np
import torch
from numpy.polynomial import Chebyshev, Polynomial
from torch import Tensor

from backprop import choices
from backprop.engine.activations import LEAK
from backprop.engine.networks import LANES, Architecture, Network
from backprop.engine.task import Task

HIDDEN = ("logistic", "tanh", "relu", "leaky_relu", "silu")
"""Supported activations of the hidden units; the other functions have no vector form here."""

CHUNK = 2 * LANES  # networks that pass through the cases together (measured: half and twice as many are slower)
BLOCK = 8 * CHUNK  # networks in a stack: so many that the cost of a call does not matter
SMALL = 512  # the largest number of parameters: a chunk's weights and gradient should fit into a core's cache
FEW = 512  # the largest number of cases: a longer sum, case after case, is inexact, and the gain is small (measured)

_LOGISTIC, _TANH, _SILU = (HIDDEN.index(name) for name in ("logistic", "tanh", "silu"))
# Compiled code is cached on disk until this file changes, so it must not depend on values of other modules (CHUNK does,
# but an outdated value affects only speed).
_ZERO, _ONE, _TWO = (np.float32(number) for number in (0, 1, 2))
# exp(-x) = 2^n exp(-u), where n is a whole number and u = x + n log 2 is small. Log 2 is split into two parts; n times
# the first part is exact, so u keeps all its digits for large x. exp(-u) is a polynomial with an error of 2e-9
_FAR = np.float32(87)  # exp(87) and exp(-87) are still normal numbers
_PER_X = np.float32(-1 / np.log(2))
_LOG_2 = np.float32(355 / 512)
_LOG_2_REST = np.float32(np.log(2) - 355 / 512)
_ROUND = np.float32(1.5 * 2**23)  # after adding it, the last bits are the nearest whole number
_EXPONENT = np.int32(23)  # the position of a number's exponent among its bits
_REACH = np.log(2) / 2
_POWERS = Chebyshev.interpolate(lambda u: np.exp(-u), 6, [-_REACH, _REACH]).convert(kind=Polynomial).coef
_EXP = tuple(np.float32(coefficient) for coefficient in reversed(_POWERS))


def suits(task: Task, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether networks can be trained on this task by the compiled pass."""
    architecture = task.architecture
    return (
        is_plain(task, device, dtype)
        and architecture.hidden in HIDDEN
        and architecture.parameters <= SMALL
        and len(task.inputs) <= FEW
    )


def is_plain(task: Task, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the task is for one layer of hidden units and logistic outputs, the same for all networks, on the CPU."""
    return (
        device.type == "cpu"
        and dtype == torch.float32
        and len(task.architecture.sizes) == 3
        and not task.architecture.skip
        and task.architecture.output == "logistic"
        and task.inputs.shape[2:] in ((), (1,))
        and task.targets.shape[2:] in ((), (1,))
        and task.margin is task.learned is task.mask is None
    )


class CompiledNetwork:
    """A stack of networks whose task `suits`; attributes and methods are those of `Network`."""

    def __init__(
        self, architecture: Architecture, inputs: Tensor, targets: Tensor, parameters: Tensor, error: str = "half_sum"
    ) -> None:
        """Bind the networks to their cases and to their weights, which are changed in place from then on."""
        choices.check("error", error, choices.ERRORS)
        self.architecture, self.inputs, self.targets = architecture, inputs, targets
        self.parameters, self.error = parameters, error
        self.gradient = torch.zeros_like(parameters)
        self._worst, self._squares = parameters.new_empty(2, parameters.shape[1])
        self._arguments = (
            parameters.numpy(),
            self.gradient.numpy(),
            self._worst.numpy(),
            self._squares.numpy(),
            np.ascontiguousarray(inputs[:-1, :, 0].t().numpy()),
            np.ascontiguousarray(targets[..., 0].t().numpy()),
            architecture.sizes[1],
            HIDDEN.index(architecture.hidden),
            np.float32(LEAK if architecture.hidden == "leaky_relu" else 0),
            error == "cross_entropy",
        )
        mean = error == "mean"
        self._all = 0, targets.shape[1], np.float32(2 / targets.numel() if mean else 1)
        self._scale_of_one = np.float32(2 / len(targets) if mean else 1)

    def subset(self, columns: Tensor) -> CompiledNetwork:
        """The networks in `columns`, with copies of their weights."""
        return CompiledNetwork(self.architecture, self.inputs, self.targets, self.parameters[:, columns], self.error)

    def forward(self) -> None:
        """Equations (1)-(7): the gradient too, because the activities of a case are not kept."""
        _sweep(*self._arguments, *self._all)

    def forward_case(self, case: int) -> None:
        """The same for a single case; `worst_deviation` and `errors` then refer to that case."""
        _sweep(*self._arguments, case, case + 1, self._scale_of_one)

    def backward(self) -> None:
        """Do nothing: `forward` includes the backward pass."""

    def worst_deviation(self, out: Tensor) -> None:
        """Write the largest |y - d| of each network after `forward` into `out` [networks]."""
        out.copy_(self._worst)

    def errors(self) -> Tensor:
        """E of each network [networks] after `forward`."""
        if self.error != "cross_entropy":
            return self._squares / (2 if self.error == "half_sum" else self.targets.numel())
        self._plain.forward()  # needs logarithms, which are slow here and needed only for the records
        return self._plain.errors()

    @cached_property
    def _plain(self) -> Network:
        return Network(self.architecture, self.inputs, self.targets, self.parameters, self.error)


@numba.njit(inline="always")
def logistic(x):  # type: ignore[no-untyped-def]
    """Equation (2), to about the last bit; a nan stays nan, because every comparison with it is false."""
    x = _FAR if x > _FAR else x
    x = -_FAR if x < -_FAR else x
    rounded = x * _PER_X + _ROUND
    n = rounded - _ROUND
    u = x + n * _LOG_2 + n * _LOG_2_REST
    a, b, c, d, e, f, g = _EXP
    p = (((((a * u + b) * u + c) * u + d) * u + e) * u + f) * u + g
    times_2_n = np.int32(np.float32(rounded).view(np.int32) << _EXPONENT)
    power = np.int32(np.float32(p).view(np.int32) + times_2_n)
    return _ONE / (_ONE + power.view(np.float32))


# contract: a product and a sum may become one instruction, rounded once; no operation may be reordered
@numba.njit(error_model="numpy", fastmath={"contract"})
def _sweep(w, dE_dw, worst, squares, inputs, targets, hidden_units, hidden, leak, cross_entropy, first, stop, scale):  # type: ignore[no-untyped-def]
    """One pass of all networks through the cases from `first` up to, but not including, `stop`.

    Args:
        w, dE_dw: [parameters, networks]; the weights into the hidden units, then into the output units, each unit's
            bias last.
        worst, squares: [networks], to which the largest |y - d| and the sum of (y - d)^2 are written.
        inputs: [cases, n0].
        targets: [cases, outputs].
        hidden_units: the number of hidden units.
        hidden: the place of their activation in HIDDEN.
        leak: the slope of relu (0) and of leaky_relu below 0.
        cross_entropy: whether the error is the cross entropy, or else half the sum of squares.
        scale: multiplies dE_dw.
    """
    parameters, networks = w.shape
    n0 = inputs.shape[1]
    outputs = targets.shape[1]
    above = hidden_units * (n0 + 1)  # the first row of the output units
    own_w, own_dE_dw = np.empty((2, parameters, CHUNK), np.float32)
    y_hidden, slope, dE_dy = np.empty((3, hidden_units, CHUNK), np.float32)
    x, dE_dx, own_worst, own_squares = np.empty((4, CHUNK), np.float32)
    for start in range(0, networks, CHUNK):
        lanes = min(CHUNK, networks - start)
        for p in range(parameters):
            for s in range(lanes):
                own_w[p, s] = w[p, start + s]
                own_dE_dw[p, s] = _ZERO
        for s in range(lanes):
            own_worst[s] = own_squares[s] = _ZERO
        for case in range(first, stop):
            for j in range(hidden_units):
                row = j * (n0 + 1)
                for s in range(lanes):
                    x[s] = own_w[row + n0, s]
                for i in range(n0):
                    y_i = inputs[case, i]
                    if y_i != _ZERO:
                        for s in range(lanes):
                            x[s] += own_w[row + i, s] * y_i  # (1)
                _activate(hidden, leak, x, y_hidden[j], slope[j], lanes)  # (2)
            for k in range(outputs):
                row = above + k * (hidden_units + 1)
                d = targets[case, k]
                for s in range(lanes):
                    x[s] = own_w[row + hidden_units, s]
                for j in range(hidden_units):
                    for s in range(lanes):
                        x[s] += own_w[row + j, s] * y_hidden[j, s]  # (1)
                for s in range(lanes):
                    y = logistic(x[s])  # (2)
                    deviation = y - d  # (4)
                    own_squares[s] += deviation * deviation
                    size = abs(deviation)
                    if size > own_worst[s] or size != size:  # a nan counts as the largest
                        own_worst[s] = size
                    dE_dx[s] = deviation if cross_entropy else deviation * (y * (_ONE - y))  # (5)
                    own_dE_dw[row + hidden_units, s] += dE_dx[s]
                for j in range(hidden_units):
                    for s in range(lanes):
                        own_dE_dw[row + j, s] += dE_dx[s] * y_hidden[j, s]  # (6)
                        back = dE_dx[s] * own_w[row + j, s]
                        dE_dy[j, s] = back if k == 0 else dE_dy[j, s] + back  # (7)
            for j in range(hidden_units):
                row = j * (n0 + 1)
                for s in range(lanes):
                    dE_dx[s] = dE_dy[j, s] * slope[j, s]  # (5)
                    own_dE_dw[row + n0, s] += dE_dx[s]
                for i in range(n0):
                    y_i = inputs[case, i]
                    if y_i != _ZERO:
                        for s in range(lanes):
                            own_dE_dw[row + i, s] += dE_dx[s] * y_i  # (6)
        for p in range(parameters):
            for s in range(lanes):
                dE_dw[p, start + s] = own_dE_dw[p, s] * scale
        for s in range(lanes):
            worst[start + s] = own_worst[s]
            squares[start + s] = own_squares[s]


@numba.njit(inline="always")
def _activate(hidden, leak, x, y, slope, lanes):  # type: ignore[no-untyped-def]
    """Write the outputs y of a hidden unit and dy/dx, both [lanes]."""
    if hidden == _LOGISTIC:
        for s in range(lanes):
            y[s] = logistic(x[s])
            slope[s] = y[s] * (_ONE - y[s])
    elif hidden == _TANH:
        for s in range(lanes):
            y[s] = _TWO * logistic(_TWO * x[s]) - _ONE
            slope[s] = _ONE - y[s] * y[s]
    elif hidden == _SILU:
        for s in range(lanes):
            share = logistic(x[s])
            y[s] = (-_FAR if x[s] < -_FAR else x[s]) * share
            slope[s] = share + y[s] * (_ONE - share)
    else:
        for s in range(lanes):
            slope[s] = _ONE if x[s] > _ZERO else leak
            y[s] = x[s] * slope[s]


with contextlib.suppress(RuntimeError):  # without a writable folder for the cache, every process compiles anew
    _sweep.enable_caching()
