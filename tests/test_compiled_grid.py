"""The compiled loop for all vectors of binary inputs, against `Network` in double precision and against itself."""

import dataclasses

import pytest
import torch

from backprop import choices
from backprop.engine import compiled, compiled_grid, training
from backprop.engine.compiled_grid import HIDDEN, GridNetwork
from backprop.engine.margin import Margin
from backprop.engine.networks import Architecture, Network, flatten, initial_weights, with_extra_unit
from backprop.engine.task import Task
from backprop.engine.training import Descent, PerCase, PerSweep, Schedule
from tests.test_compiled import worst

torch.set_num_threads(1)  # as in the pipeline

SINGLE, CPU = torch.float32, torch.device("cpu")


def cases(
    bits: int, low: float = 0.0, high: float = 1.0, order: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """All vectors [2^bits, bits] in binary order, or in the given one, and a target for each [2^bits, 1]."""
    on = torch.tensor([[case >> bit & 1 for bit in range(bits - 1, -1, -1)] for case in range(2**bits)])
    inputs = torch.where(on == 1, float(high), float(low))
    targets = torch.rand(len(inputs), 1, generator=torch.Generator().manual_seed(1)).round()
    return (inputs, targets) if order is None else (inputs[order], targets[order])


def pair(architecture, inputs, targets, weights, error="half_sum"):
    """The compiled network and the plain one in double precision, after both passes."""
    y0, d = with_extra_unit(inputs), targets.t()[..., None]
    fast = GridNetwork(architecture, y0, d, weights, error)
    plain = Network(architecture, y0.double(), d.double(), weights.double(), error)
    fast.forward()
    fast.backward()
    plain.forward()
    plain.backward()
    return fast, plain


def check_passes(fast, plain, gradient=5e-6, outputs=1e-6):
    off = (fast.gradient - plain.gradient).norm(dim=0) / plain.gradient.norm(dim=0).clamp(min=1e-9)
    assert float(off.max()) < gradient
    torch.testing.assert_close(worst(fast).double(), worst(plain), rtol=outputs, atol=outputs)
    torch.testing.assert_close(fast.errors().double(), plain.errors(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    ("bits", "units", "values"), [(6, 2, (0, 1)), (5, 3, (-1, 1)), (2, 4, (0, 1)), (3, 1, (0.5, 2)), (10, 2, (0, 1))]
)
def test_both_passes_equal_those_of_network_in_double_precision(bits, units, values, hidden, error):
    """Weights up to 2 saturate some units; the first network's are all 0."""
    architecture = Architecture((bits, units, 1), hidden)
    weights = flatten(initial_weights(architecture, range(48), 2.0))
    weights[:, 0] = 0
    check_passes(*pair(architecture, *cases(bits, *values), weights, error))


@pytest.mark.parametrize("hidden", ["logistic", "tanh"])
def test_shares_too_large_for_a_power_of_e_are_added_up_first(hidden):
    """Weights of ± 100 that cancel: without the sum, exp(-100) exp(95) is not exp(-5)."""
    architecture = Architecture((6, 2, 1), hidden)
    weights = flatten(initial_weights(architecture, range(32), 2.0))
    ordinary = weights.clone()
    weights[0, ::2], weights[5, ::2] = 100, -98
    weights[7, ::4], weights[13, ::4] = -300, 299
    fast, plain = pair(architecture, *cases(6), weights)
    check_passes(fast, plain, gradient=2e-4, outputs=2e-5)  # the sums themselves are exact to 300 2^-24
    neighbours, _ = pair(architecture, *cases(6), ordinary)
    assert torch.equal(fast.gradient[:, 1::2], neighbours.gradient[:, 1::2])


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_diverged_network_is_nan_and_does_not_affect_its_neighbours(hidden):
    architecture = Architecture((6, 2, 1), hidden)
    weights = flatten(initial_weights(architecture, range(32)))
    with_nan = weights.clone()
    with_nan[3, 10] = torch.nan
    healthy, _ = pair(architecture, *cases(6), weights)
    diverged, _ = pair(architecture, *cases(6), with_nan)
    others = torch.arange(32) != 10
    assert worst(diverged)[10].isnan() and diverged.gradient[:, 10].isnan().any() and diverged.errors()[10].isnan()
    assert torch.equal(worst(diverged)[others], worst(healthy)[others])
    assert torch.equal(diverged.gradient[:, others], healthy.gradient[:, others])


INPUTS, _ = cases(6)
TASK = Task(Architecture((6, 2, 1)), INPUTS, (INPUTS.flip(1) == INPUTS).all(1, keepdim=True).float())
WEIGHTS = initial_weights(TASK.architecture, range(80))


@pytest.mark.parametrize("order", [PerSweep(), PerCase()])
def test_results_have_the_same_bytes_wherever_a_call_ends_and_whatever_the_block(order):
    """Kept weights end a call; blocks of 16 and of 1,024 networks, and each network alone."""
    few = training.Record([0, 130], every=7)
    many = training.Record([*range(0, 131, 3), 130], every=7)
    whole, cut, small = (
        training.train(TASK, WEIGHTS, Descent(), 130, order=order, record=record, block=block)
        for record, block in ((few, None), (many, None), (few, 16))
    )
    for other in (cut, small):
        assert torch.equal(flatten(other.weights[130]), flatten(whole.weights[130]))
        assert torch.equal(other.errors, whole.errors)
        assert torch.equal(other.first_sweep, whole.first_sweep)
    alone = training.train(TASK, [w[..., 37:38] for w in WEIGHTS], Descent(), 130, order=order, record=few)
    assert torch.equal(flatten(alone.weights[130])[:, 0], flatten(whole.weights[130])[:, 37])


UPDATES = [
    Descent(0.05, 0.9),
    Descent(torch.linspace(0.01, 0.08, 80), torch.linspace(0, 0.9, 80)),
    Descent(0.1, 0, Schedule("exponential", {"gamma": 0.97})),
]


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("order", [PerSweep(), PerCase()])
@pytest.mark.parametrize("update", UPDATES, ids=["momentum", "own_rates", "schedule"])
@pytest.mark.parametrize("hidden", ["logistic", "tanh"])
def test_training_equals_that_in_double_precision(update, order, error, hidden):
    """Weights and E after 70 sweeps, more than one call, in another order of the cases than the binary one."""
    architecture = Architecture((4, 2, 1), hidden)
    task = Task(architecture, *cases(4, -1, 1, torch.randperm(16, generator=torch.Generator().manual_seed(2))), error)
    weights = initial_weights(architecture, range(80))
    fast, exact = (
        training.train(task, weights, update, 70, order=order, record=training.Record([0, 70], every=9), dtype=dtype)
        for dtype in (torch.float32, torch.float64)
    )
    torch.testing.assert_close(flatten(fast.weights[70]).double(), flatten(exact.weights[70]), rtol=2e-3, atol=2e-3)
    torch.testing.assert_close(fast.errors.double(), exact.errors, rtol=2e-3, atol=1e-4)
    assert (fast.first_sweep == exact.first_sweep).float().mean() > 0.97
    assert not torch.equal(fast.weights[70][0], fast.weights[0][0])


def test_networks_that_solved_the_task_leave_the_others_as_they_are():
    """Training until the criterion is met gives the same first sweeps, and the weights at the end of that window."""
    update, sweeps = Descent(0.1, 0.9), 1425
    kept = training.Record([*range(63, sweeps, 64), sweeps])
    until, on = (
        training.train(TASK, WEIGHTS, update, sweeps, criteria=training.Criteria((0.5,), until), record=kept)
        for until in (True, False)
    )
    assert torch.equal(until.first_sweep, on.first_sweep)
    solved = on.first_sweep[0] >= 0
    assert 0 < int(solved.sum()) < 80
    for column in range(80):
        first = int(on.first_sweep[0, column])
        stop = first // 64 * 64 + 63 if first >= 0 else sweeps
        assert torch.equal(flatten(until.weights[sweeps])[:, column], flatten(on.weights[min(stop, sweeps)])[:, column])


def test_the_loop_is_used_only_for_tasks_that_suit_it():
    inputs, targets = cases(6)

    def suits(sizes=(6, 2, 1), inputs=inputs, targets=targets, dtype=SINGLE, device=CPU, **options):
        return compiled_grid.suits(Task(Architecture(sizes, **options), inputs, targets), device, dtype)

    assert suits() and suits(hidden="tanh") and suits(inputs=inputs[..., None]) and suits(inputs=2 * inputs - 1)
    assert suits(inputs=inputs.flip(0), targets=targets.flip(0))
    assert not suits(hidden="gelu") and not suits(output="identity") and not suits(skip=True)
    assert not suits((6, 2, 2, 1)) and not suits((6, 64, 1)) and not suits((6, 2, 2), targets=targets.expand(-1, 2))
    assert not suits(dtype=torch.float64) and not suits(device=torch.device("meta"))
    assert not suits(inputs=inputs[:-1], targets=targets[:-1]) and not suits(inputs=inputs[[0, *range(63)]])
    assert not suits(inputs=torch.zeros(64, 6)) and not suits(inputs=inputs.index_fill(0, torch.tensor(5), 0.5))
    assert not suits((1, 2, 1), *cases(1))
    for features in ({"margin": Margin(0.2)}, {"learned": torch.ones(64, 5)}, {"mask": torch.ones(17, 1)}):
        assert not compiled_grid.suits(dataclasses.replace(TASK, **features), CPU, SINGLE)


def test_the_paths_of_the_engine_agree(monkeypatch):
    """The loop, the pass without a loop, and one operation of torch after the other: the paper's first 300 sweeps."""
    results = []
    for switched_off in ((), (compiled_grid,), (compiled_grid, compiled)):
        for module in switched_off:
            monkeypatch.setattr(module, "suits", lambda *_: False)
        results.append(training.train(TASK, WEIGHTS, Descent(), 300, record=training.Record([300])))
    loop, one_pass, plain = (flatten(result.weights[300]) for result in results)
    torch.testing.assert_close(loop, plain, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(one_pass, plain, rtol=1e-3, atol=1e-4)
    assert not torch.equal(loop, one_pass)  # they are different code
    assert not torch.equal(one_pass, plain)
