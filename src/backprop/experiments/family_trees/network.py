"""The five layers of RHW Figs. 3 and 4 as an architecture, and the mask that separates persons from relations."""

from __future__ import annotations

import torch
from torch import Tensor

from backprop.engine.networks import Architecture, flatten
from backprop.experiments.family_trees.people import CODE, PEOPLE, SIZES

ARCHITECTURE = Architecture(SIZES)
"""24 + 12 inputs, 6 + 6 units, 12, 6, and 24 outputs."""


def mask() -> Tensor:
    """Which weights exist, 1 or 0, as one column [parameters, 1]: persons feed six units, relations the other six."""
    layers = [torch.ones(units, columns, 1) for units, columns in ARCHITECTURE.shapes]
    persons = len(PEOPLE)
    layers[0][:CODE, persons:-1] = 0
    layers[0][CODE:, :persons] = 0
    return flatten(layers)


def counts() -> tuple[int, int]:
    """The number of weights and the number of biases that exist."""
    biases = sum(ARCHITECTURE.sizes[1:])
    return int(mask().sum()) - biases, biases
