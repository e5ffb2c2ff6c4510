"""Functions that define their own derivative, and the backward traversal by hand, against autograd and torch."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from backprop import datasets
from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.functions import derivatives, figures, findings, train
from backprop.experiments.functions.derivatives import Linear, backward, cross_entropy, forward, perceptron
from backprop.experiments.functions.protocol import ACTIVATIONS, PRINTED, Protocol
from backprop.results import store
from backprop.results.variant import Run
from backprop.stages import analyse as analyse_stage
from backprop.stages import find as find_stage
from backprop.stages import train as train_stage
from tests import experiments


@pytest.fixture
def x():
    """Inputs in double precision, away from 0, where ReLU has no derivative."""
    inputs = torch.randn(6, 5, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    return (inputs + 0.1 * inputs.sign()).requires_grad_()


def test_every_activation_of_the_protocol_exists():
    assert tuple(derivatives.ACTIVATIONS) == ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_finite_differences_confirm_each_activation(name, x):
    assert gradcheck(derivatives.ACTIVATIONS[name].function.apply, (x,))
    assert gradgradcheck(derivatives.ACTIVATIONS[name].function.apply, (x,))


def test_finite_differences_confirm_linear(x):
    weight = torch.randn(3, 5, dtype=torch.double, generator=torch.Generator().manual_seed(2)).requires_grad_()
    assert gradcheck(Linear.apply, (x, weight))
    assert gradgradcheck(Linear.apply, (x, weight))


def test_the_check_detects_a_wrong_derivative(monkeypatch):
    monkeypatch.setattr(derivatives, "requ_slope", lambda x: x.clamp(min=0))  # without the factor 2
    assert train.derivatives_agree(derivatives.ACTIVATIONS["requ"]) == (True, False)


@pytest.mark.parametrize(
    ("name", "torchs"),
    [
        ("relu", torch.relu),
        ("sigmoid", torch.sigmoid),
        ("requ", lambda x: torch.where(x > 0, x**2, torch.zeros_like(x))),
        ("squareplus", lambda x: (x + torch.sqrt(x**2 + 4)) / 2),
    ],
)
def test_values_and_gradients_are_torchs(name, torchs, x):
    ours = derivatives.ACTIVATIONS[name].function.apply(x)
    torch.testing.assert_close(ours, torchs(x))
    torch.testing.assert_close(*(torch.autograd.grad(y.sum(), x)[0] for y in (ours, torchs(x))))


def test_linear_is_torchs_and_computes_only_what_is_needed(x):
    weight = torch.randn(3, 5, dtype=torch.double).requires_grad_()
    torch.testing.assert_close(Linear.apply(x, weight), nn.functional.linear(x, weight))
    fixed = x.detach()
    Linear.apply(fixed, weight).sum().backward()
    assert fixed.grad is None


def test_squareplus_does_not_cancel_far_below_zero():
    x = torch.tensor([-1e4, -1e7, 1e4])
    torch.testing.assert_close(derivatives.squareplus(x), torch.tensor([1e-4, 1e-7, 1e4]), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_traversal_by_hand_is_autograd(name):
    """Against our functions under autograd, and against torch operations; double precision."""
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(20, 12, dtype=torch.double, generator=generator)
    labels = torch.randint(0, 4, (20,), generator=generator)
    weights = [
        torch.randn(size, dtype=torch.double, generator=generator).requires_grad_() for size in ((7, 12), (4, 7))
    ]
    activation = derivatives.ACTIVATIONS[name]
    loss = nn.functional.cross_entropy(perceptron((weights[0], weights[1]), activation, x), labels)
    expected = torch.autograd.grad(loss, weights)
    built_in = nn.functional.cross_entropy(activation.value(x @ weights[0].T) @ weights[1].T, labels)
    with torch.no_grad():
        traversal = forward((weights[0], weights[1]), activation, x)
        ours, to_scores = cross_entropy(traversal.scores, labels)
        by_hand = backward((weights[0], weights[1]), activation, traversal, to_scores)
    torch.testing.assert_close(ours, loss)
    for one, two, three in zip(by_hand, expected, torch.autograd.grad(built_in, weights), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(one, three, rtol=1e-12, atol=1e-14)


def test_cross_entropy_stays_finite_for_huge_scores():
    cost, gradient = cross_entropy(torch.tensor([[1e4, 0.0, -1e4]]), torch.tensor([2]))
    assert cost == 2e4
    assert gradient.isfinite().all()


@pytest.fixture(scope="module")
def clothes(tmp_path_factory):
    """The stand-in, as the pipeline writes it."""
    folder = tmp_path_factory.mktemp("data")
    datasets.fetch("FashionMNIST", "bundled", folder / "FashionMNIST.safetensors", folder / "raw")
    return {"FashionMNIST": folder / "FashionMNIST.safetensors"}


def test_training_is_the_labs_own_loop(clothes):
    """Sequential without biases, a new SGD optimizer in every step, batches in order; costs and accuracy agree."""
    data = datasets.load(clothes["FashionMNIST"])
    x, labels = torch.tensor(data.train_images[:1000]).reshape(-1, 784) / 255.0, torch.tensor(data.train_labels[:1000])
    model = nn.Sequential(nn.Linear(784, 16, bias=False), nn.Sigmoid(), nn.Linear(16, 10, bias=False))
    with torch.no_grad():
        for weight, ours in zip(model.parameters(), train.initial_weights(16, seed=5), strict=True):
            weight.copy_(ours)
    costs = []
    for _ in range(3):
        total = 0.0
        for k in range(10):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
            loss = nn.CrossEntropyLoss()(model(x[100 * k : 100 * k + 100]), labels[100 * k : 100 * k + 100].long())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        costs.append(total / 10)
    arrays = train.train(Protocol(hidden_units=16, epochs=3, record_every=2), (5,), "cpu", clothes)
    np.testing.assert_allclose(arrays["costs"][0], costs, rtol=1e-5)
    assert arrays["epochs"].tolist() == [0, 2, 3]
    test_x = torch.tensor(data.test_images[:1000]).reshape(-1, 784) / 255.0
    share = (model(test_x).argmax(1) == torch.tensor(data.test_labels[:1000])).float().mean().item()
    assert arrays["accuracy"][0, -1] == pytest.approx(share, abs=1e-6)


def test_a_seed_trains_the_same_alone_and_in_a_crowd(clothes):
    protocol = Protocol(hidden_units=16, epochs=2)
    crowd = train.train(protocol, (4, 2), "cpu", clothes)
    np.testing.assert_array_equal(crowd["costs"][1], train.train(protocol, (2,), "cpu", clothes)["costs"][0])


def judged(variants, clothes, folder):
    """What the pipeline finds for `variants` (a protocol by name), with its claims, its section and its figures."""
    for name, protocol in variants.items():
        train_stage.run("functions", protocol, "cpu", clothes, folder / name)
        analyse_stage.run("functions", protocol, folder / name)
    find_stage.run("functions", {name: folder / name for name in variants}, folder / "findings.json")
    results = store.read_json(folder / "findings.json")
    claims = {claim.id: claim for claim in read_claims({"functions": results}, pages.KIT / "claims")}
    text = experiments.section("65_functions", {"functions": results})
    for name, figure in figures.FIGURES.items():
        assert figure({name: Run(folder / name) for name in variants}, results["values"]), name
    return results["values"], claims, text


def test_a_network_that_diverges_is_a_row(clothes, tmp_path):
    protocol = Protocol(hidden_units=16, epochs=10, activation="requ", learning_rate=1e6, seeds=2)
    values, claims, text = judged({"paper": protocol}, clothes, tmp_path)
    assert values["activations"]["paper"]["diverged"] == 2
    assert claims["B1"].verdict == "not judged" and claims["B1"].ours == "every network diverged"
    assert "Every network diverged" in text


def test_few_epochs_of_one_network_are_judged_written_and_drawn(clothes, tmp_path):
    small: dict[str, Any] = {"hidden_units": 16, "epochs": 3, "record_every": 2, "seeds": 1}
    variants = {"paper": Protocol(**small), "relu": Protocol(activation="relu", **small)}
    values, claims, text = judged(variants, clothes, tmp_path)
    assert values["printed"] is None
    assert claims["B1"].ours == "too few epochs to compare"
    assert claims["B3"].verdict == "reproduced" and "two networks" in claims["B3"].ours
    assert "Too few epochs" in text and "| ReLU | 1 |" in text


def test_the_initial_weights_are_torchs_default():
    first, second = train.initial_weights(512, seed=0)
    for weights, inputs in ((first, 784), (second, 512)):
        scaled = weights * inputs**0.5
        assert scaled.abs().max() <= 1
        assert abs(scaled.square().mean() - 1 / 3) < 5 * (4 / 45 / scaled.numel()) ** 0.5


@pytest.fixture
def run(clothes, tmp_path):
    """An untrained run whose costs and accuracies at the lab's last epoch scatter around given numbers."""

    def make(cost, share, source="local copy"):
        random = np.random.default_rng(0).standard_normal((2, 20))
        last, protocol = max(PRINTED), Protocol()
        costs, accuracy = np.ones((20, last)), np.full((20, 11), 0.1)
        costs[:, -1], accuracy[:, -1] = cost + 0.006 * random[0], share + 0.006 * random[1]
        arrays = {
            "seeds": np.arange(20), "costs": costs, "accuracy": accuracy, "epochs": np.array(protocol.recorded_epochs),
            "images": np.array([1000, 1000]), "traversal_difference": np.full(20, 1e-15), "gradcheck": np.ones(2),
        }  # fmt: skip
        provenance = {"FashionMNIST": {**store.read_about(clothes["FashionMNIST"]), "source": source}}
        about = {"protocol": vars(protocol), "provenance": provenance}
        store.write_arrays(tmp_path / "paper" / "trained.safetensors", arrays, about)
        analyse_stage.run("functions", protocol, tmp_path / "paper")
        return {"paper": Run(tmp_path / "paper")}

    return make


@pytest.mark.parametrize(
    ("cost", "share", "source", "verdict"),
    [
        (1.304, 0.612, "local copy", "reproduced"),
        (1.304, 0.700, "local copy", "partly"),
        (1.400, 0.700, "download", "not reproduced"),
        (1.304, 0.612, "bundled", "not judged"),
    ],
)
def test_the_printed_run_is_reproduced_if_it_is_typical(run, cost, share, source, verdict):
    values = findings.values(run(cost, share, source))
    assert findings.verdicts(values)["B1"] == verdict


def test_the_range_of_one_more_network_has_its_coverage():
    """In 2,000 draws of 21, the last falls within the range of the first 20 in 95 % (within four standard errors)."""
    random = np.random.default_rng(0)
    ranges = [(sample[-1], findings.prediction_range(sample[:-1])) for sample in random.standard_normal((2000, 21))]
    hits = [span is not None and span[0] <= last <= span[1] for last, span in ranges]
    assert abs(np.mean(hits) - 0.95) < 4 * (0.95 * 0.05 / 2000) ** 0.5


def test_too_few_finite_values_have_no_range():
    assert findings.prediction_range([0.5, 0.6, np.nan]) is None
    assert findings.prediction_range([0.5, 0.6, 0.7, np.nan]) == findings.prediction_range([0.5, 0.6, 0.7])


def test_shards_of_seeds_give_the_bytes_of_one_job(clothes, tmp_path):
    protocol = Protocol(seeds=5, epochs=2, hidden_units=8, images=200)
    whole, *split = experiments.in_shards("functions", protocol, tmp_path, (0, 3, 2), clothes)
    assert [content == whole for content in split] == [True, True]
