"""The layers of a 6-2-1 network among arrays of any names, recognised by their shapes and, where these leave a choice,
by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from backprop.values import UserError, quoted

INPUTS, HIDDEN = 6, 2

EXPECTED = (
    f"a 6-2-1 network: hidden weights {HIDDEN} × {INPUTS}, {HIDDEN} hidden biases, {HIDDEN} output weights "
    "and an output bias"
)

BIASES = ("last", "first")
"""Where a row that holds the weights of a unit and its bias may have the bias."""

_BIAS_NAME = re.compile(r"bias|intercept|offset|(?:^|[^a-z])b\d*$")


@dataclass(frozen=True)
class Network:
    """The weights of one 6-2-1 network, in the orientation of the engine.

    Attributes:
        layer_1: [2, 7], a row per hidden unit: six weights and the bias.
        layer_2: [1, 3], the two output weights and the bias.
        note: what was assumed about the file, as a sentence; empty if it left no choice.
    """

    layer_1: np.ndarray
    layer_2: np.ndarray
    note: str = ""


def recognise(arrays: Mapping[str, np.ndarray], solves: Callable[[Network], bool], bias: str | None = None) -> Network:
    """The 6-2-1 network that the arrays hold.

    Args:
        arrays: by their names; matrices may have inputs in rows or in columns.
        solves: whether a network solves the task, which decides where the shapes allow several readings.
        bias: one of BIASES, for rows that hold weights and bias; None if the user did not say.

    Raises:
        UserError: there is no 6-2-1 network, its biases are missing, or several readings are possible; the message
            begins with a lower-case word and is about "the file".
    """
    parts = [arrays, *_parts(arrays)]
    complete = [part for part in parts if _complete(part)]
    if not complete:
        raise UserError(_what_is_missing(arrays))
    if len(complete) > 1:
        names = " and ".join(_prefix(next(iter(part))) for part in complete)
        raise UserError(f"the file holds {len(complete)} networks, {names}; save one of them alone.")
    readings = _readings(complete[0])
    if bias not in (None, *BIASES):
        raise UserError(f"--bias is {quoted(bias)}; allowed are {' and '.join(BIASES)}.")
    if bias:
        readings = {where: network for where, network in readings.items() if where in ("", bias)} or readings
    if len(readings) == 1:
        return next(iter(readings.values()))
    solving = [(where, network) for where, network in readings.items() if solves(network)]
    if len(solving) != 1:
        raise UserError(
            "the rows of the file hold weights and a bias, and the bias may be first or last; "
            "say which with --bias last or --bias first."
        )
    where, network = solving[0]
    note = f"The bias is read as the {where} value of each row, because only then the network solves the task."
    return Network(network.layer_1, network.layer_2, f"{network.note} {note}".strip())


def shape_in_words(array: np.ndarray) -> str:
    """A shape as messages print it: "2 × 6", "one value", "2 values"."""
    if array.ndim > 1:
        return " × ".join(map(str, array.shape))
    return "one value" if array.size == 1 else f"{array.size} values"


def _prefix(name: str) -> str:
    return name.partition(".")[0]


def _parts(arrays: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """The arrays by the first part of their names, as in a checkpoint with weights and an optimizer's state."""
    prefixes = dict.fromkeys(_prefix(name) for name in arrays)
    if len(prefixes) < 2:
        return []
    return [{name: a for name, a in arrays.items() if _prefix(name) == prefix} for prefix in prefixes]


def _kinds(arrays: Mapping[str, np.ndarray]) -> dict[tuple[int, ...], list[str]]:
    """The names of the arrays by their shapes, ascending and without the axes of length 1."""
    kinds: dict[tuple[int, ...], list[str]] = {}
    for name, array in arrays.items():
        kinds.setdefault(tuple(sorted(n for n in array.shape if n != 1)), []).append(name)
    return kinds


_COMPLETE: tuple[dict[tuple[int, ...], int], ...] = (
    {(HIDDEN, INPUTS): 1, (HIDDEN,): 2, (): 1},
    {(HIDDEN, INPUTS): 1, (HIDDEN,): 1, (HIDDEN + 1,): 1},
    {(HIDDEN, INPUTS + 1): 1, (HIDDEN,): 1, (): 1},
    {(HIDDEN, INPUTS + 1): 1, (HIDDEN + 1,): 1},
    {(INPUTS + 1,): 2, (HIDDEN + 1,): 1},
)
"""How many arrays of each shape make a network: biases apart, or in the rows of their units."""


def _complete(arrays: Mapping[str, np.ndarray]) -> bool:
    return {kind: len(names) for kind, names in _kinds(arrays).items()} in _COMPLETE


def _readings(arrays: Mapping[str, np.ndarray]) -> dict[str, Network]:
    """The possible networks, by the place of the bias in a row; by "" if no row holds a bias."""
    kinds = _kinds(arrays)

    def only(*kind: int) -> np.ndarray | None:
        names = kinds.get(kind)
        return np.squeeze(arrays[names[0]]) if names else None

    hidden, hidden_rows, output_row, output_bias = only(2, 6), only(2, 7), only(3), only()
    if len(kinds.get((7,), [])) == 2:
        hidden_rows = np.stack([np.squeeze(arrays[name]) for name in kinds[7,]])
    transposed = hidden is not None and hidden.shape[0] != HIDDEN
    bias, output, note = _pair(arrays, kinds.get((2,), []), hidden is not None, output_row is None, transposed)
    networks = {}
    for where in BIASES:
        layer_1 = _with_bias(hidden, bias) if hidden is not None else _bias_last(hidden_rows, where)
        layer_2 = _with_bias(output[None], output_bias) if output is not None else _bias_last(output_row, where)
        networks[where] = Network(layer_1, layer_2.reshape(1, HIDDEN + 1), note)
    apart = hidden is not None and output is not None
    return {"": networks["last"]} if apart else networks


def _with_bias(weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Rows [units, n + 1] from weights [units, n] or [n, units] and biases."""
    rows = weights if weights.shape[0] in (1, HIDDEN) else weights.T
    assert bias is not None
    return np.column_stack([rows, np.reshape(bias, len(rows))])


def _bias_last(rows: np.ndarray | None, where: str) -> np.ndarray:
    """Rows [units, n + 1] with the bias last, from rows or columns with the bias at `where`."""
    assert rows is not None
    rows = np.atleast_2d(rows)
    rows = rows if rows.shape[0] in (1, HIDDEN) else rows.T
    return rows if where == "last" else np.roll(rows, -1, axis=1)


def _pair(
    arrays: Mapping[str, np.ndarray], names: Iterable[str], needs_bias: bool, needs_output: bool, transposed: bool
) -> tuple[np.ndarray | None, np.ndarray | None, str]:
    """Which arrays of two values are the hidden biases and the output weights; a note if their names do not say so."""
    values = {name: np.squeeze(arrays[name]) for name in names}
    if len(values) < 2:
        value = next(iter(values.values()), None)
        return (value if needs_bias else None), (value if needs_output else None), ""
    first, second = values
    shapes = {name: arrays[name].shape for name in values}
    named = [name for name in values if _BIAS_NAME.search(name.lower().rpartition(".")[2])]
    flat = [name for name in values if len(shapes[name]) == 1]
    # with the inputs in rows, the biases are a row and the output weights a column, and the other way round
    turned = [name for name in values if (shapes[name] == (HIDDEN, 1)) != transposed]
    for biases in (named, flat, turned):
        if len(biases) == 1:
            bias, other = biases[0], second if biases[0] == first else first
            note = "" if biases is named else f"'{bias}' is read as the hidden biases, '{other}' as the output weights."
            return values[bias], values[other], note
    raise UserError(
        f"the file has two arrays of two values, '{first}' and '{second}', and nothing says which one holds the hidden "
        "biases; use the names 'hidden.bias' and 'output.weight', in a .json or .npz file for example."
    )


def _what_is_missing(arrays: Mapping[str, np.ndarray]) -> str:
    kinds = _kinds(arrays)
    hidden, pairs, single = kinds.get((2, 6)), len(kinds.get((2,), [])), len(kinds.get((), []))
    if hidden and len(arrays) <= 3 and set(kinds) <= {(2, 6), (2,), ()}:
        if pairs == 1 and not single:
            return "the biases are missing: train with biases, as the paper does, and save them too."
        if pairs == 2 and not single:
            return "the bias of the output unit is missing."
        if pairs == 1 and single:
            return "the hidden biases or the output weights are missing: there is only one array of two values."
        return "the output weights are missing: there is no array of two values."
    shapes = [f"'{name}' {shape_in_words(array)}" for name, array in arrays.items()]
    held = ", ".join(shapes[:6]) + (f" and {len(shapes) - 6} more" if len(shapes) > 6 else "")
    return f"expected {EXPECTED}; the file holds {held}."
