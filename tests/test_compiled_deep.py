"""The compiled pass of deeper networks against `Network` in double precision, with every feature of a task."""

import dataclasses
import math

import numba
import numpy as np
import pytest
import torch

from backprop import choices
from backprop.engine import compiled_deep, lanes, training
from backprop.engine.compiled_deep import DeepNetwork
from backprop.engine.margin import Margin
from backprop.engine.networks import Architecture, Network, flatten, initial_weights, with_extra_unit
from backprop.engine.task import Task

torch.set_num_threads(1)  # as in the pipeline

SINGLE, CPU = torch.float32, torch.device("cpu")
SIZES = [(5, 4, 3, 2), (7, 5, 3, 5, 4), (3, 1, 1, 1)]
MARGINS = [None, Margin(0.2), Margin(0.2, "edge")]


def stack(sizes, networks=48, cases=11):
    """Inputs, most of them 0, targets, weights, learned cases and existing weights, as a Network takes them."""
    generator = torch.Generator().manual_seed(3)
    architecture = Architecture(sizes)
    inputs = torch.randn(cases, sizes[0], generator=generator)
    inputs[torch.rand(cases, sizes[0], generator=generator) < 0.6] = 0
    targets = torch.rand(sizes[-1], cases, 1, generator=generator).round()
    learned = (torch.rand(cases, networks, generator=generator) < 0.8).float()
    mask = (torch.rand(architecture.parameters, 1, generator=generator) < 0.9).float()
    weights = flatten(initial_weights(architecture, range(networks), 3.0)) * mask
    return architecture, with_extra_unit(inputs), targets, weights, learned, mask


def passed(network):
    """The gradient, the largest deviations and E after both passes, in double precision."""
    network.forward()
    network.backward()
    worst = torch.empty(network.parameters.shape[1], dtype=network.parameters.dtype)
    network.worst_deviation(worst)
    return network.gradient.double(), worst.double(), network.errors().double()


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("margin", MARGINS, ids=str)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("partial", [False, True], ids=["all", "some"])
def test_both_passes_equal_those_of_network_in_double_precision(sizes, margin, error, partial):
    """Eleven cases are two tiles and three quarters; some networks do not learn all cases and lack weights."""
    architecture, inputs, targets, weights, learned, mask = stack(sizes)
    some = {"learned": learned, "mask": mask} if partial else {}
    double = {name: value.double() for name, value in some.items()}
    fast = DeepNetwork(architecture, inputs, targets, weights, error, margin=margin, **some)
    plain = Network(architecture, inputs.double(), targets.double(), weights.double(), error, margin=margin, **double)
    (gradient, worst, errors), (exact, exact_worst, exact_errors) = passed(fast), passed(plain)
    off = (gradient - exact).norm(dim=0) / exact.norm(dim=0).clamp(min=1e-9)
    assert float(off.max()) < 5e-6
    torch.testing.assert_close(worst, exact_worst, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(errors, exact_errors, rtol=1e-5, atol=1e-6)


def test_a_diverged_network_is_nan_and_does_not_affect_its_neighbours():
    architecture, inputs, targets, weights, learned, mask = stack((5, 4, 3, 2))
    with_nan = weights.clone()
    with_nan[-1, 10] = torch.nan
    task = {"margin": Margin(0.2), "learned": torch.ones_like(learned), "mask": mask}
    healthy = passed(DeepNetwork(architecture, inputs, targets, weights, **task))
    diverged = passed(DeepNetwork(architecture, inputs, targets, with_nan, **task))
    others = torch.arange(48) != 10
    for before, after in zip(healthy, diverged, strict=True):
        assert after[..., 10].isnan().any()
        assert torch.equal(after[..., others], before[..., others])


def test_a_network_has_the_same_gradient_at_any_place_and_among_any_others():
    architecture, inputs, targets, weights, learned, mask = stack((7, 5, 3, 5, 4))
    network = DeepNetwork(architecture, inputs, targets, weights, learned=learned, mask=mask)
    columns = torch.arange(47, 15, -1)
    for whole, fewer in zip(passed(network), passed(network.subset(columns)), strict=True):
        assert torch.equal(fewer, whole[..., columns])


def test_weights_that_do_not_exist_have_no_gradient():
    architecture, inputs, targets, weights, learned, mask = stack((5, 4, 3, 2))
    gradient, *_ = passed(DeepNetwork(architecture, inputs, targets, weights, learned=learned, mask=mask))
    assert not gradient[mask[:, 0] == 0].any()
    assert gradient[mask[:, 0] == 1].any(dim=1).float().mean() > 0.9


def test_other_numbers_of_networks_are_refused():
    with pytest.raises(ValueError, match="there are 47 networks; their number must be a multiple of 16"):
        DeepNetwork(*stack((5, 4, 3, 2), 47)[:4])


def test_training_is_the_same_with_and_without_the_compiled_pass(monkeypatch):
    """60 sweeps with momentum, a margin, decay and cases held out, for 70 networks: weights and E."""
    architecture, inputs, targets, _, learned, mask = stack((5, 4, 3, 2), 70)
    task = Task(
        architecture, inputs[:-1, :, 0].t(), targets[..., 0].t(),
        margin=Margin(0.1), learned=learned.bool(), mask=mask,
    )  # fmt: skip
    assert compiled_deep.suits(task, CPU, SINGLE)

    def trained():
        return training.train(
            task,
            initial_weights(architecture, range(70), 1.0),
            training.Descent(0.05, 0.9, decay=training.Decay(0.01, biases=0.0, after=20)),
            60,
            record=training.Record([60], every=20),
        )

    fast = trained()
    monkeypatch.setattr(compiled_deep, "suits", lambda *_: False)
    plain = trained()
    for a, b in zip(fast.weights[60], plain.weights[60], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert not torch.equal(fast.weights[60][1], plain.weights[60][1])  # the two passes are different code
    torch.testing.assert_close(fast.errors, plain.errors, rtol=1e-4, atol=1e-5)


def test_the_compiled_pass_is_used_only_for_tasks_that_suit_it():
    architecture, inputs, targets, *_ = stack((5, 4, 3, 2))
    task = Task(architecture, inputs[:-1, :, 0].t(), targets[..., 0].t())
    assert compiled_deep.suits(task, CPU, SINGLE)
    assert not compiled_deep.suits(task, CPU, torch.float64)
    assert not compiled_deep.suits(task, torch.device("meta"), SINGLE)
    own_inputs = task.inputs[..., None].expand(-1, -1, 5)
    assert not compiled_deep.suits(dataclasses.replace(task, inputs=own_inputs), CPU, SINGLE)
    for options in ({"hidden": "tanh"}, {"output": "identity"}, {"skip": True}):
        other = dataclasses.replace(task, architecture=Architecture((5, 4, 3, 2), **options))
        assert not compiled_deep.suits(other, CPU, SINGLE)
    shallow = Task(Architecture((5, 3, 2)), task.inputs, task.targets)
    assert not compiled_deep.suits(shallow, CPU, SINGLE)


@numba.njit
def apply(a, b, out):
    """Each of the operations on sixteen numbers in turn, [operations, 16]."""
    x, y = lanes.load(a, 0), lanes.load(b, 0)
    lanes.store(out, 0, lanes.multiply_add(x, y, x))
    lanes.store(out, 16, lanes.subtract(lanes.multiply(x, y), lanes.add(x, y)))
    lanes.store(out, 32, lanes.larger_size(y, x))
    lanes.store(out, 48, lanes.beyond(x, y))
    lanes.store(out, 64, lanes.clamp(x, y))
    lanes.store(out, 80, lanes.everywhere(a[2]))


def test_the_compiled_pass_and_the_lanes_agree_on_their_width():
    assert compiled_deep.WIDTH == lanes.WIDTH


def test_each_operation_on_lanes_is_what_it_says():
    a = np.array([0.0, 0.1, -0.1, 0.3, -0.3, math.nan, 2, -2, 1, -1, 0.2, -0.2, 5, -5, 9, 7], np.float32)
    b = np.full(16, 0.2, np.float32)
    b[15] = math.nan
    out = np.empty((6, 16), np.float32)
    apply(a, b, out.reshape(-1))
    np.testing.assert_allclose(out[0], a * b + a, rtol=1e-6)
    np.testing.assert_allclose(out[1], a * b - (a + b), rtol=1e-6)
    np.testing.assert_array_equal(out[2], np.maximum(np.abs(a), b))
    np.testing.assert_array_equal(out[3][:15], np.where(np.abs(a) <= b, 0, a)[:15])
    np.testing.assert_array_equal(out[4][:15], np.clip(a, -b, b)[:15])
    assert (out[5] == a[2]).all()
