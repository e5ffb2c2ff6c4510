"""The compiled passes against those of `Network` in double precision, and the logistic function against exp."""

import dataclasses
import subprocess
import sys

import numba
import numpy as np
import pytest
import torch

from backprop import choices
from backprop.engine import compiled, compiled_grid, training
from backprop.engine.compiled import CompiledNetwork
from backprop.engine.margin import Margin
from backprop.engine.networks import Architecture, Network, flatten, initial_weights, with_extra_unit
from backprop.engine.task import Task

torch.set_num_threads(1)  # as in the pipeline

SINGLE, CPU = torch.float32, torch.device("cpu")


def stack(sizes, networks=64):
    """Inputs, some of them 0, targets, and weights, all 0 in the first network, as a Network takes them."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(11, sizes[0], generator=generator)
    inputs.view(-1)[::4] = 0
    inputs[0] = 0
    targets = torch.rand(sizes[-1], 11, 1, generator=generator)
    weights = flatten(initial_weights(Architecture(sizes), range(networks), 2.0))
    weights[:, 0] = 0
    return with_extra_unit(inputs), targets, weights


def worst(network):
    deviations = torch.empty(network.parameters.shape[1], dtype=network.parameters.dtype)
    network.worst_deviation(deviations)
    return deviations


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("hidden", compiled.HIDDEN)
@pytest.mark.parametrize(("sizes", "networks"), [((6, 2, 1), 192), ((3, 5, 2), 64)])
def test_both_passes_equal_those_of_network_in_double_precision(sizes, networks, hidden, error):
    """Weights up to 2 saturate some units; 192 networks are one and a half chunks."""
    architecture = Architecture(sizes, hidden)
    inputs, targets, weights = stack(sizes, networks)
    fast = CompiledNetwork(architecture, inputs, targets, weights, error)
    plain = Network(architecture, inputs.double(), targets.double(), weights.double(), error)
    fast.forward()
    fast.backward()
    plain.forward()
    plain.backward()
    off = (fast.gradient - plain.gradient).norm(dim=0) / plain.gradient.norm(dim=0).clamp(min=1e-9)
    assert float(off.max()) < 5e-6
    torch.testing.assert_close(worst(fast).double(), worst(plain), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(fast.errors().double(), plain.errors(), rtol=1e-5, atol=1e-6)


def test_the_logistic_function_is_accurate_to_the_last_bits():
    @numba.njit(fastmath={"contract"})
    def apply(x, y):
        for i in range(x.size):
            y[i] = compiled.logistic(x[i])

    x = np.linspace(-87, 87, 200_001).astype(np.float32)
    special = np.array([np.nan, np.inf, -np.inf, 0, 1e30, -1e30], np.float32)
    y, at_special = np.empty_like(x), np.empty_like(special)
    apply(x, y)
    apply(special, at_special)
    exact = 1 / (1 + np.exp(-x.astype(float)))
    assert np.abs(y / exact - 1).max() < 2e-7
    np.testing.assert_allclose(at_special, [np.nan, 1, 0, 0.5, 1, 0], atol=1e-37)


@pytest.mark.parametrize("hidden", compiled.HIDDEN)
def test_a_diverged_network_is_nan_and_does_not_affect_its_neighbours(hidden):
    architecture = Architecture((6, 2, 1), hidden)
    inputs, targets, weights = stack(architecture.sizes)
    with_nan = weights.clone()
    with_nan[3, 10] = torch.nan
    healthy, diverged = (
        CompiledNetwork(architecture, inputs, targets, weights),
        CompiledNetwork(architecture, inputs, targets, with_nan),
    )
    healthy.forward()
    diverged.forward()
    others = torch.arange(64) != 10
    assert worst(diverged)[10].isnan() and diverged.gradient[:, 10].isnan().any() and diverged.errors()[10].isnan()
    assert torch.equal(worst(diverged)[others], worst(healthy)[others])
    assert torch.equal(diverged.gradient[:, others], healthy.gradient[:, others])


@pytest.mark.parametrize("kind", [CompiledNetwork, Network])
@pytest.mark.parametrize("error", choices.ERRORS)
def test_a_subset_of_the_networks_has_the_same_passes_and_weights_of_its_own(kind, error):
    network = kind(Architecture((3, 5, 2)), *stack((3, 5, 2), 128), error)
    columns = torch.arange(0, 128, 2)
    fewer = network.subset(columns)
    for each in (network, fewer):
        each.forward()
        each.backward()
    assert torch.equal(fewer.gradient, network.gradient[:, columns])
    assert torch.equal(fewer.errors(), network.errors()[columns])
    assert torch.equal(worst(fewer), worst(network)[columns])
    fewer.parameters.zero_()
    assert not (network.parameters[:, 1:] == 0).any()


def test_the_compiled_pass_is_used_only_for_tasks_that_suit_it():
    inputs, targets, _ = stack((6, 2, 1))
    inputs, targets = inputs[:-1, :, 0].t(), targets[..., 0].t()

    def suits(sizes=(6, 2, 1), inputs=inputs, targets=targets, dtype=SINGLE, device=CPU, **options):
        return compiled.suits(Task(Architecture(sizes, **options), inputs, targets), device, dtype)

    assert suits() and suits(hidden="tanh") and suits((6, 63, 1)) and suits(inputs=inputs[..., None])
    assert not suits(hidden="gelu") and not suits(output="identity") and not suits(skip=True)
    assert not suits((6, 2, 2, 1)) and not suits((6, 64, 1))
    assert not suits(dtype=torch.float64) and not suits(device=torch.device("meta"))
    assert not suits((6, 1))
    assert not suits(inputs=inputs[..., None].expand(-1, -1, 5))
    assert not suits(targets=targets[..., None].expand(-1, -1, 5))
    assert not suits(inputs=torch.ones(compiled.FEW + 1, 6), targets=torch.ones(compiled.FEW + 1, 1))


@pytest.mark.parametrize(
    "features", [{"margin": Margin(0.2)}, {"learned": torch.ones(11, 5)}, {"mask": torch.ones(17, 1)}], ids=str
)
def test_the_compiled_pass_is_not_used_with_margins_and_masks(features):
    inputs, targets, _ = stack((6, 2, 1))
    task = Task(Architecture((6, 2, 1)), inputs[:-1, :, 0].t(), targets[..., 0].t())
    assert compiled.suits(task, CPU, SINGLE)
    assert not compiled.suits(dataclasses.replace(task, **features), CPU, SINGLE)


def test_the_largest_number_of_cases_costs_few_digits():
    """The sum over 512 cases, one after the other, against double precision."""
    generator = torch.Generator().manual_seed(4)
    inputs = with_extra_unit(torch.randint(0, 2, (compiled.FEW, 9), generator=generator).float())
    targets = torch.randint(0, 2, (1, compiled.FEW, 1), generator=generator).float()
    architecture = Architecture((9, 4, 1))
    weights = flatten(initial_weights(architecture, range(64), 1.0))
    fast = CompiledNetwork(architecture, inputs, targets, weights)
    plain = Network(architecture, inputs.double(), targets.double(), weights.double())
    for network in (fast, plain):
        network.forward()
    plain.backward()
    off = (fast.gradient - plain.gradient).norm(dim=0) / plain.gradient.norm(dim=0)
    assert float(off.max()) < 2e-5
    torch.testing.assert_close(fast.errors().double(), plain.errors(), rtol=1e-5, atol=0)


def test_the_module_imports_without_a_folder_for_its_cache(tmp_path):
    """Without a writable folder the pass is compiled in each process, and nothing else changes."""
    code = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; import backprop.engine.compiled"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def compiled_and_plain(monkeypatch):
    """Yield twice: as it is, and with the compiled pass switched off."""
    yield
    for module in (compiled, compiled_grid):
        monkeypatch.setattr(module, "suits", lambda *_: False)
    yield


@pytest.mark.parametrize("error", choices.ERRORS)
def test_training_case_by_case_is_the_same_with_and_without_the_compiled_pass(monkeypatch, error):
    """A change after every case, in their order: weights and E after ten sweeps."""
    inputs, targets, _ = stack((6, 2, 1))
    task = Task(Architecture((6, 2, 1), "tanh"), inputs[:-1, :, 0].t(), targets[..., 0].t(), error)
    weights = initial_weights(task.architecture, range(70))
    fast, plain = (
        training.train(
            task,
            weights,
            training.Optimizer("sgd", 0.2, {"momentum": 0.5}),
            10,
            order=training.PerCase(),
            record=training.Record([10], every=5),
        )
        for _ in compiled_and_plain(monkeypatch)
    )
    for a, b in zip(fast.weights[10], plain.weights[10], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert not torch.equal(fast.weights[10][0], weights[0])
    torch.testing.assert_close(fast.errors, plain.errors, rtol=1e-4, atol=1e-5)


def test_training_is_the_same_with_and_without_the_compiled_pass(monkeypatch):
    """The paper's protocol for 1,425 sweeps: weights differ by rounding at first, and solved networks agree."""
    inputs = torch.tensor([[case >> bit & 1 for bit in range(6)] for case in range(64)]).float()
    task = Task(Architecture((6, 2, 1)), inputs, (inputs == inputs.flip(1)).all(1, keepdim=True).float())
    weights = initial_weights(task.architecture, range(100))
    fast, plain = (
        training.train(task, weights, training.Descent(), 1425, record=training.Record([300]))
        for _ in compiled_and_plain(monkeypatch)
    )
    for a, b in zip(fast.weights[300], plain.weights[300], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    assert not torch.equal(fast.weights[300][0], plain.weights[300][0])  # the two passes are different code
    assert ((fast.first_sweep - plain.first_sweep).abs() <= 3).float().mean() > 0.97
    assert 20 < int((fast.first_sweep[0] > 0).sum()) < 50
    torch.testing.assert_close(fast.errors[:12], plain.errors[:12], rtol=1e-3, atol=1e-4)
