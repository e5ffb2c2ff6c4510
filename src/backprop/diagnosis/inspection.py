"""What one trained 6-2-1 network computes, and how its weights compare with RHW Fig. 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erf

from backprop.diagnosis import standing, weights
from backprop.diagnosis.layers import Network, recognise
from backprop.diagnosis.places import places
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import family_of
from backprop.experiments.symmetry.protocol import Protocol
from backprop.values import UserError

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "logistic": measures.logistic,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "silu": lambda x: x * measures.logistic(x),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / np.sqrt(2))),
    "softplus": lambda x: np.logaddexp(0, x),
    "identity": lambda x: x,
}
"""The activations of the engine, without torch."""

INPUTS: tuple[dict[str, Any], ...] = ({}, {"inputs": (0.0, 1.0)}, {"inputs": (-1.0, 1.0)})
HIDDEN: tuple[dict[str, Any], ...] = ({}, {"hidden": "logistic"}, {"hidden": "tanh"}, {"hidden": "relu"})
OUTPUT: tuple[dict[str, Any], ...] = (
    {},
    {"output": "logistic", "targets": (0.0, 1.0)},
    {"output": "tanh", "targets": (-1.0, 1.0)},
)
"""Other ways to use a network, tried together when it does not solve the task as the user says."""


@dataclass(frozen=True)
class Inspection:
    """One inspected network.

    Attributes:
        file: its file.
        network: its weights.
        protocol: the protocol that says how the weights are used.
        numbers: what `inspect` returns.
        place: where it is, one of `places.KINDS`.
        reference: what `standing.load` returns.
    """

    file: Path
    network: Network
    protocol: Protocol
    numbers: Mapping[str, Any]
    place: str
    reference: Mapping[str, Any]


def inspect_file(file: Path, protocol: Protocol, results: Path, bias: str | None = None) -> Inspection:
    """Inspect the network in a file of weights.

    Args:
        file: of a kind that `weights` reads.
        protocol: its inputs, targets and activations are those of the network.
        results: the folder of results, for the report's networks.
        bias: where rows of weights have their bias, "last" or "first"; None if the user did not say.
    """
    arrays = weights.read(file)
    try:
        network = recognise(arrays, lambda network: solves(network, protocol), bias)
        numbers = inspect(network, protocol)
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    place = str(places(outputs(network, protocol)[None], *protocol.targets)[0])
    return Inspection(file, network, protocol, numbers, place, standing.load(results, protocol.targets))


def outputs(network: Network, protocol: Protocol) -> np.ndarray:
    """The output for each of the 64 inputs, in the order of `measures.cases`."""
    inputs = measures.cases(protocol.bits, *protocol.inputs)
    hidden = ACTIVATIONS[protocol.hidden](measures.hidden_inputs(network.layer_1[None], inputs)[0])
    return ACTIVATIONS[protocol.output](hidden @ network.layer_2[0, :-1] + network.layer_2[0, -1])


def solves(network: Network, protocol: Protocol) -> bool:
    """Whether all 64 outputs are on their target's side of the middle between the two targets."""
    return not _wrong(outputs(network, protocol), protocol).any()


def as_logistic(network: Network, protocol: Protocol) -> Network | None:
    """A network of logistic units with inputs 0 and 1 that computes the same; None unless all units are sigmoid.

    tanh(x) is 2 logistic(2x) − 1, and inputs are linear in bits: both change weights and biases only. With an output
    tanh the result is (1 + y) / 2. A tanh unit and its mirror image, with all its weights negated, compute the same;
    of the two, the one with a negative bias is taken, as in RHW Fig. 1.
    """
    if not {protocol.hidden, protocol.output} <= {"logistic", "tanh"}:
        return None
    low, high = protocol.inputs
    layer_1, layer_2 = network.layer_1.copy(), network.layer_2.copy()
    layer_1[:, -1] += low * layer_1[:, :-1].sum(axis=1)
    layer_1[:, :-1] *= high - low
    if protocol.hidden == "tanh":
        sign = np.where(layer_1[:, -1] > 0, -1.0, 1.0)
        layer_1 *= 2 * sign[:, None]
        layer_2[0, :-1] *= sign
        layer_2[0, -1] -= layer_2[0, :-1].sum()
        layer_2[0, :-1] *= 2
    if protocol.output == "tanh":
        layer_2 *= 2
    return Network(layer_1, layer_2)


def inspect(network: Network, protocol: Protocol) -> dict[str, Any]:
    """Everything that is said about a network, as numbers.

    Returns:
        `right` of `cases`, `solved`, `worst_error`, `E` (half the sum of squares), `lowest_output` and
        `highest_output`; `failing`, the inputs on the wrong side, each with output and target; `missed` palindromes and
        `false_alarms`;
        `palindromes`, the outputs of all units for these eight inputs;
        `weights`: what `weights_measures` returns; `figure_1`: the same for RHW Fig. 1;
        `conventions`: other ways to use the weights in which they solve the task, by the fields that differ.
    """
    y, palindrome = outputs(network, protocol), _palindromes(protocol)
    if not np.isfinite(y).all():
        raise UserError("the outputs are not finite: the weights are too large.")
    low, high = protocol.targets
    target, wrong = np.where(palindrome, high, low), _wrong(y, protocol)
    bits = measures.cases(protocol.bits).astype(int)
    names = ["".join(map(str, row)) for row in bits]
    hidden_inputs = measures.hidden_inputs(network.layer_1[None], measures.cases(protocol.bits, *protocol.inputs))[0]
    hidden = ACTIVATIONS[protocol.hidden](hidden_inputs)
    solved = not wrong.any()
    return {
        "cases": len(y),
        "right": int((~wrong).sum()),
        "solved": solved,
        "worst_error": float(np.abs(y - target).max()),
        "E": float(0.5 * ((y - target) ** 2).sum()),
        "lowest_output": float(y.min()),
        "highest_output": float(y.max()),
        "failing": [
            {"input": names[i], "output": float(y[i]), "target": float(target[i])} for i in np.flatnonzero(wrong)
        ],
        "missed": int((palindrome & wrong).sum()),
        "false_alarms": int((~palindrome & wrong).sum()),
        "palindromes": [
            {"input": names[i], "hidden": hidden[i].tolist(), "output": float(y[i])} for i in np.flatnonzero(palindrome)
        ],
        "weights": weights_measures(network, protocol),
        "figure_1": weights_measures(Network(*measures.FIGURE_1), Protocol()),
        "conventions": [] if solved else _conventions(network, protocol),
    }


def weights_measures(network: Network, protocol: Protocol) -> dict[str, Any]:
    """The measures of Experiment 1 for one network, of its logistic equivalent where there is one.

    Returns:
        `mirror_residual`, `opposite_residual`, `smallest_gap`; `magnitudes` of outer, middle and inner pair;
        `ratio_middle` and `ratio_large`; `family`; `order` of the magnitudes; `signs` of outer, middle and inner
        weight; `signs_as_printed`; `palindromes_off`, of 8, and `others_one_on`, of 56;
        `distance` to RHW Fig. 1 as a share of its norm, `units` and `inputs` (numbers from 1), the order of this
        network's units and inputs that is closest to it; the last three are None without a logistic equivalent.
    """
    equivalent = as_logistic(network, protocol)
    own, inputs = (equivalent, measures.cases()) if equivalent else (network, measures.cases(6, *protocol.inputs))
    layer_1, layer_2 = own.layer_1[None], own.layer_2[None]
    middle, large = measures.magnitude_ratios(layer_1)
    off, one_on = measures.hidden_states_as_described(layer_1, inputs)
    found: dict[str, Any] = {
        "mirror_residual": _number(measures.mirror_residual(layer_1)),
        "opposite_residual": _number(measures.opposite_residual(layer_1)),
        "smallest_gap": _number(measures.smallest_gap(layer_1)),
        "magnitudes": measures.magnitudes(layer_1)[0].tolist(),
        "ratio_middle": _number(middle),
        "ratio_large": _number(large),
        "family": str(family_of(middle, large)[0]),
        "order": str(measures.order_of_magnitudes(layer_1)[0]),
        "signs": str(measures.sign_pattern(layer_1)[0]),
        "signs_as_printed": bool(measures.signs_as_printed(layer_1, layer_2)[0]),
        "palindromes_off": round(float(off[0]) * 8),
        "others_one_on": round(float(one_on[0]) * 56),
        "distance": None,
        "units": None,
        "inputs": None,
    }
    if equivalent:
        distance, index = measures.distance_to(layer_1, layer_2)
        units, order = measures.symmetries()[index[0]]
        found |= {
            "distance": float(distance[0]),
            "units": [unit + 1 for unit in units],
            "inputs": [i + 1 for i in order],
        }
    return found


def _conventions(network: Network, protocol: Protocol) -> list[dict[str, Any]]:
    """The other ways to use the network in which it solves the task, by the fields that differ, the fewest first."""
    ways: list[dict[str, Any]] = []
    for parts in product(INPUTS, HIDDEN, OUTPUT):
        fields = {name: value for part in parts for name, value in part.items()}
        different = {name: value for name, value in fields.items() if getattr(protocol, name) != value}
        if different not in ways and solves(network, replace(protocol, **different)):
            ways.append(different)
    return sorted(ways, key=len)


def _wrong(y: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Which of the 64 outputs are not on their target's side of the middle between the two targets."""
    low, high = protocol.targets
    return np.abs(y - np.where(_palindromes(protocol), high, low)) >= 0.5 * (high - low)


def _palindromes(protocol: Protocol) -> np.ndarray:
    return measures.is_palindrome(measures.cases(protocol.bits))


def _number(values: np.ndarray) -> float | None:
    return float(values[0]) if np.isfinite(values[0]) else None
