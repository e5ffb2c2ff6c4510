"""The two passes against autograd and finite differences, and the initial weights."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from backprop import choices
from backprop.engine.activations import ACTIVATIONS
from backprop.engine.connections import FewNetworks, ManyNetworks, OneCase, SharedInputs
from backprop.engine.margin import Margin
from backprop.engine.networks import (
    Architecture,
    Network,
    flatten,
    forward,
    initial_weights,
    unflatten,
    with_extra_unit,
)
from backprop.protocol import UserError

torch.set_num_threads(1)  # as in the pipeline

REFERENCE: dict[str, Callable[..., torch.Tensor]] = {
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "softplus": functional.softplus,
    "identity": lambda x: x,
}


def reference_error(architecture, weights, inputs, targets, error, margin=None, learned=None):
    """E [networks] by operations that autograd can differentiate, written independently of the engine."""
    layers = [inputs if inputs.dim() == 3 else inputs[..., None].expand(-1, -1, weights[0].shape[-1])]
    for level, w in enumerate(weights, start=1):
        below = torch.cat(layers, 1) if architecture.skip else layers[-1]
        x = torch.einsum("cis,jis->cjs", below, w[:, :-1]) + w[:, -1]
        name = architecture.output if level == len(weights) else architecture.hidden
        layers.append(REFERENCE[name](x))
    y, d = layers[-1], targets if targets.dim() == 3 else targets[..., None].expand_as(layers[-1])
    counts = torch.ones_like(y) if learned is None else learned[:, None].expand_as(y).to(y)
    outputs = counts.sum((0, 1))
    lowest = torch.zeros_like(d)
    if margin is not None:
        counts = counts * ((y - d).abs() > margin.width)
        if margin.shape == "edge":
            d = torch.where(y > d, d + margin.width, d - margin.width)
            if error == "cross_entropy":
                d = torch.where(counts == 0, 0.5, d)
                lowest = functional.binary_cross_entropy(d, d, reduction="none")
    if error == "cross_entropy":
        return ((functional.binary_cross_entropy_with_logits(x, d, reduction="none") - lowest) * counts).sum((0, 1))
    squares = ((y - d) ** 2 * counts).sum((0, 1))
    return squares / 2 if error == "half_sum" else squares / outputs


def case_set(architecture, cases=9, networks=17, own=False):
    """Random cases and weights in double precision."""
    generator = torch.Generator().manual_seed(3)
    shape = (networks,) if own else ()
    inputs = torch.rand(cases, architecture.sizes[0], *shape, generator=generator, dtype=torch.float64)
    targets = torch.rand(cases, architecture.sizes[-1], *shape, generator=generator, dtype=torch.float64)
    weights = initial_weights(architecture, range(networks), 1.5, dtype=torch.float64)
    return inputs, targets, weights


def passes(architecture, inputs, targets, weights, error, **features):
    """E [networks] and dE/dw from the engine."""
    targets = (targets if targets.dim() == 3 else targets[..., None]).transpose(0, 1)
    network = Network(architecture, with_extra_unit(inputs), targets, flatten(weights), error, **features)
    network.forward()
    return network.errors(), network.backward()


def assert_equals_autograd(architecture, error, *, margin=None, learned=None, **sizes):
    inputs, targets, weights = case_set(architecture, **sizes)
    for w in weights:
        w.requires_grad_()
    E = reference_error(architecture, weights, inputs, targets, error, margin, learned)
    expected = torch.autograd.grad(E.sum(), weights)
    with torch.no_grad():
        features = {"margin": margin, "learned": None if learned is None else learned.to(inputs)}
        E_engine, gradients = passes(architecture, inputs, targets, weights, error, **features)
    torch.testing.assert_close(E_engine, E.detach(), rtol=1e-10, atol=1e-12)
    for gradient, autograd in zip(gradients, expected, strict=True):
        assert (gradient - autograd).norm() < 1e-10 * autograd.norm()


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("activation", choices.ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(6, 2, 1), (4, 3, 5, 2)])
@pytest.mark.parametrize("skip", [False, True])
def test_both_passes_equal_autograd(sizes, skip, activation, error):
    """Equations (1)-(7) with every activation and error, also through skipped layers."""
    output = "logistic" if error == "cross_entropy" else activation
    assert_equals_autograd(Architecture(sizes, activation, output, skip), error)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("sizes", [(4, 3, 2, 2), (5, 20, 10, 3)])
@pytest.mark.parametrize(
    ("cases", "networks", "own", "used"),
    [
        (1, 17, False, {SharedInputs, OneCase}),
        (1, 3, False, {OneCase}),
        (1, 17, True, {OneCase}),
        (9, 17, False, {SharedInputs, ManyNetworks}),
        (9, 17, True, {ManyNetworks}),
        (9, 3, False, {FewNetworks}),
        (9, 3, True, {FewNetworks}),
    ],
)
def test_every_implementation_of_a_connection_equals_autograd(cases, networks, own, used, sizes, skip):
    """One case or many, few networks or many, shared inputs or each network's own."""
    architecture = Architecture(sizes, skip=skip)
    inputs, _, weights = case_set(architecture, cases, networks, own)
    zero = torch.zeros(1, 1, 1, dtype=torch.float64)
    network = Network(architecture, with_extra_unit(inputs), zero, flatten(weights))
    assert {type(connection) for connection in network.connections} == used
    assert_equals_autograd(architecture, "half_sum", cases=cases, networks=networks, own=own)


@pytest.mark.parametrize("own_learned", [False, True])
@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("margin", [None, Margin(0.2), Margin(0.2, "edge")], ids=str)
def test_margin_and_learned_cases_equal_autograd(margin, error, own_learned):
    """E and dE/dw without the outputs within the margin and without the cases that a network does not learn."""
    learned = torch.rand(9, 17 if own_learned else 1, generator=torch.Generator().manual_seed(5)) < 0.6
    assert_equals_autograd(Architecture((4, 3, 5, 2)), error, margin=margin, learned=learned)


def test_the_deviation_at_the_edge_of_a_margin_is_zero_and_from_there_it_differs_by_shape():
    """Deviations within the margin, also beyond the target, count as 0, and a nan stays nan."""
    deviation = torch.tensor([-0.5, -0.25, -0.1, 0.0, 0.25, 0.75, torch.inf, torch.nan])
    expected = {
        "zero": [-0.5, 0, 0, 0, 0, 0.75, torch.inf, torch.nan],
        "edge": [-0.25, 0, 0, 0, 0, 0.5, torch.inf, torch.nan],
    }
    for shape, values in expected.items():
        counted = torch.empty_like(deviation)
        Margin(0.25, shape).apply(deviation, counted)
        torch.testing.assert_close(counted, torch.tensor(values), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("error", choices.ERRORS)
def test_with_an_edge_the_error_is_continuous_and_its_gradient_equals_central_differences(error):
    """One output passes through the edge .8 of its target 1: below it E grows from 0, above it E and dE/dw are 0."""
    logits = torch.logit(torch.tensor([0.79, 0.8 - 1e-6, 0.8 + 1e-6, 0.9], dtype=torch.float64))

    def run(x):
        weights = [torch.stack([torch.zeros_like(x), x])[None]]
        ones = torch.ones(1, 1, dtype=torch.float64)
        E, (gradient,) = passes(Architecture((1, 1)), ones, ones, weights, error, margin=Margin(0.2, "edge"))
        return E, gradient[0, 1]

    E, gradient = run(logits)
    assert 0 < E[1] < 1e-11 and E[0] > 1e-5
    assert not E[2:].any() and not gradient[2:].any()
    h = 1e-7
    numeric = (run(logits + h)[0] - run(logits - h)[0]) / (2 * h)
    torch.testing.assert_close(gradient, numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("skip", [False, True])
def test_weights_that_do_not_exist_have_no_gradient_and_do_not_change_that_of_the_others(skip):
    architecture = Architecture((4, 3, 5, 2), skip=skip)
    inputs, targets, weights = case_set(architecture)
    exists = torch.rand(architecture.parameters, 1, generator=torch.Generator().manual_seed(6)) < 0.7
    leaf = flatten(weights).requires_grad_()
    E = reference_error(architecture, unflatten(architecture, leaf * exists), inputs, targets, "half_sum")
    (expected,) = torch.autograd.grad(E.sum(), leaf)
    present = [w.detach() for w in unflatten(architecture, leaf * exists)]
    _, gradients = passes(architecture, inputs, targets, present, "half_sum", mask=exists.double())
    gradient = flatten(gradients)
    assert not gradient[~exists[:, 0]].any()
    torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("error", choices.ERRORS)
def test_gradient_equals_central_differences(error):
    """dE/dw against (E(w + h) - E(w - h)) / 2h of the engine's own forward pass."""
    architecture = Architecture((4, 3, 2), "gelu", skip=True)
    inputs, targets, weights = case_set(architecture, networks=1)
    _, gradients = passes(architecture, inputs, targets, weights, error)
    parameters, gradient, h = flatten(weights), flatten(gradients), 1e-5
    moved = parameters + h * torch.cat([torch.eye(len(parameters)), -torch.eye(len(parameters))], 1)
    E, _ = passes(architecture, inputs, targets, unflatten(architecture, moved.contiguous()), error)
    numeric = (E[: len(parameters)] - E[len(parameters) :]) / (2 * h)
    torch.testing.assert_close(numeric, gradient[:, 0], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", choices.ACTIVATIONS)
def test_activations_equal_torchs(name):
    x = torch.linspace(-30, 30, 1001, dtype=torch.float64)
    y = torch.empty_like(x)
    ACTIVATIONS[name].forward(x, y)
    torch.testing.assert_close(y, REFERENCE[name](x), rtol=1e-9, atol=1e-15)


def test_cross_entropy_stays_finite_where_the_output_rounds_to_its_limit():
    """In float32 the logistic output for a total input of 100 is exactly 1, and log(1 - y) is infinite."""
    architecture = Architecture((1, 1))
    weights = [torch.tensor([[[100.0, -100.0], [0.0, 0.0]]])]
    E, (gradient,) = passes(architecture, torch.ones(1, 1), torch.tensor([[0.1]]), weights, "cross_entropy")
    torch.testing.assert_close(E, torch.tensor([90.0, 10.0]))
    torch.testing.assert_close(gradient[0, 0], torch.tensor([0.9, -0.1]))


def test_forward_returns_every_layer():
    architecture = Architecture((4, 3, 2), skip=True)
    inputs, targets, weights = case_set(architecture)
    layers = forward(architecture, weights, inputs)
    assert [y.shape for y in layers] == [(4, 9, 17), (3, 9, 17), (2, 9, 17)]
    E = ((layers[-1] - targets.t()[..., None]) ** 2).sum((0, 1)) / 2
    torch.testing.assert_close(E, reference_error(architecture, weights, inputs, targets, "half_sum"))


def test_the_symmetry_network_has_seventeen_parameters():
    architecture = Architecture((6, 2, 1))
    assert architecture.shapes == [(2, 7), (1, 3)]
    assert architecture.parameters == 17
    assert Architecture((2, 1, 1), skip=True).shapes == [(1, 3), (1, 4)]


def test_the_weights_of_a_seed_do_not_depend_on_the_others():
    architecture = Architecture((6, 2, 1))
    crowd = initial_weights(architecture, range(100))
    alone = initial_weights(architecture, [17])
    assert all(torch.equal(a[..., 0], c[..., 17]) for a, c in zip(alone, crowd, strict=True))


def test_initial_weights_are_uniform_in_their_range_and_biases_in_theirs():
    """A bias is drawn like any other weight (the paper). A separate range for biases does not affect the weights."""
    architecture = Architecture((6, 2, 1))
    weights, zero_biases = (initial_weights(architecture, range(1000), 0.3, bias) for bias in (None, 0))
    everything = flatten(weights)
    assert everything.abs().max() <= 0.3
    # the standard deviation of 17,000 uniform numbers is within 2% of 0.3 / sqrt(3) except once in 100,000 draws
    assert everything.std().item() == pytest.approx(0.3 / 3**0.5, rel=0.02)
    assert everything[6::7].abs().max() > 0.29
    for w, z in zip(weights, zero_biases, strict=True):
        assert torch.equal(w[:, :-1], z[:, :-1])
        assert not z[:, -1].any()


def test_both_precisions_draw_the_same_numbers():
    architecture = Architecture((6, 2, 1))
    single = initial_weights(architecture, range(9))
    double = initial_weights(architecture, range(9), dtype=torch.float64)
    assert all(torch.equal(s, d.float()) for s, d in zip(single, double, strict=True))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sizes": (6,)}, "sizes"),
        ({"sizes": (6, 0, 1)}, "sizes"),
        ({"sizes": (6, 1), "hidden": "sigmoid"}, "logistic"),
        ({"sizes": (6, 1), "output": "softmax"}, "output is 'softmax'"),
    ],
)
def test_invalid_architectures_are_refused_by_name(arguments, words):
    with pytest.raises(UserError, match=words):
        Architecture(**arguments)


def test_cross_entropy_needs_a_logistic_output():
    architecture = Architecture((2, 1), output="tanh")
    weights = initial_weights(architecture, [0])
    with pytest.raises(UserError, match="logistic"):
        passes(architecture, torch.ones(1, 2), torch.ones(1, 1), weights, "cross_entropy")


def test_the_names_of_choices_are_those_implemented_and_need_no_torch():
    assert set(choices.ACTIVATIONS) == set(ACTIVATIONS) == set(REFERENCE)
    code = "import sys, backprop.choices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
