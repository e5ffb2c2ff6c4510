"""Sixteen numbers in single precision as one value in compiled code, one number per network.

numba vectorises simple loops, but not all of them, and it does not keep sums over units in registers. With the type
`Lanes` compiled code states both: `load` sixteen neighbours of an array, add products to them with `multiply_add`, and
`store` them. LLVM uses registers of 512 bits where the processor has them, and several shorter ones elsewhere. The
results are the same up to the rounding of a product and a sum in one or in two steps.

Code that uses these operations is cached on disk until its own file changes, not this one: after a change here, change
`compiled_deep` and `compiled_grid` too, or delete the caches (`__pycache__/*.nbi`).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import extending, types
from numba.core.cgutils import ir  # llvmlite's, in numba's own version
from numba.extending import models, register_model

WIDTH = 16
intrinsic: Any = extending.intrinsic  # compiled code calls an intrinsic without its first argument
_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


_LANES = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, declared: Any) -> None:
        super().__init__(manager, declared, _VECTOR)


def _address(context: Any, builder: Any, array_type: Any, array: Any, first: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [first]), _VECTOR.as_pointer())


@numba.njit(error_model="numpy")
def aligned(size: int) -> Any:
    """Zeros [size] that start with a line of the cache, so that loads and stores need one access and not two."""
    numbers = np.zeros(size + WIDTH, np.float32)
    first = -(numbers.ctypes.data // 4) % WIDTH
    return numbers[first : first + size]


@intrinsic
def load(_typing: Any, array: Any, first: Any) -> Any:
    """Sixteen numbers of a contiguous float32 array from the place `first`; the place is not checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = builder.load(_address(context, builder, signature.args[0], *arguments))
        lanes.align = 4
        return lanes

    return _LANES(array, types.intp), generate


@intrinsic
def store(_typing: Any, array: Any, first: Any, lanes: Any) -> Any:
    """Write sixteen numbers into a contiguous float32 array from the place `first`; the place is not checked."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], place).align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp, _LANES), generate


@intrinsic
def multiply_add(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, in one instruction where there is one."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, b, c = arguments
        return builder.fadd(builder.fmul(a, b, flags=("contract",)), c, flags=("contract",))

    return _LANES(_LANES, _LANES, _LANES), generate


def _arithmetic(instruction: str) -> Any:
    """The intrinsic of two values that is one instruction of LLVM."""

    def operation(_typing: Any, a: Any, b: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return _LANES(_LANES, _LANES), generate

    return intrinsic(operation)


add = _arithmetic("fadd")
"""a + b."""

subtract = _arithmetic("fsub")
"""a - b."""

multiply = _arithmetic("fmul")
"""a * b."""

divide = _arithmetic("fdiv")
"""a / b."""


def _limited(beyond: str) -> Any:
    """The intrinsic of a and a limit that gives the limit where it is `beyond` a ("<" or ">"), and a elsewhere."""

    def operation(_typing: Any, a: Any, limit: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            a, limit = arguments
            return builder.select(builder.fcmp_ordered(beyond, limit, a), limit, a)

        return _LANES(_LANES, _LANES), generate

    return intrinsic(operation)


at_most = _limited("<")
"""a where it is at most `limit` or nan, `limit` elsewhere."""

at_least = _limited(">")
"""a where it is at least `limit` or nan, `limit` elsewhere."""


@intrinsic
def larger_number(_typing: Any, a: Any, b: Any) -> Any:
    """The larger of a and |b|; a where b is nan."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, size = arguments[0], _size(builder, arguments[1])
        return builder.select(builder.fcmp_ordered(">", size, a), size, a)

    return _LANES(_LANES, _LANES), generate


@intrinsic
def where_above(_typing: Any, a: Any, limit: Any, b: Any, c: Any) -> Any:
    """b where a is above `limit`, c elsewhere, also where a is nan."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, limit, b, c = arguments
        return builder.select(builder.fcmp_ordered(">", a, limit), b, c)

    return _LANES(_LANES, _LANES, _LANES, _LANES), generate


@intrinsic
def where_nan(_typing: Any, a: Any, b: Any) -> Any:
    """a where it is nan, b elsewhere."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, b = arguments
        return builder.select(builder.fcmp_unordered("uno", a, a), a, b)

    return _LANES(_LANES, _LANES), generate


@intrinsic
def any_above(_typing: Any, a: Any, limit: Any) -> Any:
    """Whether a is above `limit` in any lane."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(builder.fcmp_ordered(">", *arguments), ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(WIDTH), 0))

    return types.boolean(_LANES, _LANES), generate


@intrinsic
def times_power_of_2(_typing: Any, a: Any, rounded: Any) -> Any:
    """a 2^n, where n is in the last bits of the number `rounded`, and 2^n must keep a a normal number."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        whole = ir.VectorType(ir.IntType(32), WIDTH)
        bits, exponent = (builder.bitcast(argument, whole) for argument in arguments)
        exponent = builder.shl(exponent, ir.Constant(whole, [23] * WIDTH))  # the place of a number's exponent
        return builder.bitcast(builder.add(bits, exponent), _VECTOR)

    return _LANES(_LANES, _LANES), generate


@intrinsic
def larger_size(_typing: Any, a: Any, b: Any) -> Any:
    """The larger of a and |b|, and nan if one of the two is nan; a must not be negative."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, size = arguments[0], _size(builder, arguments[1])
        # "unordered or larger" is true for a nan; one in a stays, because a is then kept unless |b| is nan too
        number_in_a = builder.fcmp_ordered("ord", a, a)
        return builder.select(builder.and_(number_in_a, builder.fcmp_unordered(">", size, a)), size, a)

    return _LANES(_LANES, _LANES), generate


@intrinsic
def beyond(_typing: Any, a: Any, limit: Any) -> Any:
    """a where |a| is above `limit` or nan, 0 elsewhere."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, limit = arguments
        return builder.select(
            builder.fcmp_unordered(">", _size(builder, a), limit), a, ir.Constant(_VECTOR, [0.0] * WIDTH)
        )

    return _LANES(_LANES, _LANES), generate


@intrinsic
def clamp(_typing: Any, a: Any, limit: Any) -> Any:
    """a where |a| is at most `limit` or nan, ± `limit` elsewhere."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        a, limit = arguments
        a = builder.select(builder.fcmp_ordered(">", a, limit), limit, a)
        least = builder.fneg(limit)
        return builder.select(builder.fcmp_ordered("<", a, least), least, a)

    return _LANES(_LANES, _LANES), generate


def _size(builder: Any, a: Any) -> Any:
    """|a|, by clearing the sign bit."""
    whole = ir.VectorType(ir.IntType(32), WIDTH)
    return builder.bitcast(builder.and_(builder.bitcast(a, whole), ir.Constant(whole, [0x7FFFFFFF] * WIDTH)), _VECTOR)


@intrinsic
def everywhere(_typing: Any, number: Any) -> Any:
    """The same number sixteen times."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        one = ir.Constant(ir.IntType(32), 0)
        lanes = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), arguments[0], one)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(lanes, ir.Constant(_VECTOR, ir.Undefined), zeros)

    return _LANES(types.float32), generate
