"""Gradients at the printed weights, and that the method finds targets that are known."""

import numpy as np
import pytest
import torch

from backprop.experiments.symmetry import measures
from backprop.experiments.targets import analyse, train
from backprop.experiments.targets.prints import rounding
from backprop.experiments.targets.protocol import Protocol

FIGURE_1 = np.concatenate([layer.ravel() for layer in measures.FIGURE_1])


def autograd_gradient(weights, t):
    w = torch.tensor(weights, requires_grad=True)
    inputs = measures.cases()
    d = torch.tensor(np.where(measures.is_palindrome(inputs), 1 - t, t))
    hidden = torch.sigmoid(torch.tensor(inputs) @ w[:14].view(2, 7)[:, :6].T + w[:14].view(2, 7)[:, 6])
    E = 0.5 * ((torch.sigmoid(hidden @ w[14:16] + w[16]) - d) ** 2).sum()
    return torch.autograd.grad(E, w)[0].numpy()


@pytest.mark.parametrize("t", [0.0, 0.1, 0.37])
def test_the_gradient_at_any_target_equals_autograd(t):
    gradients = train.gradients(torch.tensor(FIGURE_1[:, None]))[..., 0].numpy()
    expected = np.linalg.norm(autograd_gradient(FIGURE_1, t))
    assert analyse.gradient_norms(gradients[:, None], np.array([t]))[0, 0] == pytest.approx(expected, rel=1e-9)


def test_the_best_target_is_the_lowest_point_of_the_norm():
    gradients = np.random.default_rng(0).normal(size=(2, 5, 17))
    t, norm = analyse.best_target(gradients)
    grid = np.linspace(-3, 3, 6001)
    norms = analyse.gradient_norms(gradients, grid)
    np.testing.assert_allclose(grid[norms.argmin(axis=1)], t, atol=1e-3)
    assert (norm <= norms.min(axis=1) + 1e-12).all()


@pytest.fixture(scope="module")
def arrays():
    protocol = Protocol(seeds=24, off_targets=(0.0, 0.1), margins=(0.2,), sweeps=1500, draws=100, path=(0, 10, 100))
    return protocol, train.train(protocol, protocol.seed_list, "cpu", {})


def test_training_stays_at_the_print_under_the_coding_that_fits_and_leaves_it_under_the_other(arrays):
    protocol, found = arrays
    moved = np.linalg.norm(found["path"][0] - FIGURE_1, axis=-1) / np.linalg.norm(FIGURE_1)
    np.testing.assert_allclose(found["path"][:, :, 0][0], np.broadcast_to(FIGURE_1, (2, 17)))
    assert protocol.off_targets[1] == 0.1
    assert moved[1, 1] < 0.002 and moved[1, 2] < 0.02
    assert moved[0, 1] > 0.03 and moved[0, 2] > 0.08


def test_known_targets_are_found_from_rounded_weights(arrays):
    protocol, found = arrays
    table = analyse.analyse(protocol, found)
    tenth = table[(table.off_target == 0.1) & table.solved_at_mark]
    assert len(tenth) > 3
    assert tenth.inferred.median() == pytest.approx(0.1, abs=0.005)
    assert tenth.distance_at_mark.dropna().between(0.05, 1.5).all()


def test_what_is_drawn_lies_within_the_rounding(arrays):
    widths = rounding(measures.FIGURE_1), rounding(measures.PDP_FIGURE_9)
    assert set(widths[0]) == {0.05} and sorted(set(widths[1])) == [0.005, 0.05]
    _, found = arrays
    t, _ = analyse.best_target(found["drawn_gradients"][0])
    assert 0.09 < np.quantile(t, 0.025) < 0.1 < np.quantile(t, 0.975) < 0.12


def test_within_its_margin_a_network_is_left_alone(arrays):
    """With the paper's margin all of Figure 1's outputs are right, so a network that has them stops changing."""
    _, found = arrays
    solved = found["first_sweep"][2] >= 0
    inputs = measures.cases()
    layer_1, layer_2 = (found[name][2][:, -1].astype(float) for name in ("layer_1", "layer_2"))
    deviation = np.abs(measures.outputs(layer_1, layer_2, inputs) - measures.is_palindrome(inputs)).max(axis=1)
    still = np.abs(found["layer_1"][2][:, -1] - found["layer_1"][2][:, -2]).max(axis=(1, 2)) < 1e-6
    assert solved.any()
    assert (deviation[still & solved] <= 0.2 + 1e-5).all()
