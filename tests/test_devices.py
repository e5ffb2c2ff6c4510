"""Training on a GPU, without one: torch's fake tensors know their device and refuse to meet those of another.

They have no values. Whatever training asks about values, such as which networks have met every bound, is answered here.
These tests say nothing about results or speed on a GPU.
"""

import itertools

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from backprop.choices import ACTIVATIONS, ERRORS, MARGINS, OPTIMIZERS
from backprop.engine import criteria, training
from backprop.engine.devices import available, resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.engine.training import (
    Criteria,
    Decay,
    Descent,
    Margin,
    Optimizer,
    PerCase,
    PerSweep,
    Piecewise,
    Record,
    Schedule,
    Shuffled,
    Task,
)

NETWORKS = 80
CASES = 2
FOUND = 3
"""How many positions a search in a fake tensor finds."""

PAPER = Architecture((6, 2, 1))
DEEP = Architecture((6, 5, 4, 3))
SKIP = Architecture((6, 5, 3), skip=True)

aten = torch.ops.aten
INDEXING = (aten.index.Tensor, aten.index_put_.default, aten.index_put.default, aten._index_put_impl_.default)


@pytest.fixture(autouse=True)
def short_windows(monkeypatch):
    """Fake tensors are slow: few sweeps contain a whole window."""
    monkeypatch.setattr(criteria, "WINDOW", 3)


class Answers(TorchDispatchMode):
    """Answers questions about the values of fake tensors: a search finds FOUND positions, the rest is given."""

    def __init__(self, booleans):
        super().__init__()
        self.booleans = booleans

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        subject = args[0] if args else None
        if not isinstance(subject, torch.Tensor):
            return function(*args, **(kwargs or {}))
        if function is aten._local_scalar_dense.default:
            return next(self.booleans) if subject.dtype == torch.bool else subject.dtype.is_floating_point + 1
        if function is aten.nonzero.default:
            return torch.arange(FOUND, device=subject.device).unsqueeze(1).repeat(1, subject.dim())
        if function in INDEXING:
            devices = {"cpu", subject.device.type}  # fake tensors do not refuse what real ones refuse here
            if any(index is not None and index.device.type not in devices for index in args[1]):
                raise RuntimeError("an index is on another device than the tensor")
        if function is aten.index.Tensor:
            found = [
                torch.arange(FOUND, device=index.device) if index is not None and index.dtype == torch.bool else index
                for index in args[1]
            ]
            return function(subject, found)
        return function(*args, **(kwargs or {}))


def train(task, update=None, *, order=None, until_met=False, booleans=(True,), networks=NETWORKS, sweeps=5):
    """Train fake networks on a GPU, with E recorded and weights kept before, during and after."""
    weights = initial_weights(task.architecture, range(networks))
    with FakeTensorMode(allow_non_fake_inputs=True), Answers(itertools.cycle(booleans)):
        return training.train(
            task,
            weights,
            update or Descent(),
            sweeps,
            order=order or PerSweep(),
            criteria=Criteria(until_met=until_met),
            record=Record([0, 1, sweeps], every=2),
            device="cuda",
        )


def task(architecture, **options):
    """A task with the inputs shared, or one set of inputs and targets per network."""
    own = (NETWORKS,) if options.pop("own", False) else ()
    inputs = torch.zeros(CASES, architecture.sizes[0], *own)
    return Task(architecture, inputs, torch.zeros(CASES, architecture.sizes[-1], *own), **options)


def assert_on_the_cpu(trained):
    assert trained.errors.device.type == trained.first_sweep.device.type == "cpu"
    assert all(w.device.type == "cpu" for layers in trained.weights.values() for w in layers)


@pytest.mark.parametrize("networks", [NETWORKS, 3], ids=["many", "few"])
@pytest.mark.parametrize("architecture", [PAPER, DEEP, SKIP], ids=["paper", "deep", "skip"])
@pytest.mark.parametrize("own", [False, True], ids=["shared cases", "own cases"])
def test_passes_stay_on_the_gpu_and_results_come_back(architecture, networks, own):
    if own and networks != NETWORKS:
        pytest.skip("the cases are those of NETWORKS networks")
    assert_on_the_cpu(train(task(architecture, own=own), networks=networks))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    architecture = Architecture((6, 2, 1), hidden=name, output=name if name in ("tanh", "logistic") else "identity")
    assert_on_the_cpu(train(task(architecture), sweeps=2))


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("margin", [None, *MARGINS])
def test_errors_margins_cases_that_are_not_learned_and_weights_that_do_not_exist(error, margin):
    options = {
        "error": error,
        "margin": margin and Margin(0.2, margin),
        "learned": torch.ones(CASES, NETWORKS, dtype=torch.bool),
        "mask": torch.ones(DEEP.parameters, 1),
    }
    assert_on_the_cpu(train(task(DEEP, **options), sweeps=2))


OWN_RATES = torch.full((NETWORKS,), 0.1)
UPDATES = {
    "equation (8)": Descent(alpha=0),
    "equation (8), a rate per network": Descent(OWN_RATES, alpha=0),
    "equation (9), a rate and a momentum per network": Descent(OWN_RATES, OWN_RATES),
    "piecewise": Descent(Piecewise((0.1, 0.2), (1,)), Piecewise((0.5, 0.9), (1,))),
    "schedule": Descent(schedule=Schedule("cosine")),
    "decay": Descent(decay=Decay(0.002)),
    "decay of weights alone": Descent(decay=Decay(0.002, biases=0, after=1)),
    **{name: Optimizer(name, 0.1) for name in OPTIMIZERS},
    **{f"{name}, a rate per network": Optimizer(name, OWN_RATES) for name in OPTIMIZERS},
    "nesterov": Optimizer("sgd", 0.1, {"momentum": 0.9, "nesterov": True}),
}

ORDERS = {"sweep": PerSweep(), "case": PerCase(), "shuffled": Shuffled(range(NETWORKS))}


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_updates_and_orders_also_after_networks_have_finished(update, order):
    """At the end of the first window some networks have met every bound, and the others train on."""
    # asked: is a criterion open? has any network met all? have all?
    booleans = (True, True, False)
    assert_on_the_cpu(train(task(PAPER), update, order=order, until_met=True, booleans=booleans))


@pytest.mark.parametrize("own", [False, True], ids=["shared cases", "own cases"])
def test_networks_that_finish_leave_a_gpu_stack_with_every_part_of_the_others(own):
    learned = torch.ones(CASES, NETWORKS, dtype=torch.bool)
    given = task(DEEP, own=own, margin=Margin(0.2), learned=learned, mask=torch.ones(DEEP.parameters, 1))
    assert_on_the_cpu(train(given, until_met=True, booleans=(True, True, False)))


def test_a_tensor_that_is_left_on_the_cpu_is_refused(monkeypatch):
    """What all tests here rely on: the change of the weights, created on the wrong device, stops training."""
    zeros_like = torch.zeros_like
    monkeypatch.setattr("backprop.engine.updates.torch.zeros_like", lambda like: zeros_like(like, device="cpu"))
    with pytest.raises(RuntimeError, match=r"device"):
        train(task(PAPER), sweeps=2)


def test_auto_is_the_cpu_because_nothing_was_verified_on_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert "cuda" in available()
    assert resolve_device("auto") == torch.device("cpu")
    assert resolve_device("cuda") == torch.device("cuda")
