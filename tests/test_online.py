"""Changes case by case, against the paper's equations applied one case at a time."""

import numpy as np
import pytest

from backprop.experiments.online import analyse
from backprop.experiments.online.protocol import Protocol
from backprop.experiments.online.train import train
from backprop.experiments.symmetry import measures


def by_hand(start_1, start_2, sweeps, epsilon=0.1, alpha=0.9):
    """Weights after some sweeps in which they change after every case, by equations (4) to (9) in plain numpy."""
    inputs = np.c_[measures.cases(), np.ones(64)]
    targets = np.where(measures.is_palindrome(measures.cases()), 0.9, 0.1)
    w, v = start_1.astype(float), start_2[0].astype(float)
    dw, dv = np.zeros_like(w), np.zeros_like(v)
    for _ in range(sweeps):
        for y0, d in zip(inputs, targets, strict=True):
            hidden = np.append(measures.logistic(w @ y0), 1.0)
            y = measures.logistic(v @ hidden)
            dE_dx = (y - d) * y * (1 - y)
            below = dE_dx * v[:2] * hidden[:2] * (1 - hidden[:2])
            dv = -epsilon * dE_dx * hidden + alpha * dv
            dw = -epsilon * np.outer(below, y0) + alpha * dw
            v, w = v + dv, w + dw
    return w, v


def test_a_fixed_order_is_the_binary_order_one_change_per_case():
    protocol = Protocol(seeds=2, sweeps=3, keep=(0,))
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    for seed in range(2):
        w, v = by_hand(arrays["layer_1"][seed, 0], arrays["layer_2"][seed, 0], 3)
        np.testing.assert_allclose(arrays["layer_1"][seed, -1], w, atol=2e-5)
        np.testing.assert_allclose(arrays["layer_2"][seed, -1][0], v, atol=2e-5)


def test_the_order_makes_a_difference_and_the_start_does_not_depend_on_it():
    runs = [
        train(Protocol(seeds=2, sweeps=2, keep=(0,), **departure), (0, 1), "cpu", {})
        for departure in ({}, {"case_order": "shuffled"}, {"per_case": False})
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run["layer_1"][:, 0], runs[0]["layer_1"][:, 0])
        assert np.abs(run["layer_1"][:, -1] - runs[0]["layer_1"][:, -1]).max() > 1e-4


def test_the_printed_network_is_at_no_distance_from_itself_in_any_orientation():
    layer_1, layer_2 = (layer[None] for layer in measures.PDP_FIGURE_9)
    moved = [measures.apply_symmetry(layer_1, layer_2, symmetry) for symmetry in measures.symmetries()[::17]]
    arrays = {
        "layer_1": np.stack([one for one, _ in moved]).swapaxes(0, 1),
        "layer_2": np.stack([two for _, two in moved]).swapaxes(0, 1),
    }
    np.testing.assert_allclose(analyse.distances(arrays, "pdp"), 0, atol=1e-12)
    assert analyse.distances(arrays, "figure_1").min() == pytest.approx(0.135, abs=0.05)
