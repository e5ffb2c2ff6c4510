"""The two passes against autograd and finite differences, and the draws."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from backprop import choices
from backprop.engine.activations import ACTIVATIONS
from backprop.engine.connections import _FewNetworks, _ManyNetworks, _OneCase, _SharedInputs
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

torch.set_num_threads(1)  # as the pipeline trains

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


def reference_error(architecture, weights, inputs, targets, error):
    """E [networks] by autograd-friendly operations, written independently of the engine."""
    layers = [inputs if inputs.dim() == 3 else inputs[..., None].expand(-1, -1, weights[0].shape[-1])]
    for level, w in enumerate(weights, start=1):
        below = torch.cat(layers, 1) if architecture.skip else layers[-1]
        x = torch.einsum("cis,jis->cjs", below, w[:, :-1]) + w[:, -1]
        name = architecture.output if level == len(weights) else architecture.hidden
        layers.append(REFERENCE[name](x))
    y, d = layers[-1], targets if targets.dim() == 3 else targets[..., None].expand_as(layers[-1])
    if error == "half_sum":
        return ((y - d) ** 2).sum((0, 1)) / 2
    if error == "mean":
        return ((y - d) ** 2).mean((0, 1))
    return functional.binary_cross_entropy_with_logits(x, d, reduction="none").sum((0, 1))


def case_set(architecture, cases=9, networks=17, own=False):
    """Random cases and weights in double precision."""
    generator = torch.Generator().manual_seed(3)
    shape = (networks,) if own else ()
    inputs = torch.rand(cases, architecture.sizes[0], *shape, generator=generator, dtype=torch.float64)
    targets = torch.rand(cases, architecture.sizes[-1], *shape, generator=generator, dtype=torch.float64)
    weights = initial_weights(architecture, range(networks), 1.5, dtype=torch.float64)
    return inputs, targets, weights


def passes(architecture, inputs, targets, weights, error):
    """E [networks] and dE/dw from the engine."""
    targets = (targets if targets.dim() == 3 else targets[..., None]).transpose(0, 1)
    network = Network(architecture, with_extra_unit(inputs), targets, flatten(weights), error)
    network.forward()
    return network.errors(), network.backward()


def assert_equals_autograd(architecture, error, **sizes):
    inputs, targets, weights = case_set(architecture, **sizes)
    for w in weights:
        w.requires_grad_()
    E = reference_error(architecture, weights, inputs, targets, error)
    expected = torch.autograd.grad(E.sum(), weights)
    with torch.no_grad():
        E_ours, gradients = passes(architecture, inputs, targets, weights, error)
    torch.testing.assert_close(E_ours, E.detach(), rtol=1e-10, atol=0)
    for ours, autograd in zip(gradients, expected, strict=True):
        assert (ours - autograd).norm() < 1e-10 * autograd.norm()


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
        (1, 17, False, {_SharedInputs, _OneCase}),
        (1, 3, False, {_OneCase}),
        (1, 17, True, {_OneCase}),
        (9, 17, False, {_SharedInputs, _ManyNetworks}),
        (9, 17, True, {_ManyNetworks}),
        (9, 3, False, {_FewNetworks}),
        (9, 3, True, {_FewNetworks}),
    ],
)
def test_every_way_to_connect_two_layers_equals_autograd(cases, networks, own, used, sizes, skip):
    """One case or many, few networks or many, shared inputs or each network's own."""
    architecture = Architecture(sizes, skip=skip)
    inputs, _, weights = case_set(architecture, cases, networks, own)
    zero = torch.zeros(1, 1, 1, dtype=torch.float64)
    network = Network(architecture, with_extra_unit(inputs), zero, flatten(weights))
    assert {type(connection) for layer in network._layers for connection in layer.below} == used
    assert_equals_autograd(architecture, "half_sum", cases=cases, networks=networks, own=own)


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
    """In float32 a logistic output of total input 100 is exactly 1; log(1 - y) would be infinite."""
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


def test_what_a_seed_draws_does_not_depend_on_the_others():
    architecture = Architecture((6, 2, 1))
    crowd = initial_weights(architecture, range(100))
    alone = initial_weights(architecture, [17])
    assert all(torch.equal(a[..., 0], c[..., 17]) for a, c in zip(alone, crowd, strict=True))


def test_draws_are_uniform_in_the_range_and_biases_in_theirs():
    """Biases are ordinary weights (the paper) unless they are given a range of their own, which moves no weight."""
    architecture = Architecture((6, 2, 1))
    weights, zero_biases = (initial_weights(architecture, range(1000), 0.3, bias) for bias in (None, 0))
    everything = flatten(weights)
    assert everything.abs().max() <= 0.3
    # the standard deviation of 17,000 uniform numbers is within 2% of 0.3 / sqrt(3) but once in 10^5
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
def test_architectures_that_mean_nothing_are_refused_by_name(arguments, words):
    with pytest.raises(UserError, match=words):
        Architecture(**arguments)


def test_cross_entropy_needs_a_logistic_output():
    architecture = Architecture((2, 1), output="tanh")
    weights = initial_weights(architecture, [0])
    with pytest.raises(UserError, match="logistic"):
        passes(architecture, torch.ones(1, 2), torch.ones(1, 1), weights, "cross_entropy")


def test_names_are_those_implemented_and_need_no_torch():
    assert set(choices.ACTIVATIONS) == set(ACTIVATIONS) == set(REFERENCE)
    code = "import sys, backprop.choices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
