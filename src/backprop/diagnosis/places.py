"""Places where networks get stuck, recognised by their outputs: what a network computes there, and at which E."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop.experiments.symmetry import measures

FLAT = 0.2
"""Outputs are alike if they differ by less than this share of the distance between the targets."""

NEAR = 0.1
"""A mean output is near a value if it differs by less than this share of the distance between the targets."""

NOTHING = 0.05
"""An output is off if it is below this share of the distance between the targets."""

KINDS = ("solved", "off", "constant", "untrained", "rising", "some", "swapped", "mixed")
"""All places.

solved: every output is on the right side of the middle.
off: the output is at the lower target for every input.
constant: the output is almost the same for every input, near the share of palindromes.
untrained: the output is almost the same for every input, elsewhere.
rising: no palindrome is recognised, but outputs differ.
some: some palindromes are recognised, and no other input is taken for one.
swapped: every output is on the wrong side of the middle.
mixed: other inputs are taken for palindromes.
"""


@dataclass(frozen=True)
class Levels:
    """E of a network that gives the same output for all 64 inputs, for targets at this distance from each other.

    Attributes:
        off: with the output at the lower target: half the squared distance for each of the 8 palindromes.
        constant: with the best constant output, 1/8 of the way to the higher target.
    """

    off: float
    constant: float


def levels(distance: float) -> Levels:
    """The levels for targets that are `distance` apart."""
    return Levels(*measures.errors_of_constant_outputs(0.0, distance))


def places(outputs: np.ndarray, low: float, high: float) -> np.ndarray:
    """The place of each network by its outputs [networks, 64], one of KINDS; `low` and `high` are the targets."""
    palindrome = measures.is_palindrome(measures.cases())
    y = (outputs - low) / (high - low)
    on = y > 0.5
    missed, alarms = (~on & palindrome).sum(axis=1), (on & ~palindrome).sum(axis=1)
    flat, mean = np.ptp(y, axis=1) < FLAT, y.mean(axis=1)
    kinds = np.full(len(y), "mixed", dtype=object)
    kinds[(alarms == 0) & (missed > 0)] = "some"
    kinds[~on.any(axis=1)] = "rising"
    kinds[flat] = "untrained"
    kinds[flat & (np.abs(mean - palindrome.mean()) < NEAR)] = "constant"
    kinds[flat & (y.max(axis=1) < NOTHING)] = "off"
    kinds[(on != palindrome).all(axis=1)] = "swapped"
    kinds[(missed == 0) & (alarms == 0)] = "solved"
    return kinds
