"""The compiled passes against the plain ones in double precision, and their logistic function against exp."""

import subprocess
import sys

import numba
import numpy as np
import pytest
import torch

from backprop import choices
from backprop.engine import compiled, training
from backprop.engine.compiled import FusedNetwork
from backprop.engine.networks import Architecture, Network, flatten, initial_weights, with_extra_unit

torch.set_num_threads(1)  # as the pipeline trains

SINGLE, CPU = torch.float32, torch.device("cpu")


def task(sizes, networks=64):
    """Inputs of which some are 0, targets, and weights, the first network's all 0, as a Network takes them."""
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(11, sizes[0], generator=generator)
    inputs.view(-1)[::4] = 0
    inputs[0] = 0
    targets = torch.rand(sizes[-1], 11, 1, generator=generator)
    weights = flatten(initial_weights(Architecture(sizes), range(networks), 2.0))
    weights[:, 0] = 0
    return with_extra_unit(inputs), targets, weights


def worst(network):
    found = torch.empty(network.parameters.shape[1], dtype=network.parameters.dtype)
    network.worst_deviation(found)
    return found


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("hidden", compiled.HIDDEN)
@pytest.mark.parametrize(("sizes", "networks"), [((6, 2, 1), 192), ((3, 5, 2), 64)])
def test_both_passes_equal_the_plain_ones_in_double_precision(sizes, networks, hidden, error):
    """Weights of 2 saturate some units; 192 networks are a chunk and a half."""
    architecture = Architecture(sizes, hidden)
    inputs, targets, weights = task(sizes, networks)
    ours = FusedNetwork(architecture, inputs, targets, weights, error)
    plain = Network(architecture, inputs.double(), targets.double(), weights.double(), error)
    ours.forward()
    ours.backward()
    plain.forward()
    plain.backward()
    off = (ours.gradient - plain.gradient).norm(dim=0) / plain.gradient.norm(dim=0).clamp(min=1e-9)
    assert float(off.max()) < 5e-6
    torch.testing.assert_close(worst(ours).double(), worst(plain), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.errors().double(), plain.errors(), rtol=1e-5, atol=1e-6)


def test_its_logistic_function_is_right_to_the_last_bits():
    @numba.njit(fastmath={"contract"})
    def apply(x, y):
        for i in range(x.size):
            y[i] = compiled._logistic(x[i])

    x = np.linspace(-87, 87, 200_001).astype(np.float32)
    special = np.array([np.nan, np.inf, -np.inf, 0, 1e30, -1e30], np.float32)
    y, at_special = np.empty_like(x), np.empty_like(special)
    apply(x, y)
    apply(special, at_special)
    exact = 1 / (1 + np.exp(-x.astype(float)))
    assert np.abs(y / exact - 1).max() < 2e-7
    np.testing.assert_allclose(at_special, [np.nan, 1, 0, 0.5, 1, 0], atol=1e-37)


@pytest.mark.parametrize("hidden", compiled.HIDDEN)
def test_a_diverged_network_says_so_and_leaves_its_neighbours_alone(hidden):
    architecture = Architecture((6, 2, 1), hidden)
    inputs, targets, weights = task(architecture.sizes)
    sick = weights.clone()
    sick[3, 10] = torch.nan
    well, ill = FusedNetwork(architecture, inputs, targets, weights), FusedNetwork(architecture, inputs, targets, sick)
    well.forward()
    ill.forward()
    others = torch.arange(64) != 10
    assert worst(ill)[10].isnan() and ill.gradient[:, 10].isnan().any() and ill.errors()[10].isnan()
    assert torch.equal(worst(ill)[others], worst(well)[others])
    assert torch.equal(ill.gradient[:, others], well.gradient[:, others])


@pytest.mark.parametrize("kind", [FusedNetwork, Network])
@pytest.mark.parametrize("error", choices.ERRORS)
def test_some_of_the_networks_go_on_as_they_were(kind, error):
    network = kind(Architecture((3, 5, 2)), *task((3, 5, 2), 128), error)
    columns = torch.arange(0, 128, 2)
    fewer = network.of(columns)
    for each in (network, fewer):
        each.forward()
        each.backward()
    assert torch.equal(fewer.gradient, network.gradient[:, columns])
    assert torch.equal(fewer.errors(), network.errors()[columns])
    assert torch.equal(worst(fewer), worst(network)[columns])
    fewer.parameters.zero_()
    assert not (network.parameters[:, 1:] == 0).any()


def test_it_is_taken_where_it_suits_and_only_there():
    inputs, targets, _ = task((6, 2, 1))

    def suits(architecture=(6, 2, 1), own=inputs, d=targets, dtype=SINGLE, device=CPU, **options):
        return compiled.suits(Architecture(architecture, **options), own, d, device, dtype)

    assert suits() and suits(hidden="tanh") and suits((6, 63, 1))
    assert not suits(hidden="gelu") and not suits(output="identity") and not suits(skip=True)
    assert not suits((6, 1)) and not suits((6, 2, 2, 1)) and not suits((6, 64, 1))
    assert not suits(dtype=torch.float64) and not suits(device=torch.device("meta"))
    assert not suits(own=inputs.expand(-1, -1, 5)) and not suits(d=targets.expand(-1, -1, 5))
    assert not suits(own=torch.ones(7, compiled.FEW + 1, 1))


def test_the_most_cases_it_takes_cost_few_digits():
    """Cases are added up one after the other: half a thousand of them, against double precision."""
    generator = torch.Generator().manual_seed(4)
    inputs = with_extra_unit(torch.randint(0, 2, (compiled.FEW, 9), generator=generator).float())
    targets = torch.randint(0, 2, (1, compiled.FEW, 1), generator=generator).float()
    architecture = Architecture((9, 4, 1))
    weights = flatten(initial_weights(architecture, range(64), 1.0))
    ours = FusedNetwork(architecture, inputs, targets, weights)
    plain = Network(architecture, inputs.double(), targets.double(), weights.double())
    for network in (ours, plain):
        network.forward()
    plain.backward()
    off = (ours.gradient - plain.gradient).norm(dim=0) / plain.gradient.norm(dim=0)
    assert float(off.max()) < 2e-5
    torch.testing.assert_close(ours.errors().double(), plain.errors(), rtol=1e-5, atol=0)


def test_it_imports_where_nothing_can_be_written(tmp_path):
    """Without a place for its cache it is compiled anew, and nothing else changes."""
    code = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; import backprop.engine.compiled"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert told.returncode == 0, told.stderr


def fused_and_plain(monkeypatch):
    yield
    monkeypatch.setattr(compiled, "suits", lambda *_: False)
    yield


@pytest.mark.parametrize("error", choices.ERRORS)
def test_case_by_case_it_is_training_too(monkeypatch, error):
    """A change after every case, in their order, either way: weights and E after ten sweeps."""
    inputs, targets, _ = task((6, 2, 1))
    architecture, weights = Architecture((6, 2, 1), "tanh"), initial_weights(Architecture((6, 2, 1)), range(70))
    ours, plain = (
        training.train(
            architecture, inputs[:-1, :, 0].t(), targets[..., 0].t(), weights=weights, error=error, sweeps=10,
            update=training.Optimizer("sgd", 0.2, {"momentum": 0.5}), keep=[10], per_case=True, record_every=5,
        )
        for _ in fused_and_plain(monkeypatch)
    )  # fmt: skip
    for a, b in zip(ours.weights[10], plain.weights[10], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert not torch.equal(ours.weights[10][0], weights[0])
    torch.testing.assert_close(ours.errors, plain.errors, rtol=1e-4, atol=1e-5)


def test_training_with_it_is_training(monkeypatch):
    """The paper's protocol to its 1,425 sweeps, either way: first apart by rounding only, and solved when the same."""
    architecture = Architecture((6, 2, 1))
    inputs = torch.tensor([[case >> bit & 1 for bit in range(6)] for case in range(64)]).float()
    targets = (inputs == inputs.flip(1)).all(1, keepdim=True).float()
    weights = initial_weights(architecture, range(100))
    ours, plain = (
        training.train(
            architecture, inputs, targets, weights=weights, update=training.Descent(), sweeps=1425, keep=[300]
        )
        for _ in fused_and_plain(monkeypatch)
    )
    for a, b in zip(ours.weights[300], plain.weights[300], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    assert not torch.equal(ours.weights[300][0], plain.weights[300][0])  # two ways indeed
    assert ((ours.first_sweep - plain.first_sweep).abs() <= 3).float().mean() > 0.97
    assert 20 < int((ours.first_sweep[0] > 0).sum()) < 50
    torch.testing.assert_close(ours.errors[:12], plain.errors[:12], rtol=1e-3, atol=1e-4)
