"""Measures of the weights of symmetry networks: the features of RHW Fig. 1, as numbers per network.

Weights come as stored: `layer_1` [networks, hidden, inputs + 1] and `layer_2` [networks, 1, hidden + 1], the last
column being the bias. Every measure returns one value per network; a diverged network gives nan or False.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from math import gcd

import numpy as np

Array = np.ndarray

FIGURE_1 = (
    np.array([[14.2, -3.6, 7.2, -7.2, 3.6, -14.2, -1.1], [-14.2, 3.6, -7.1, 7.1, -3.6, 14.2, -1.1]]),
    np.array([[-8.8, -8.8, 6.4]]),
)
"""The weights printed in RHW Fig. 1, to 0.1: hidden units [2, 6 inputs + bias], output unit [1, 2 + bias]."""

PDP_FIGURE_9 = (
    np.array([[-3.18, 6.32, -12.56, 12.56, -6.33, 3.17, -1.0], [3.16, -6.34, 12.52, -12.51, 6.31, -3.17, -1.0]]),
    np.array([[-9.44, -9.44, 6.89]]),
)
"""The weights printed in the companion chapter (PDP vol. 1, ch. 8, Fig. 9), to 0.01; trained after every case."""


def cases(bits: int = 6, low: float = 0.0, high: float = 1.0) -> Array:
    """All input vectors [2**bits, bits] in binary order; bits have the values `low` and `high`."""
    digits = (np.arange(2**bits)[:, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.where(digits == 1, high, low)


def is_palindrome(inputs: Array) -> Array:
    """Whether each input vector [cases, bits] equals its mirror image."""
    return (inputs == inputs[:, ::-1]).all(axis=1)


def logistic(x: Array) -> Array:
    """Equation (2), without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def hidden_inputs(layer_1: Array, inputs: Array) -> Array:
    """Total inputs x_j of the hidden units, equation (1): [networks, cases, hidden]."""
    return np.einsum("nhi,ci->nch", layer_1[..., :-1], inputs) + layer_1[:, None, :, -1]


def outputs(layer_1: Array, layer_2: Array, inputs: Array) -> Array:
    """Outputs [networks, cases] of networks with logistic units."""
    hidden = logistic(hidden_inputs(layer_1, inputs))
    return logistic(np.einsum("nch,nh->nc", hidden, layer_2[:, 0, :-1]) + layer_2[:, 0, -1:])


def errors_of_constant_outputs(low: float, high: float, bits: int = 6) -> tuple[float, float]:
    """E, equation (3), of a network whose output is the same for every input, with targets `low` and `high`.

    Returns it for the output `low`, and for the best constant output, which is the mean target.
    """
    palindromes, inputs = 2 ** (bits // 2), 2**bits
    mean = low + (high - low) * palindromes / inputs
    best = 0.5 * (palindromes * (high - mean) ** 2 + (inputs - palindromes) * (mean - low) ** 2)
    return 0.5 * palindromes * (high - low) ** 2, best


def mirror_residual(layer_1: Array) -> Array:
    """How far mirror weights are from equal and opposite (S6): max |w_i + w_(n+1-i)| / max |w| of a network."""
    w = layer_1[..., :-1]
    return _relative(np.abs(w + w[..., ::-1]).max(axis=(1, 2)), w)


def opposite_residual(layer_1: Array) -> Array:
    """How far the two hidden units are from opposite (S7): max |w_1i + w_2i| / max |w|; nan unless there are two."""
    w = layer_1[..., :-1]
    if w.shape[1] != 2:
        return np.full(len(w), np.nan)
    return _relative(np.abs(w[:, 0] + w[:, 1]).max(axis=1), w)


def magnitudes(layer_1: Array) -> Array:
    """Mean |w| of each mirror pair over hidden units, from the outer to the inner pair: [networks, inputs / 2]."""
    w = np.abs(layer_1[..., :-1])
    half = w.shape[-1] // 2
    return ((w[..., :half] + w[..., : -half - 1 : -1]) / 2).mean(axis=1)


def magnitude_ratios(layer_1: Array) -> tuple[Array, Array]:
    """The second and the third sorted magnitude over the smallest (S8); 1:2:4 gives 2 and 4. Six inputs only."""
    small, middle, large = np.sort(magnitudes(layer_1), axis=1).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return middle / small, large / small


def order_of_magnitudes(layer_1: Array) -> Array:
    """Ranks of the outer, middle and inner pair as text, "3-1-2" for RHW Fig. 1 (largest = 3) (S14)."""
    ranks = magnitudes(layer_1).argsort(axis=1).argsort(axis=1) + 1
    return np.array(["-".join(map(str, row)) for row in ranks])


def sign_pattern(layer_1: Array) -> Array:
    """Signs of the outer, middle and inner weight of the hidden unit whose outer weight is positive (S14).

    "+-+" for RHW Fig. 1. The other hidden unit has the opposite weights, so it has the same pattern.
    """
    first = np.sign(layer_1[:, 0, :3]) * np.sign(layer_1[:, 0, :1])
    return np.array(["".join("+" if sign > 0 else "-" for sign in row) for row in first])


def signs_as_printed(layer_1: Array, layer_2: Array) -> Array:
    """Whether hidden biases are negative, output weights negative and the output bias positive (S10)."""
    hidden_bias, weights, bias = layer_1[..., -1], layer_2[:, 0, :-1], layer_2[:, 0, -1]
    return (hidden_bias < 0).all(axis=1) & (weights < 0).all(axis=1) & (bias > 0)


def hidden_states_as_described(layer_1: Array, inputs: Array) -> tuple[Array, Array]:
    """S11: the share of palindromes with all hidden units off, and of the others with exactly one on."""
    on = (hidden_inputs(layer_1, inputs) > 0).sum(axis=2)
    palindrome = is_palindrome(inputs)
    return (on[:, palindrome] == 0).mean(axis=1), (on[:, ~palindrome] == 1).mean(axis=1)


def smallest_gap(layer_1: Array) -> Array:
    """S12: the smallest difference between the sums of two half patterns, over max |w|; 0 if two coincide.

    The sums of one half's 2**k patterns differ by signed sums of its weights, with signs -1, 0 and 1. The smallest
    |signed sum| over all sign patterns but zero separates a palindrome from its neighbours; the worse hidden unit
    counts. It is 1/4 for 1:2:4.
    """
    w = layer_1[..., :-1]
    half = w.shape[-1] // 2
    signs = np.array([s for s in product((-1, 0, 1), repeat=half) if any(s)])
    sums = np.abs(np.einsum("nhk,sk->nhs", w[..., :half], signs)).min(axis=2)
    return _relative(sums.min(axis=1), w)


def distance_to(layer_1: Array, layer_2: Array, target: tuple[Array, Array] = FIGURE_1) -> tuple[Array, Array]:
    """Distance to a 6-2-1 network up to the task's symmetries, over the target's norm, and the symmetry used.

    The task does not change when hidden units are swapped (2), mirror pairs are permuted (6), or the two inputs of a
    pair are swapped (8): 96 networks compute the same function. Returns (distance [networks], index into
    `symmetries()` [networks]) of the closest.
    """
    size = np.sqrt((target[0] ** 2).sum() + (target[1] ** 2).sum())
    distances = [
        ((moved_1 - target[0]) ** 2).sum(axis=(1, 2)) + ((moved_2 - target[1]) ** 2).sum(axis=(1, 2))
        for moved_1, moved_2 in (apply_symmetry(layer_1, layer_2, s) for s in symmetries())
    ]
    table = np.sqrt(np.stack(distances)) / size
    return table.min(axis=0), np.where(np.isnan(table), np.inf, table).argmin(axis=0)


def symmetries() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The 96 symmetries of the task on a 6-2-1 network: (order of hidden units, order of the six inputs)."""
    orders = []
    for units in permutations(range(2)):
        for pairs in permutations(range(3)):
            for flips in product((False, True), repeat=3):
                left = [5 - pair if flip else pair for pair, flip in zip(pairs, flips, strict=True)]
                orders.append((units, (*left, *(5 - position for position in reversed(left)))))
    return orders


def apply_symmetry(
    layer_1: Array, layer_2: Array, symmetry: tuple[tuple[int, ...], tuple[int, ...]]
) -> tuple[Array, Array]:
    """The same networks with hidden units and inputs in another order; biases move with their units."""
    units, inputs = list(symmetry[0]), [*symmetry[1], 6]
    return layer_1[:, units][:, :, inputs], layer_2[:, :, [*units, 2]]


def families(first: Array, second: Array, tolerance: float = 0.05) -> tuple[Array, dict[str, tuple[float, float]]]:
    """The families of magnitude ratios, found from the data: dense clusters in the plane of the two log ratios.

    Args:
        first, second: the ratios of `magnitude_ratios`, of solved networks.
        tolerance: radius of a neighbourhood in log2 units (0.05 is 3.5 %).

    Returns:
        The name of each network's family ("other" outside any cluster), and each family's median ratios, largest
        family first. A family is named by the simplest whole numbers within 5 % of its medians ("1:2:4"), or by
        its medians ("1:1.83:2.36") where there are none below 10.
    """
    from sklearn.cluster import DBSCAN  # takes half a second to import, and only analysis needs it

    names = np.full(len(first), "other", dtype=object)
    points = np.log2(np.stack([first, second], axis=1)) if len(first) else np.zeros((0, 2))
    usable = np.isfinite(points).all(axis=1)
    if usable.sum() < 5:
        return names, {}
    least = max(5, int(0.01 * usable.sum()))
    labels = np.full(len(first), -1)
    labels[usable] = DBSCAN(eps=tolerance, min_samples=least).fit_predict(points[usable])
    centres: dict[str, tuple[float, float]] = {}
    clusters, counts = np.unique(labels[labels >= 0], return_counts=True)
    for cluster in clusters[counts.argsort()[::-1]]:
        members = labels == cluster
        centre = (float(np.median(first[members])), float(np.median(second[members])))
        name = ratio_name(*centre)
        names[members] = name
        centres.setdefault(name, centre)
    return names, centres


@dataclass(frozen=True)
class Families:
    """Families found in some networks, to which any number of others can be assigned.

    Attributes:
        points: the two log2 ratios [n, 2] of the networks that belong to a family.
        names: their families [n].
    """

    points: Array
    names: Array

    @classmethod
    def among(cls, first: Array, second: Array) -> Families:
        """The families that `families` finds among networks with these ratios."""
        names, _ = families(first, second)
        return cls(np.log2(np.stack([first, second], axis=1))[names != "other"], names[names != "other"])

    def of(self, first: Array, second: Array, tolerance: float = 0.05) -> Array:
        """The family of the nearest of `points` if it is within `tolerance` in log2 units, else "other"."""
        from scipy.spatial import KDTree  # slow to import, and only few callers need it

        found = np.full(len(first), "other", dtype=object)
        with np.errstate(divide="ignore", invalid="ignore"):
            points = np.log2(np.stack([first, second], axis=1))
        usable = np.isfinite(points).all(axis=1)
        if len(self.points) and usable.any():
            distance, nearest = KDTree(self.points).query(points[usable], distance_upper_bound=tolerance)
            near = np.isfinite(distance)
            found[np.flatnonzero(usable)[near]] = self.names[nearest[near]]
        return found


def ratio_name(first: float, second: float, within: float = 0.05, highest: int = 9) -> str:
    """The simplest whole numbers a:b:c with b/a and c/a within 5 % of the ratios, or the ratios themselves."""
    for c in range(1, highest + 1):
        for a, b in product(range(1, c + 1), repeat=2):
            if a <= b <= c and gcd(gcd(a, b), c) == 1:
                near = abs(b / a / first - 1) < within and abs(c / a / second - 1) < within
                if near:
                    return f"{a}:{b}:{c}"
    return f"1:{first:.3g}:{second:.3g}"


def is_whole_ratio(name: str) -> bool:
    """Whether a family's name has whole numbers, like "1:2:4", rather than medians, like "1:1.83:2.36"."""
    return all(number.isdigit() for number in name.split(":"))


def _relative(measure: Array, weights: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return measure / np.abs(weights).max(axis=(1, 2))
