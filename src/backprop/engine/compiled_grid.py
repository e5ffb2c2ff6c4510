"""Many sweeps in one compiled call, for networks that are given every vector of binary inputs, such as Experiment 1's.

Sixteen networks at a time, side by side in the processor's vector lanes (`lanes`), stay in the innermost cache for all
sweeps of a call: forward pass, backward pass, and the change of the weights by equations (8) and (9), after every sweep
or after every case. No network affects another, and each adds up in a fixed order, so results depend neither on which
networks are trained together nor on how many sweeps a call makes.

All 2^n input vectors are given, which saves most of the work on the inputs. The bits of a vector are split into a left
and a right half, and a total input is the sum of the halves' shares: x_j = left_j[l] + right_j[r]. Of each share there
are only 2^(n/2). Likewise dE/dw_ji is a sum over halves of sums of dE/dx_j. For a logistic unit exp(-x_j) is a product,
exp(-left) exp(-right), of two exponentials from short lists, instead of one exponential per case.

The product has a relative error of at most 5e-7 beyond that of the sum left + right, because each exponential is exact
to 2e-7 and the product to 6e-8; the logistic function's error is smaller (tests compare it with double precision). A
share beyond ± 87 has no exponential in single precision. A network with such a share adds up its shares first, at the
cost of its speed. exp(-x) is limited to e^43, so that two units can share one division. Outputs are therefore at least
2e-19.

Four cases pass through a layer together, so that weights are loaded and sums are stored once for four cases.
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
from backprop.engine.compiled import is_plain
from backprop.engine.lanes import (
    add,
    aligned,
    any_above,
    at_least,
    at_most,
    divide,
    everywhere,
    larger_number,
    load,
    multiply,
    multiply_add,
    store,
    subtract,
    times_power_of_2,
    where_above,
    where_nan,
)
from backprop.engine.networks import Architecture, Network
from backprop.engine.task import Task
from backprop.engine.updates import Momentum

HIDDEN = ("logistic", "tanh", "relu", "leaky_relu", "silu")
"""Supported activations of the hidden units."""

BLOCK = 1024  # networks in a stack: so many that the cost of a call does not matter
SMALL = 512  # the largest number of parameters: those of sixteen networks should fit into a core's cache
BITS = range(2, 13)  # the numbers of inputs: a tile needs four cases, and the lists of shares should fit into the cache

# Compiled code is cached on disk until this file changes, so it must not depend on values of other modules.
WIDTH = 16  # networks that pass through the cases together, as `lanes.WIDTH`
_LOGISTIC, _TANH, _SILU = (HIDDEN.index(name) for name in ("logistic", "tanh", "silu"))
_ZERO, _ONE, _TWO = (np.float32(number) for number in (0, 1, 2))
# exp(-x) = 2^n exp(-u) as in `compiled`
_FAR = np.float32(87)
_LEAST, _MOST = (
    np.float32(-43),
    np.float32(np.exp(43)),
)  # of x and of exp(-x): the product of two such numbers is a normal number
_PER_X = np.float32(-1 / np.log(2))
_LOG_2 = np.float32(355 / 512)
_LOG_2_REST = np.float32(np.log(2) - 355 / 512)
_ROUND = np.float32(1.5 * 2**23)
_REACH = np.log(2) / 2
_POWERS = Chebyshev.interpolate(lambda u: np.exp(-u), 6, [-_REACH, _REACH]).convert(kind=Polynomial).coef
_EXP = tuple(np.float32(coefficient) for coefficient in reversed(_POWERS))


def suits(task: Task, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether networks can be trained on this task by this compiled pass."""
    architecture = task.architecture
    return (
        is_plain(task, device, dtype)
        and architecture.sizes[2] == 1
        and architecture.sizes[0] in BITS
        and architecture.hidden in HIDDEN
        and architecture.parameters <= SMALL
        and _is_grid(task.inputs.reshape(task.inputs.shape[:2]))
    )


def _is_grid(inputs: Tensor) -> bool:
    """Whether the inputs [cases, n0] are all vectors of two values, each once."""
    cases, bits = inputs.shape
    low, high = inputs.min(), inputs.max()
    return (
        cases == 2**bits
        and bool(low < high)
        and bool(((inputs == low) | (inputs == high)).all())
        and len(_codes(inputs).unique()) == cases
    )


def _codes(inputs: Tensor) -> Tensor:
    """Each case [cases, n0] as a binary number, int64 [cases]."""
    places = 2 ** torch.arange(inputs.shape[1] - 1, -1, -1)
    return ((inputs == inputs.max()).long() * places).sum(1)


class GridNetwork:
    """A stack of networks whose task `suits`; attributes and methods are those of `Network`, and `advance`.

    The number of networks is a multiple of sixteen, the width of the vector lanes.
    """

    def __init__(
        self, architecture: Architecture, inputs: Tensor, targets: Tensor, parameters: Tensor, error: str = "half_sum"
    ) -> None:
        """Bind the networks to their cases and to their weights, which are changed in place from then on."""
        choices.check("error", error, choices.ERRORS)
        if parameters.shape[1] % WIDTH:
            raise ValueError(f"there are {parameters.shape[1]} networks; their number must be a multiple of {WIDTH}")
        self.architecture, self.inputs, self.targets = architecture, inputs, targets
        self.parameters, self.error = parameters, error
        self.gradient = torch.zeros_like(parameters)
        networks, cases = parameters.shape[1], targets.shape[1]
        self._own = self._worst, self._squares = parameters.new_empty(2, 1, networks).unbind()
        codes = _codes(inputs[:-1, :, 0].t())
        mean = error == "mean"
        self._task = (
            float(inputs[:-1].min()),
            float(inputs[:-1].max()),
            targets[0, codes.argsort(), 0].numpy(),
            codes.numpy(),
            architecture.sizes[0],
            architecture.sizes[1],
            HIDDEN.index(architecture.hidden),
            np.float32(LEAK if architecture.hidden == "leaky_relu" else 0),
            error == "cross_entropy",
            np.float32(2 / cases if mean else 1),
            np.float32(2 if mean else 1),
        )
        zeros = np.zeros(networks, np.float32)
        self._one_pass = (  # the arguments of a call that changes nothing
            parameters.numpy(),
            np.zeros(parameters.shape, np.float32),
            self.gradient.numpy(),
            *(result.numpy() for result in self._own),
            zeros,
            zeros,
            False,
            np.zeros(1, np.float32),
            False,
            False,
            *self._task,
        )

    def subset(self, columns: Tensor) -> GridNetwork:
        """The networks in `columns`, with copies of their weights."""
        return GridNetwork(self.architecture, self.inputs, self.targets, self.parameters[:, columns], self.error)

    def forward(self) -> None:
        """Equations (1)-(7): the gradient too, because the activities of a case are not kept."""
        _sweeps(*self._one_pass)
        self._worst, self._squares = self._own

    def backward(self) -> None:
        """Do nothing: `forward` includes the backward pass."""

    def advance(self, momentum: Momentum, sweep: int, per_case: bool, worst: Tensor) -> Tensor:
        """Change the weights and pass through the cases, once for each row of `worst`, after a pass.

        Args:
            momentum: the constants of equation (9) and the last change of each weight, which is replaced.
            sweep: the number of sweeps done so far.
            per_case: whether the weights change after every case, or once per sweep.
            worst: [sweeps, networks], to which the largest |y - d| after each sweep is written.

        Returns:
            E after each sweep [sweeps, networks]; meaningless if the error is the cross entropy.
        """
        squares = torch.empty_like(worst)
        _sweeps(
            self.parameters.numpy(),
            momentum.change.numpy(),
            self.gradient.numpy(),
            worst.numpy(),
            squares.numpy(),
            momentum.epsilon.numpy(),
            (momentum.epsilon if momentum.alpha is None else momentum.alpha).numpy(),
            momentum.alpha is not None,
            np.array(momentum.factors[sweep : sweep + len(worst)], np.float32),
            True,
            per_case,
            *self._task,
        )
        self._worst, self._squares = worst[-1:].clone(), squares[-1:]
        return self._from_squares(squares)

    def worst_deviation(self, out: Tensor) -> None:
        """Write the largest |y - d| of each network after `forward` or `advance` into `out` [networks]."""
        out.copy_(self._worst[0])

    def errors(self) -> Tensor:
        """E of each network [networks] after `forward` or `advance`."""
        if self.error != "cross_entropy":
            return self._from_squares(self._squares[0])
        self._plain.forward()  # needs logarithms, which are slow here and needed only for the records
        return self._plain.errors()

    def _from_squares(self, squares: Tensor) -> Tensor:
        return squares / (2 if self.error == "half_sum" else self.targets.numel())

    @cached_property
    def _plain(self) -> Network:
        return Network(self.architecture, self.inputs, self.targets, self.parameters, self.error)


@numba.njit(error_model="numpy")
def _sweeps(  # type: ignore[no-untyped-def]
    w, change, dE_dw, worst, squares, epsilon, alpha, momentum, factors, changing, per_case,
    low, high, targets, codes, n0, hidden_units, hidden, leak, cross_entropy, scale, scale_of_one,
):  # fmt: skip
    """Change the weights and pass through all cases, once for each of `factors`.

    Args:
        w, change, dE_dw: [parameters, networks]; the weights into the hidden units, then into the output unit, each
            unit's bias last; their last changes; and dE/dw after the last pass.
        worst, squares: [sweeps, networks], to which the largest |y - d| and the sum of (y - d)^2 are written.
        epsilon, alpha: [networks]; alpha is not used without `momentum`.
        factors: [sweeps], multiples of epsilon.
        changing: whether the weights change at all.
        per_case: whether they change after every case.
        low, high: the two values of the inputs.
        targets: [cases], in the binary order of the input vectors.
        codes: [cases], the input vectors in their own order, as binary numbers.
        n0, hidden_units: numbers of units.
        hidden: the place of the hidden units' activation in HIDDEN.
        leak: the slope of relu (0) and of leaky_relu below 0.
        cross_entropy: whether the error is the cross entropy, or else half the sum of squares.
        scale, scale_of_one: multiply dE_dw of all cases, and of one case.
    """
    parameters, networks = w.shape
    right_bits = max(2, n0 // 2)
    lefts, rights = 2 ** (n0 - right_bits), 2**right_bits
    # flat arrays, sixteen networks innermost
    own_w, own_change, own_dE_dw = aligned(parameters * WIDTH), aligned(parameters * WIDTH), aligned(parameters * WIDTH)
    left, exp_left = aligned(hidden_units * lefts * WIDTH), aligned(hidden_units * lefts * WIDTH)
    right, exp_right = aligned(hidden_units * rights * WIDTH), aligned(hidden_units * rights * WIDTH)
    dE_dleft, dE_dright = aligned(hidden_units * lefts * WIDTH), aligned(hidden_units * rights * WIDTH)
    y, slope = aligned(4 * hidden_units * WIDTH), aligned(4 * hidden_units * WIDTH)
    for start in range(0, networks, WIDTH):
        for p in range(parameters):
            store(own_w, p * WIDTH, load(w, p * networks + start))
            store(own_change, p * WIDTH, load(change, p * networks + start))
            store(own_dE_dw, p * WIDTH, load(dE_dw, p * networks + start))
        for sweep in range(len(factors)):
            if changing:
                rate = multiply(load(epsilon, start), everywhere(-factors[sweep]))
                if per_case:
                    rate = multiply(rate, everywhere(scale_of_one))
                    for case in codes:
                        _learn_case(
                            own_w, own_change, own_dE_dw, y, slope, rate, load(alpha, start), momentum, case,
                            low, high, targets, n0, hidden_units, hidden, leak, cross_entropy,
                        )  # fmt: skip
                else:
                    _change(own_w, own_change, own_dE_dw, rate, load(alpha, start), momentum)
            _pass(
                own_w, own_dE_dw, left, exp_left, dE_dleft, right, exp_right, dE_dright, y, slope,
                worst, squares, sweep * networks + start,
                low, high, targets, n0, lefts, rights, hidden_units, hidden, leak, cross_entropy, scale,
            )  # fmt: skip
        for p in range(parameters):
            store(w, p * networks + start, load(own_w, p * WIDTH))
            store(change, p * networks + start, load(own_change, p * WIDTH))
            store(dE_dw, p * networks + start, load(own_dE_dw, p * WIDTH))


@numba.njit(error_model="numpy")
def _change(w, change, dE_dw, rate, alpha, momentum):  # type: ignore[no-untyped-def]
    """Equation (8), or (9) with momentum; `rate` is - epsilon."""
    for at in range(0, len(w), WIDTH):
        step = multiply(rate, load(dE_dw, at))
        if momentum:
            step = multiply_add(alpha, load(change, at), step)
        store(change, at, step)
        store(w, at, add(load(w, at), step))


@numba.njit(error_model="numpy", forceinline=True)
def _exp(x, least):  # type: ignore[no-untyped-def]
    """exp(-x), to about the last bit, of x limited to `least` to 87; a nan stays nan."""
    x = at_least(at_most(x, everywhere(_FAR)), everywhere(least))
    rounded = multiply_add(x, everywhere(_PER_X), everywhere(_ROUND))
    n = subtract(rounded, everywhere(_ROUND))
    u = multiply_add(n, everywhere(_LOG_2_REST), multiply_add(n, everywhere(_LOG_2), x))
    a, b, c, d, e, f, g = _EXP
    p = multiply_add(everywhere(a), u, everywhere(b))
    p = multiply_add(p, u, everywhere(c))
    p = multiply_add(p, u, everywhere(d))
    p = multiply_add(p, u, everywhere(e))
    p = multiply_add(p, u, everywhere(f))
    p = multiply_add(p, u, everywhere(g))
    return times_power_of_2(p, rounded)


@numba.njit(error_model="numpy", forceinline=True)
def _logistic(first, second):  # type: ignore[no-untyped-def]
    """1 / (1 + e) for two numbers e, each an exp(-x) of at most e^43, with one division."""
    a, b = add(everywhere(_ONE), first), add(everywhere(_ONE), second)
    inverse = divide(everywhere(_ONE), multiply(a, b))
    return multiply(inverse, b), multiply(inverse, a)


@numba.njit(error_model="numpy", forceinline=True)
def _slope(y):  # type: ignore[no-untyped-def]
    """dy/dx of the logistic function, y (1 - y)."""
    return multiply(y, subtract(everywhere(_ONE), y))


@numba.njit(error_model="numpy")
def _pass(  # type: ignore[no-untyped-def]
    w, dE_dw, left, exp_left, dE_dleft, right, exp_right, dE_dright, y, slope, worst, squares, result,
    low, high, targets, n0, lefts, rights, hidden_units, hidden, leak, cross_entropy, scale,
):  # fmt: skip
    """Equations (1)-(7) for all cases; the place of the results in `worst` and `squares` is `result`."""
    exponential = hidden in (_LOGISTIC, _TANH)
    left_bits, right_bits = n0 - int(np.log2(rights) + 0.5), int(np.log2(rights) + 0.5)
    factor = _TWO if hidden == _TANH else _ONE
    far = False
    farthest = everywhere(_ZERO)
    for j in range(hidden_units):
        row = j * (n0 + 1)
        _shares(w, row, left_bits, everywhere(_ZERO), left, j * lefts, low, high)
        _shares(w, row + left_bits, right_bits, load(w, (row + n0) * WIDTH), right, j * rights, low, high)
        if exponential:
            for at in range(j * lefts * WIDTH, (j + 1) * lefts * WIDTH, WIDTH):
                x = multiply(load(left, at), everywhere(factor))
                farthest = larger_number(farthest, x)
                store(exp_left, at, _exp(x, -_FAR))
            for at in range(j * rights * WIDTH, (j + 1) * rights * WIDTH, WIDTH):
                x = multiply(load(right, at), everywhere(factor))
                farthest = larger_number(farthest, x)
                store(exp_right, at, _exp(x, -_FAR))
    far = any_above(farthest, everywhere(_FAR))
    dE_dleft[:] = _ZERO
    dE_dright[:] = _ZERO
    above = hidden_units * (n0 + 1) * WIDTH
    for at in range(above, len(dE_dw), WIDTH):
        store(dE_dw, at, everywhere(_ZERO))
    most, total = everywhere(_ZERO), everywhere(_ZERO)
    one = everywhere(_ONE)
    dE_dbias = everywhere(_ZERO)
    for l in range(lefts):  # noqa: E741
        for r in range(0, rights, 4):
            x_0 = x_1 = x_2 = x_3 = load(w, above + hidden_units * WIDTH)
            for j in range(hidden_units):
                at_l, at_r, at = (j * lefts + l) * WIDTH, (j * rights + r) * WIDTH, j * 4 * WIDTH
                if exponential:
                    e = load(exp_left, at_l)
                    e_0 = multiply(e, load(exp_right, at_r))
                    e_1 = multiply(e, load(exp_right, at_r + WIDTH))
                    e_2 = multiply(e, load(exp_right, at_r + 2 * WIDTH))
                    e_3 = multiply(e, load(exp_right, at_r + 3 * WIDTH))
                    if far:
                        e_0 = _summed(farthest, left, at_l, right, at_r, factor, e_0)
                        e_1 = _summed(farthest, left, at_l, right, at_r + WIDTH, factor, e_1)
                        e_2 = _summed(farthest, left, at_l, right, at_r + 2 * WIDTH, factor, e_2)
                        e_3 = _summed(farthest, left, at_l, right, at_r + 3 * WIDTH, factor, e_3)
                    y_0, y_1 = _logistic(at_most(e_0, everywhere(_MOST)), at_most(e_1, everywhere(_MOST)))
                    y_2, y_3 = _logistic(at_most(e_2, everywhere(_MOST)), at_most(e_3, everywhere(_MOST)))
                    if hidden == _TANH:
                        y_0 = multiply_add(everywhere(_TWO), y_0, everywhere(-_ONE))
                        y_1 = multiply_add(everywhere(_TWO), y_1, everywhere(-_ONE))
                        y_2 = multiply_add(everywhere(_TWO), y_2, everywhere(-_ONE))
                        y_3 = multiply_add(everywhere(_TWO), y_3, everywhere(-_ONE))
                    store(y, at, y_0)
                    store(y, at + WIDTH, y_1)
                    store(y, at + 2 * WIDTH, y_2)
                    store(y, at + 3 * WIDTH, y_3)
                else:
                    for c in range(4):
                        x = add(load(left, at_l), load(right, at_r + c * WIDTH))
                        _activate(hidden, leak, x, y, slope, at + c * WIDTH)
                v = load(w, above + j * WIDTH)
                x_0 = multiply_add(v, load(y, at), x_0)  # (1)
                x_1 = multiply_add(v, load(y, at + WIDTH), x_1)
                x_2 = multiply_add(v, load(y, at + 2 * WIDTH), x_2)
                x_3 = multiply_add(v, load(y, at + 3 * WIDTH), x_3)
            case = l * rights + r
            y_0, y_1 = _logistic(_exp(x_0, _LEAST), _exp(x_1, _LEAST))  # (2)
            y_2, y_3 = _logistic(_exp(x_2, _LEAST), _exp(x_3, _LEAST))
            d_0 = subtract(y_0, everywhere(targets[case]))  # (4)
            d_1 = subtract(y_1, everywhere(targets[case + 1]))
            d_2 = subtract(y_2, everywhere(targets[case + 2]))
            d_3 = subtract(y_3, everywhere(targets[case + 3]))
            most = larger_number(larger_number(most, d_0), d_1)
            most = larger_number(larger_number(most, d_2), d_3)
            sum_01 = multiply_add(d_0, d_0, multiply(d_1, d_1))
            sum_23 = multiply_add(d_2, d_2, multiply(d_3, d_3))
            total = add(total, add(sum_01, sum_23))
            if not cross_entropy:  # (5)
                d_0 = multiply(d_0, _slope(y_0))
                d_1 = multiply(d_1, _slope(y_1))
                d_2 = multiply(d_2, _slope(y_2))
                d_3 = multiply(d_3, _slope(y_3))
            dE_dbias = add(dE_dbias, add(add(d_0, d_1), add(d_2, d_3)))
            for j in range(hidden_units):
                at_l, at_r, at = (j * lefts + l) * WIDTH, (j * rights + r) * WIDTH, j * 4 * WIDTH
                v = load(w, above + j * WIDTH)
                y_0, y_1 = load(y, at), load(y, at + WIDTH)
                y_2, y_3 = load(y, at + 2 * WIDTH), load(y, at + 3 * WIDTH)
                sum_01 = multiply_add(d_0, y_0, multiply(d_1, y_1))
                sum_23 = multiply_add(d_2, y_2, multiply(d_3, y_3))
                store(dE_dw, above + j * WIDTH, add(load(dE_dw, above + j * WIDTH), add(sum_01, sum_23)))  # (6)
                if hidden == _LOGISTIC:
                    s_0, s_1, s_2, s_3 = _slope(y_0), _slope(y_1), _slope(y_2), _slope(y_3)
                elif hidden == _TANH:
                    s_0, s_1 = subtract(one, multiply(y_0, y_0)), subtract(one, multiply(y_1, y_1))
                    s_2, s_3 = subtract(one, multiply(y_2, y_2)), subtract(one, multiply(y_3, y_3))
                else:
                    s_0, s_1 = load(slope, at), load(slope, at + WIDTH)
                    s_2, s_3 = load(slope, at + 2 * WIDTH), load(slope, at + 3 * WIDTH)
                b_0 = multiply(multiply(d_0, v), s_0)  # (7), (5)
                b_1 = multiply(multiply(d_1, v), s_1)
                b_2 = multiply(multiply(d_2, v), s_2)
                b_3 = multiply(multiply(d_3, v), s_3)
                store(dE_dright, at_r, add(load(dE_dright, at_r), b_0))
                store(dE_dright, at_r + WIDTH, add(load(dE_dright, at_r + WIDTH), b_1))
                store(dE_dright, at_r + 2 * WIDTH, add(load(dE_dright, at_r + 2 * WIDTH), b_2))
                store(dE_dright, at_r + 3 * WIDTH, add(load(dE_dright, at_r + 3 * WIDTH), b_3))
                store(dE_dleft, at_l, add(load(dE_dleft, at_l), add(add(b_0, b_1), add(b_2, b_3))))
    store(worst, result, where_nan(total, most))
    store(squares, result, total)
    for j in range(hidden_units):
        row, at = j * (n0 + 1), above + j * WIDTH
        _collect(dE_dw, row, left_bits, dE_dleft, j * lefts, low, high, scale)  # (6)
        _collect(dE_dw, row + left_bits, right_bits, dE_dright, j * rights, low, high, scale)
        bias = everywhere(_ZERO)
        for l in range(j * lefts, (j + 1) * lefts):  # noqa: E741
            bias = add(bias, load(dE_dleft, l * WIDTH))
        store(dE_dw, (row + n0) * WIDTH, multiply(bias, everywhere(scale)))
        store(dE_dw, at, multiply(load(dE_dw, at), everywhere(scale)))
    store(dE_dw, above + hidden_units * WIDTH, multiply(dE_dbias, everywhere(scale)))


@numba.njit(error_model="numpy", forceinline=True)
def _summed(farthest, left, at_l, right, at_r, factor, product):  # type: ignore[no-untyped-def]
    """exp(-x) of the sum of two shares for the networks with a share that is too far, and `product` for the others."""
    x = multiply(add(load(left, at_l), load(right, at_r)), everywhere(factor))
    return where_above(farthest, everywhere(_FAR), _exp(x, _LEAST), product)


@numba.njit(error_model="numpy")
def _shares(w, row, bits, bias, shares, first, low, high):  # type: ignore[no-untyped-def]
    """The share of a total input for each of the 2^bits values of the `bits` inputs from the weights' `row` on."""
    start = bias
    if low != _ZERO:
        for i in range(bits):
            start = multiply_add(load(w, (row + i) * WIDTH), everywhere(np.float32(low)), start)
    store(shares, first * WIDTH, start)
    for bit in range(bits):
        step = multiply(load(w, (row + bits - 1 - bit) * WIDTH), everywhere(np.float32(high - low)))
        for value in range(2**bit):
            without = load(shares, (first + value) * WIDTH)
            store(shares, (first + 2**bit + value) * WIDTH, add(without, step))


@numba.njit(error_model="numpy")
def _collect(dE_dw, row, bits, dE_dshares, first, low, high, scale):  # type: ignore[no-untyped-def]
    """Equation (6) for the `bits` inputs from the weights' `row` on, from sums of dE/dx for each of their values."""
    for i in range(bits):
        on, off = everywhere(_ZERO), everywhere(_ZERO)
        for value in range(2**bits):
            d = load(dE_dshares, (first + value) * WIDTH)
            if value >> (bits - 1 - i) & 1:
                on = add(on, d)
            elif low != _ZERO:
                off = add(off, d)
        total = multiply_add(off, everywhere(np.float32(low)), multiply(on, everywhere(np.float32(high))))
        store(dE_dw, (row + i) * WIDTH, multiply(total, everywhere(scale)))


@numba.njit(error_model="numpy")
def _learn_case(  # type: ignore[no-untyped-def]
    w, change, dE_dw, y, slope, rate, alpha, momentum, case,
    low, high, targets, n0, hidden_units, hidden, leak, cross_entropy,
):  # fmt: skip
    """Equations (1)-(7) for one case, and the change of the weights."""
    above = hidden_units * (n0 + 1) * WIDTH
    x_out = load(w, above + hidden_units * WIDTH)
    for j in range(hidden_units):
        row = j * (n0 + 1)
        x = load(w, (row + n0) * WIDTH)
        for i in range(n0):
            value = high if case >> (n0 - 1 - i) & 1 else low
            if value != _ZERO:
                x = multiply_add(load(w, (row + i) * WIDTH), everywhere(np.float32(value)), x)  # (1)
        _activate(hidden, leak, x, y, slope, j * WIDTH)  # (2)
        x_out = multiply_add(load(w, above + j * WIDTH), load(y, j * WIDTH), x_out)
    out = divide(everywhere(_ONE), add(everywhere(_ONE), _exp(x_out, _LEAST)))  # (2)
    d = subtract(out, everywhere(targets[case]))  # (4)
    if not cross_entropy:
        d = multiply(d, _slope(out))  # (5)
    for j in range(hidden_units):
        row, at = j * (n0 + 1), above + j * WIDTH
        back = multiply(multiply(d, load(w, at)), load(slope, j * WIDTH))  # (7), (5)
        store(dE_dw, at, multiply(d, load(y, j * WIDTH)))  # (6)
        store(dE_dw, (row + n0) * WIDTH, back)
        for i in range(n0):
            value = high if case >> (n0 - 1 - i) & 1 else low
            store(dE_dw, (row + i) * WIDTH, multiply(back, everywhere(np.float32(value))))
    store(dE_dw, above + hidden_units * WIDTH, d)
    _change(w, change, dE_dw, rate, alpha, momentum)


@numba.njit(error_model="numpy", forceinline=True)
def _activate(hidden, leak, x, y, slope, at):  # type: ignore[no-untyped-def]
    """Write the output y of a hidden unit and dy/dx."""
    one = everywhere(_ONE)
    if hidden == _LOGISTIC:
        out = divide(one, add(one, _exp(x, _LEAST)))
        store(y, at, out)
        store(slope, at, _slope(out))
    elif hidden == _TANH:
        share = divide(one, add(one, _exp(multiply(x, everywhere(_TWO)), _LEAST)))
        out = multiply_add(everywhere(_TWO), share, everywhere(-_ONE))
        store(y, at, out)
        store(slope, at, subtract(one, multiply(out, out)))
    elif hidden == _SILU:
        share = divide(one, add(one, _exp(x, -_FAR)))
        out = multiply(at_least(x, everywhere(-_FAR)), share)
        store(y, at, out)
        store(slope, at, multiply_add(out, subtract(one, share), share))
    else:
        factor = where_above(x, everywhere(_ZERO), one, everywhere(leak))
        store(slope, at, factor)
        store(y, at, multiply(x, factor))


with contextlib.suppress(RuntimeError):  # without a writable folder for the cache, every process compiles anew
    _sweeps.enable_caching()
