"""Estimates from losses alone, against known gradients, against theory, and against one perturbation at a time."""

import numpy as np
import pytest
import torch

from backprop.choices import ESTIMATORS
from backprop.experiments.estimates.protocol import STEPS
from backprop.experiments.evolution.protocol import Protocol
from backprop.protocol import Setting
from backprop.search import estimators
from backprop.search.perceptrons import HIDDEN, OBJECTIVES, Perceptron, Span, default_weights

torch.set_num_threads(1)  # the operations are tiny: more threads only wait for each other

D = 12


def quadratic():
    """A loss 3 + g.w + w.H w / 2 at w, its gradient known: (losses, w, gradient)."""
    generator = torch.Generator().manual_seed(0)
    g = torch.randn(D, generator=generator, dtype=torch.float64)
    h = torch.randn(D, D, generator=generator, dtype=torch.float64)
    h = h @ h.T / D
    w = torch.randn(D, generator=generator, dtype=torch.float64)
    return (lambda x: 3 + x @ g + 0.5 * ((x @ h) * x).sum(-1)), w, g + h @ w


def estimate(kind, samples, key, sigma=0.1, chunk=64):
    losses, w, _ = quadratic()
    near = estimators.around(losses, w)
    return estimators.evolution(near, D, sigma, samples, kind, key, chunk, dtype=torch.float64)


def network(objective="cross_entropy", hidden="logistic"):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.rand(9, 30, generator=generator, dtype=torch.float64)
    net = Perceptron(inputs, torch.randint(0, 4, (9,), generator=generator), 5, 4, hidden, objective)
    return net, torch.randn(net.size, generator=generator, dtype=torch.float64) / 3


@pytest.mark.parametrize("kind", ["plain", "baseline", "antithetic"])
def test_an_estimate_is_unbiased_on_a_quadratic(kind):
    """The mean over many draws is the gradient: chi-square of all weights together, at 1 in 10,000."""
    _, _, gradient = quadratic()
    estimates = torch.stack([estimate(kind, 20, (5, i)).gradient for i in range(1000)])
    z = (estimates.mean(0) - gradient) / (estimates.std(0) / 1000**0.5)
    assert float(z.square().sum()) < 39.1  # 12 degrees of freedom


def test_pairs_have_the_variance_of_theory_and_plain_far_more():
    """n pairs on a quadratic: (d + 1) |g|^2 / n in all; without pairs, the loss itself adds to that."""
    _, _, gradient = quadratic()
    size = float(gradient.square().sum())
    variance = {
        kind: float(torch.stack([estimate(kind, 20, (6, i), 0.001).gradient for i in range(1000)]).var(0).sum())
        for kind in ("plain", "antithetic")
    }
    assert variance["antithetic"] / size == pytest.approx((D + 1) / 10, rel=0.2)
    assert variance["plain"] > 10 * variance["antithetic"]


def test_the_cosine_grows_with_the_samples_as_theory_says():
    _, _, gradient = quadratic()
    for samples in (4, 40, 400):
        estimates = torch.stack([estimate("baseline", samples, (7, i), sigma=1e-4).gradient for i in range(300)])
        variance = float((estimates - gradient).square().sum(1).mean() / gradient.square().sum())
        assert variance == pytest.approx((D + 1) / (samples - 1), rel=0.35)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_the_size_of_a_chunk_changes_nothing_but_rounding(kind):
    first, *others = (estimate(kind, 100, (1, 2), chunk=chunk) for chunk in (1, 16, 33, 1000))
    for other in others:
        torch.testing.assert_close(other.losses, first.losses, rtol=0, atol=0)
        torch.testing.assert_close(other.gradient, first.gradient, rtol=1e-10, atol=1e-10)


def test_the_key_determines_the_draw():
    first, again, other = (torch.cat(list(estimators.draws(key, 20, 3, 100))) for key in ((1, 2), (1, 2), (1, 3)))
    assert torch.equal(first, again)
    assert not torch.isclose(first, other).any()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_stack_gives_what_one_perturbation_at_a_time_gives(kind):
    """The sum of c_i e_i, loss by loss, with the same directions."""
    losses, w, _ = quadratic()
    samples, sigma = 24, 0.1
    e = torch.cat(list(estimators.draws((3,), estimators.directions_of(kind, samples), D, 100, dtype=torch.float64)))
    values = torch.tensor(
        [[float(losses((w + s * sigma * one)[None])) for one in e] for s in estimators.factors_of(kind)]
    )
    expected = sum(c * one for c, one in zip(estimators.coefficients(values.double(), sigma, kind), e, strict=True))
    torch.testing.assert_close(estimate(kind, samples, (3,)).gradient, expected, rtol=1e-5, atol=1e-5)


def test_ranks_ignore_the_scale_of_the_loss_and_share_ties():
    values = torch.tensor([[3.0, 1.0, 1.0, 7.0]])
    ranks = estimators.coefficients(values, 1.0, "ranks")
    torch.testing.assert_close(ranks, estimators.coefficients(values**3, 1.0, "ranks"))
    assert ranks[1] == ranks[2]
    assert float(ranks.sum()) == pytest.approx(0, abs=1e-6)


def test_finite_differences_are_the_gradient():
    losses, w, gradient = quadratic()
    for chunk in (5, 100):
        torch.testing.assert_close(estimators.finite_differences(losses, w, 1e-3, chunk=chunk), gradient)
    torch.testing.assert_close(
        estimators.finite_differences(losses, w, 1e-7, central=False), gradient, rtol=1e-5, atol=1e-5
    )
    direction = gradient / torch.linalg.vector_norm(gradient)
    steps = torch.tensor([1e-2, 1e-3], dtype=torch.float64)
    slope = torch.linalg.vector_norm(gradient).expand(2)
    torch.testing.assert_close(estimators.slopes(losses, w, direction, steps, central=True), slope)
    forward = estimators.slopes(losses, w, direction, steps) - slope
    assert float(forward[0] / forward[1]) == pytest.approx(10, rel=1e-3)  # the error is proportional to the step


def test_a_perceptrons_gradient_is_that_of_finite_differences():
    net, w = network()
    torch.testing.assert_close(
        net.gradient(w), estimators.finite_differences(net.losses, w, 1e-5), rtol=1e-6, atol=1e-8
    )


def test_parameters_have_the_layout_of_torchs_linear_layers():
    net, w = network()
    first, second = net.layers(w)
    expected = torch.nn.functional.cross_entropy(torch.sigmoid(net.inputs @ first.T) @ second.T, net.targets)
    torch.testing.assert_close(net.losses(w), expected)


@pytest.mark.parametrize(("objective", "hidden"), [("cross_entropy", "logistic"), ("misclassified", "threshold")])
def test_losses_nearby_are_losses(objective, hidden):
    net, w = network(objective, hidden)
    v = torch.randn(7, net.size, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(net.near(w)(v, (0.5, -1.0)), torch.stack([net.losses(w + 0.5 * v), net.losses(w - v)]))


def test_the_span_of_a_batch_has_the_same_losses():
    """A perturbation and its projection on the span of the batch give the same loss."""
    net, w = network()
    span = Span.of(net)
    v = torch.randn(6, net.size, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    inside = torch.stack([span.inside(one) for one in v])
    torch.testing.assert_close(span.network.near(span.inside(w))(inside, (1.0,)), net.near(w)(v, (1.0,)))


def test_estimates_in_the_span_have_the_same_distribution():
    """Mean and variance of every weight's estimate, for all parameters and in the span, agree; at about 1 in 10,000."""
    net, w = network()
    span = Span.of(net)
    inside = span.inside(w)
    repeats = 1500
    generator = torch.Generator().manual_seed(4)
    whole, parts = [], []
    for i in range(repeats):
        key = (8, i)
        whole.append(estimators.evolution(net.near(w), net.size, 0.1, 4, "plain", key, dtype=w.dtype).gradient)
        part = estimators.evolution(span.network.near(inside), inside.numel(), 0.1, 4, "plain", (9, i), dtype=w.dtype)
        parts.append(span.whole_estimate(part.gradient, part.coefficients, generator))
    one, two = torch.stack(whole), torch.stack(parts)
    z = (one.mean(0) - two.mean(0)) / ((one.var(0) + two.var(0)) / repeats).sqrt()
    assert float(z.abs().max()) < 5.0
    ratio = one.var(0) / two.var(0)
    assert float(ratio.min()) > 0.75 and float(ratio.max()) < 1.33


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="allowed are plain, baseline, antithetic, ranks"):
        estimators.directions_of("mirrored", 10)
    with pytest.raises(ValueError, match="antithetic an even number"):
        estimators.directions_of("antithetic", 11)
    with pytest.raises(ValueError, match="without biases"):
        Span.of(network()[0].replace(biases=True))


def test_protocols_offer_what_is_implemented():
    fields: dict[str, Setting] = Protocol.fields()
    assert fields["kind"].choices == ESTIMATORS
    assert set(fields["hidden"].choices or ()) == set(HIDDEN)
    assert set(fields["objective"].choices or ()) < set(OBJECTIVES)
    assert np.all(np.diff(STEPS) > 0)


def test_initial_weights_are_torchs_default():
    """Uniform within 1 / sqrt(inputs): bounds, and variance within five standard errors."""
    net = Perceptron(torch.zeros(1, 784), torch.zeros(1), 512, 10)
    for layer in net.layers(default_weights(net, seed=0)):
        scaled = layer * layer.shape[1] ** 0.5
        assert scaled.abs().max() <= 1
        assert abs(scaled.square().mean() - 1 / 3) < 5 * (4 / 45 / scaled.numel()) ** 0.5
