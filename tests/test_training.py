"""Training against loops over single networks with nn.Module, autograd, torch.optim and its schedulers."""

import dataclasses
import logging
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from backprop import choices, progress
from backprop.engine import networks, updates
from backprop.engine.criteria import WINDOW, FirstSweeps
from backprop.engine.devices import available, resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.engine.presentation import own_orders
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
    train,
)
from backprop.protocol import UserError

torch.set_num_threads(1)  # as in the pipeline: networks this small gain nothing from more threads

SYMMETRY = Architecture((6, 2, 1))
XOR = Architecture((2, 2, 1))
XOR_INPUTS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_TARGETS = torch.tensor([[0.0], [1.0], [1.0], [0.0]])

SCHEDULE_OPTIONS: dict[str, dict[str, Any]] = {
    "exponential": {"gamma": 0.95},
    "step": {"step_size": 7, "gamma": 0.5},
    "one_cycle": {"pct_start": 0.4},
    "linear_warmup": {"start_factor": 0.1, "total_iters": 20},
}
OPTIMIZER_OPTIONS: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "nesterov": True},
    "rmsprop": {"momentum": 0.5, "alpha": 0.9},
    "adagrad": {"lr_decay": 0.01},
    "adamw": {"weight_decay": 0.1},
}


def symmetry_cases():
    inputs = torch.tensor([[case >> bit & 1 for bit in range(6)] for case in range(64)]).float()
    return inputs, (inputs == inputs.flip(1)).all(1, keepdim=True).float()


XOR_TASK = Task(XOR, XOR_INPUTS, XOR_TARGETS)
SYMMETRY_TASK = Task(SYMMETRY, *symmetry_cases())


def one_network(weights, seed):
    """The network in column `seed` as a module in double precision."""
    layers: list[nn.Module] = []
    for w in weights:
        linear = nn.Linear(w.shape[1] - 1, w.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(w[:, :-1, seed])
            linear.bias.copy_(w[:, -1, seed])
        layers += [linear, nn.Sigmoid()]
    return nn.Sequential(*layers)


def parameters_of(module):
    """[parameters], in the engine's order."""
    return torch.cat([torch.cat([layer.weight, layer.bias[:, None]], 1).reshape(-1) for layer in module[::2]]).detach()


def one_at_a_time(module, optimizer, sweeps, scheduler=None, order=None, error="half_sum", task=None):
    """The usual training loop in double precision; yields after every sweep."""
    inputs, targets = (cases.double() for cases in task or symmetry_cases())
    for sweep in range(sweeps):
        for cases in [slice(None)] if order is None else order(sweep):
            optimizer.zero_grad()
            y, d = module(inputs[cases]), targets[cases]
            if error == "half_sum":
                loss = ((y - d) ** 2).sum() / 2
            elif error == "mean":
                loss = nn.functional.mse_loss(y, d)
            else:
                loss = nn.functional.binary_cross_entropy(y, d, reduction="sum")
            loss.backward()
            optimizer.step()
        if scheduler:
            scheduler.step()
        yield sweep


def finish(loop):
    for _ in loop:
        pass


def weights_after(result, sweep):
    return networks.flatten(result.weights[sweep])


def scheduler_of(name, optimizer, rate, sweeps):
    """torch's own scheduler on the optimizer of a single network."""
    options, schedulers = SCHEDULE_OPTIONS.get(name, {}), torch.optim.lr_scheduler
    return {
        "constant": lambda: None,
        "exponential": lambda: schedulers.ExponentialLR(optimizer, **options),
        "step": lambda: schedulers.StepLR(optimizer, **options),
        "cosine": lambda: schedulers.CosineAnnealingLR(optimizer, sweeps),
        "one_cycle": lambda: schedulers.OneCycleLR(
            optimizer, rate, total_steps=sweeps, cycle_momentum=False, **options
        ),
        "linear_warmup": lambda: schedulers.LinearLR(optimizer, **options),
    }[name]()


@pytest.mark.parametrize("error", choices.ERRORS)
def test_the_papers_update_is_torchs_sgd_with_momentum(error):
    """M5: equation (9) equals SGD(momentum, dampening 0): three networks, 50 sweeps, against each trained alone."""
    weights = initial_weights(SYMMETRY, range(3), 1.0, dtype=torch.float64)
    task = dataclasses.replace(SYMMETRY_TASK, error=error)
    result = train(task, weights, Descent(0.1, 0.9), 50, record=Record([50]), dtype=torch.float64)
    for seed in range(3):
        module = one_network(weights, seed)
        finish(one_at_a_time(module, torch.optim.SGD(module.parameters(), 0.1, 0.9), 50, error=error))
        torch.testing.assert_close(weights_after(result, 50)[:, seed], parameters_of(module), rtol=1e-9, atol=1e-12)


def test_momentum_off_is_plain_descent():
    """Equation (8)."""
    weights = initial_weights(SYMMETRY, [5], dtype=torch.float64)
    result = train(SYMMETRY_TASK, weights, Descent(0.1, 0), 50, record=Record([50]), dtype=torch.float64)
    module = one_network(weights, 0)
    finish(one_at_a_time(module, torch.optim.SGD(module.parameters(), 0.1), 50))
    torch.testing.assert_close(weights_after(result, 50)[:, 0], parameters_of(module), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("own_rates", [False, True])
@pytest.mark.parametrize("name", choices.OPTIMIZERS)
@pytest.mark.parametrize("schedule", choices.SCHEDULES)
def test_every_optimizer_under_every_schedule_equals_the_plain_loop(name, schedule, own_rates):
    """50 sweeps; with `own_rates`, network k has k + 1 times the rate of network 0."""
    rate, sweeps = {"sgd": 0.1, "adagrad": 0.1}.get(name, 0.01), 50
    weights = initial_weights(SYMMETRY, range(2), 1.0, dtype=torch.float64)
    update = Optimizer(
        name,
        rate * torch.arange(1, 3, dtype=torch.float64) if own_rates else rate,
        OPTIMIZER_OPTIONS.get(name, {}),
        Schedule(schedule, SCHEDULE_OPTIONS.get(schedule, {})),
    )
    result = train(SYMMETRY_TASK, weights, update, sweeps, record=Record([sweeps]), dtype=torch.float64)
    for seed in range(2):
        module, own = one_network(weights, seed), rate * (seed + 1 if own_rates else 1)
        make: Any = updates.OPTIMIZERS[name]
        optimizer = make(module.parameters(), lr=own, **OPTIMIZER_OPTIONS.get(name, {}))
        scheduler = scheduler_of(schedule, optimizer, own, sweeps)
        finish(one_at_a_time(module, optimizer, sweeps, scheduler))
        torch.testing.assert_close(weights_after(result, 50)[:, seed], parameters_of(module), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("schedule", choices.SCHEDULES)
def test_schedules_multiply_epsilon_of_the_papers_update(schedule):
    """dw(t) = -epsilon(t) dE/dw(t) + alpha dw(t-1), computed with torch's rate at each sweep."""
    sweeps = 50
    weights = initial_weights(SYMMETRY, [2], 1.0, dtype=torch.float64)
    options = SCHEDULE_OPTIONS.get(schedule, {})
    update = Descent(0.1, 0.9, Schedule(schedule, options))
    result = train(SYMMETRY_TASK, weights, update, sweeps, record=Record([sweeps]), dtype=torch.float64)
    module = one_network(weights, 0)
    scheduled = torch.optim.SGD(module.parameters(), 0.1)  # sets the rate; its step adds -epsilon(t) dE/dw(t)
    change = [torch.zeros_like(p) for p in module.parameters()]
    before = [p.detach().clone() for p in module.parameters()]
    for _ in one_at_a_time(module, scheduled, sweeps, scheduler_of(schedule, scheduled, 0.1, sweeps)):
        with torch.no_grad():
            for p, dw, old in zip(module.parameters(), change, before, strict=True):
                dw.mul_(0.9).add_(p - old)
                p.copy_(old + dw)
                old.copy_(p)
    torch.testing.assert_close(weights_after(result, sweeps)[:, 0], parameters_of(module), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("error", choices.ERRORS)
@pytest.mark.parametrize("order", [PerCase(), Shuffled([11, 12])], ids=["in order", "shuffled"])
def test_per_case_equals_the_plain_loop(order, error):
    """A change after every case, in the given order or shuffled; three sweeps of two networks."""
    weights = initial_weights(SYMMETRY, range(2), 1.0, dtype=torch.float64)
    task = dataclasses.replace(SYMMETRY_TASK, error=error)
    result = train(task, weights, Descent(0.2, 0.5), 3, order=order, record=Record([3]), dtype=torch.float64)
    for seed in range(2):
        orders = own_orders([11, 12], 64, "cpu")
        drawn = [next(orders)[:, seed] if isinstance(order, Shuffled) else torch.arange(64) for _ in range(3)]
        module = one_network(weights, seed)
        optimizer = torch.optim.SGD(module.parameters(), 0.2, 0.5)
        finish(one_at_a_time(module, optimizer, 3, order=lambda t, drawn=drawn: drawn[t].split(1), error=error))
        torch.testing.assert_close(weights_after(result, 3)[:, seed], parameters_of(module), rtol=1e-9, atol=1e-12)


DEEP = Architecture((4, 3, 3, 2))
"""A network with two hidden layers, for what the paper's second experiment needs."""


def deep_task(own_networks=3):
    """Random cases, a mask without two weights and one bias, and other learned cases for each network."""
    generator = torch.Generator().manual_seed(4)
    inputs = torch.rand(7, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 2, (7, 2), generator=generator).double()
    mask = torch.ones(DEEP.parameters, 1, dtype=torch.float64)
    mask[[0, 6, 9]] = 0
    learned = torch.rand(7, own_networks, generator=generator) < 0.7
    return inputs, targets, mask, learned


@pytest.mark.parametrize("shape", choices.MARGINS)
@pytest.mark.parametrize("decay", [Decay(0.01), Decay(0.02, 0.005, after=7), Decay(0.03, 0.0)], ids=str)
def test_margin_mask_learned_cases_steps_and_decay_equal_the_plain_loop(shape, decay):
    """Each network trained alone with autograd on its own cases, by equation (9), and then shrunk."""
    inputs, targets, mask, learned = deep_task()
    weights = initial_weights(DEEP, range(3), 2.0, dtype=torch.float64)
    epsilon, alpha = Piecewise((0.3, 1.0), (5,)), Piecewise((0.5, 0.9, 0.8), (5, 12))
    result = train(
        Task(DEEP, inputs, targets, margin=Margin(0.3, shape), learned=learned, mask=mask),
        weights,
        Descent(epsilon, alpha, decay=decay),
        20,
        record=Record([20]),
        dtype=torch.float64,
    )
    kept = torch.full((DEEP.parameters, 1), 1 - decay.weights, dtype=torch.float64)
    for layer in networks.unflatten(DEEP, kept):
        layer[:, -1] = 1 - (decay.weights if decay.biases is None else decay.biases)
    for network in range(3):
        w, change = (networks.flatten(weights) * mask)[:, network, None], torch.zeros_like(mask)
        for sweep in range(20):
            leaf = w.clone().requires_grad_()
            y = inputs[learned[:, network]]
            for layer in networks.unflatten(DEEP, leaf * mask):
                y = torch.sigmoid(y @ layer[:, :-1, 0].T + layer[:, -1, 0])
            size = (y - targets[learned[:, network]]).abs()
            terms = torch.where(size > 0.3, size if shape == "zero" else size - 0.3, 0)
            (gradient,) = torch.autograd.grad((terms**2).sum() / 2, leaf)
            change = (0.5, 0.9, 0.8)[(sweep >= 5) + (sweep >= 12)] * change - (0.3, 1.0)[sweep >= 5] * gradient
            w = w + change
            if sweep >= decay.after:
                w = w * kept
        torch.testing.assert_close(weights_after(result, 20)[:, network], w[:, 0], rtol=1e-9, atol=1e-12)
    assert not weights_after(result, 20)[mask[:, 0] == 0].any()
    assert (weights_after(result, 20) - networks.flatten(weights))[mask[:, 0] == 1].abs().min() > 1e-6


def test_networks_with_their_own_learned_cases_equal_separate_runs_on_these_cases():
    """Their weights, their E, also as a mean, and the first sweeps of their criteria."""
    inputs, targets, mask, learned = deep_task()
    weights = initial_weights(DEEP, range(3), 2.0, dtype=torch.float64)
    for error in choices.ERRORS:
        options: dict[str, Any] = {"criteria": Criteria((0.6, 0.4)), "record": Record([300]), "dtype": torch.float64}
        task = Task(DEEP, inputs, targets, error, learned=learned, mask=mask)
        together = train(task, weights, Descent(1.0), 300, **options)
        assert (together.first_sweep[0] > 0).any()
        for network in range(3):
            cases = learned[:, network]
            task = Task(DEEP, inputs[cases], targets[cases], error, mask=mask)
            alone = train(task, [w[..., network, None] for w in weights], Descent(1.0), 300, **options)
            torch.testing.assert_close(weights_after(together, 300)[:, network], weights_after(alone, 300)[:, 0])
            torch.testing.assert_close(together.errors[:, network], alone.errors[:, 0])
            assert torch.equal(together.first_sweep[:, network], alone.first_sweep[:, 0])


def test_a_case_order_with_margin_mask_and_decay_equals_one_case_tasks():
    """A sweep of changes per case equals one sweep each on tasks of a single case, without momentum."""
    inputs, targets, mask, _ = deep_task()
    start = initial_weights(DEEP, range(2), 2.0, dtype=torch.float64)
    update = Descent(0.5, 0, decay=Decay(0.01))
    task = Task(DEEP, inputs, targets, margin=Margin(0.3, "edge"), mask=mask)
    result = train(task, start, update, 1, order=PerCase(), record=Record([1]), dtype=torch.float64)
    weights = start
    for case in range(7):
        single = dataclasses.replace(task, inputs=inputs[[case]], targets=targets[[case]])
        weights = train(single, weights, update, 1, record=Record([1]), dtype=torch.float64).weights[1]
    torch.testing.assert_close(weights_after(result, 1), networks.flatten(weights))


def test_criteria_use_the_deviations_from_the_targets_whatever_the_margin():
    """With the margin .4 the network stops changing once all deviations are .4, so it never meets the bound .3."""
    task = dataclasses.replace(XOR_TASK, margin=Margin(0.4))
    weights = initial_weights(XOR, range(20), 1.0)
    result = train(task, weights, Descent(0.5), 3000, criteria=Criteria((0.45, 0.2)), record=Record(every=3000))
    solved = result.first_sweep[0] >= 0
    assert solved.any()
    assert (result.errors[-1][solved] == 0).all()
    assert (result.first_sweep[1] < 0).all()


def test_shuffled_orders_are_permutations_that_depend_on_the_networks_seed_only():
    def draw(seeds, sweeps=40):
        orders = own_orders(seeds, 64, "cpu")
        return torch.stack([next(orders) for _ in range(sweeps)])

    crowd = draw([3, 4, 5])
    assert torch.equal(crowd.sort(1).values, torch.arange(64)[None, :, None].expand_as(crowd))
    assert torch.equal(draw([4])[..., 0], crowd[..., 1])
    assert not torch.equal(crowd[0], crowd[1])
    assert not torch.equal(crowd[..., 0], crowd[..., 1])


def test_networks_with_their_own_cases_equal_separate_runs():
    """Inputs and targets may have a last axis of networks, with changes per sweep and per case."""
    generator = torch.Generator().manual_seed(1)
    inputs, targets = torch.rand(5, 2, 3, generator=generator), torch.rand(5, 1, 3, generator=generator)
    weights = initial_weights(XOR, range(3))
    for together_order, alone_order in (
        (PerSweep(), PerSweep()),
        (PerCase(), PerCase()),
        (Shuffled(range(3)), Shuffled([1])),
    ):
        together, alone = (
            train(task, own, Descent(), 40, order=order, record=Record([40]))
            for task, own, order in (
                (Task(XOR, inputs, targets), weights, together_order),
                (Task(XOR, inputs[..., 1], targets[..., 1]), [w[..., 1:2] for w in weights], alone_order),
            )
        )
        torch.testing.assert_close(weights_after(together, 40)[:, 1:2], weights_after(alone, 40), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("task", "order"),
    [
        (SYMMETRY_TASK, PerSweep()),
        (SYMMETRY_TASK, PerCase()),
        (Task(Architecture((6, 2, 1), "gelu"), *symmetry_cases()), PerSweep()),
        (Task(Architecture((6, 2, 2, 1)), *symmetry_cases()), PerSweep()),
        (dataclasses.replace(SYMMETRY_TASK, margin=Margin(0.2)), PerSweep()),
        (dataclasses.replace(SYMMETRY_TASK, margin=Margin(0.2, "edge")), PerSweep()),
    ],
    ids=["compiled", "per case", "gelu", "two hidden layers", "margin", "edge"],
)
def test_a_seed_alone_and_in_a_crowd_of_a_thousand_agree(task, order):
    """Bit for bit on one thread: neither the number of networks, nor the block, nor the column affects a network."""
    sweeps = 20 if isinstance(order, PerCase) else 200
    options: dict[str, Any] = {"order": order, "record": Record([sweeps], every=10)}
    crowd = train(task, initial_weights(task.architecture, range(1000)), Descent(), sweeps, **options)
    for seed in (17, 999):
        alone = train(task, initial_weights(task.architecture, [seed]), Descent(), sweeps, **options)
        torch.testing.assert_close(
            weights_after(alone, sweeps)[:, 0], weights_after(crowd, sweeps)[:, seed], rtol=0, atol=0
        )
        torch.testing.assert_close(alone.errors[:, 0], crowd.errors[:, seed], rtol=0, atol=0)


def test_first_sweep_equals_a_naive_check_after_every_sweep():
    """Against a plain loop that computes all deviations before the first sweep and after every sweep."""
    sweeps, seeds, bounds = 200, range(5), (0.5, 0.2, 0.1)
    weights = initial_weights(XOR, seeds, 1.0, dtype=torch.float64)
    result = train(XOR_TASK, weights, Descent(0.5, 0.9), sweeps, criteria=Criteria(bounds), dtype=torch.float64)
    expected = torch.full((len(bounds), len(seeds)), -1)
    for seed in seeds:
        module, task = one_network(weights, seed), (XOR_INPUTS, XOR_TARGETS)
        loop = one_at_a_time(module, torch.optim.SGD(module.parameters(), 0.5, 0.9), sweeps, task=task)
        for done in range(sweeps + 1):
            with torch.no_grad():
                worst = (module(XOR_INPUTS.double()) - XOR_TARGETS).abs().max()
            for row, bound in enumerate(bounds):
                if worst < bound and expected[row, seed] < 0:
                    expected[row, seed] = done
            next(loop, None)
    assert torch.equal(result.first_sweep, expected)
    assert (expected > WINDOW).any()
    assert (expected < 0).any()


def observed(deviation) -> Any:
    """A stand-in for a network: the criteria use its deviations only."""
    one = SimpleNamespace(deviation=deviation, parameters=deviation[0])
    one.worst_deviation = lambda out: networks.Network.worst_deviation(one, out)  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize("last", [WINDOW - 1, WINDOW, WINDOW + 1, 100])
def test_a_criterion_first_met_at_the_last_or_at_the_first_sweep_counts(last):
    """The last sweep is near the end of a window, at which deviations are compared with the bounds."""
    deviation = torch.full((1, 4, 3), 0.4)
    deviation[..., 2] = torch.nan
    criteria = FirstSweeps(observed(deviation), (0.5, 0.1))
    for sweep in range(last + 1):
        if sweep == last:
            deviation[..., 1] = -0.05
        criteria.note(sweep)
    criteria.compare(last)
    assert criteria.first_sweep.tolist() == [[0, 0, -1], [-1, last, -1]]


def test_a_network_that_meets_a_bound_and_diverges_in_the_same_window_has_met_it():
    deviation = torch.full((1, 4, 2), 0.4)
    criteria = FirstSweeps(observed(deviation), (0.5, 0.3))
    for sweep in range(6):
        deviation[..., 1] = {3: 0.2, 4: -torch.inf}.get(sweep, torch.nan if sweep > 4 else 0.6)
        criteria.note(sweep)
    criteria.compare(5)
    assert criteria.first_sweep.tolist() == [[0, 3], [-1, 3]]


SOME_LEARNED = torch.ones(4, 150, dtype=torch.bool)
SOME_LEARNED[2, ::2] = False


@pytest.mark.parametrize(
    ("update", "order", "features"),
    [
        (Descent(0.5, 0.9), PerSweep(), {}),
        (Descent(torch.linspace(1, 8, 150), 0), PerSweep(), {}),
        (Optimizer("adam", torch.linspace(0.01, 0.1, 150)), PerSweep(), {}),
        (Optimizer("sgd", 0.5, {"momentum": 0.9}), PerCase(), {}),
        (Descent(0.5, 0.5), Shuffled(range(150)), {}),
        (
            Descent(Piecewise((0.2, 0.5), (30,)), Piecewise((0.5, 0.9), (90,)), decay=Decay(1e-4, 0.0)),
            PerSweep(),
            {"margin": Margin(0.1, "edge"), "learned": SOME_LEARNED},
        ),
    ],
    ids=["momentum", "own rates", "adam", "per case", "shuffled", "pieces, decay, margin and own cases"],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_networks_that_met_every_bound_stop_and_the_others_continue_as_if_alone(update, order, features, dtype):
    """Against training to the last sweep: the same first sweeps, and the weights at the end of the window."""
    sweeps, bounds = 400, (0.4, 0.2)
    windows = range(WINDOW - 1, sweeps, WINDOW)
    full, short = (
        train(
            dataclasses.replace(XOR_TASK, **features),
            initial_weights(XOR, range(150), 1.0),
            update,
            sweeps,
            order=order,
            criteria=Criteria(bounds, until_met),
            record=Record(keep, every=1),
            dtype=dtype,
        )
        for until_met, keep in ((False, [*windows, sweeps]), (True, [50, sweeps]))
    )
    assert torch.equal(full.first_sweep, short.first_sweep)
    last = full.first_sweep.amax(0).where((full.first_sweep >= 0).all(0), torch.tensor(sweeps))
    ended = [next((window for window in windows if window >= sweep), sweeps) for sweep in last.tolist()]
    assert 1 < len({*ended} - {sweeps}) < len({*ended, 0})  # some stop early, in different windows, and others never
    for network, end in enumerate(ended):
        for expected, stopped in zip(full.weights[end], short.weights[sweeps], strict=True):
            torch.testing.assert_close(stopped[..., network], expected[..., network], rtol=0, atol=1e-12)
        torch.testing.assert_close(short.errors[: end + 1, network], full.errors[: end + 1, network])
        assert (short.errors[end:, network] == short.errors[end, network]).all()


def test_errors_and_weights_are_kept_at_their_sweeps():
    """E is recorded at 0, at every multiple of `every`, and at the last sweep."""
    weights = initial_weights(XOR, range(3))
    result = train(XOR_TASK, weights, Descent(), 10, record=Record([0, 6, 10], every=4))
    assert result.error_sweeps.tolist() == [0, 4, 8, 10]
    assert result.errors.shape == (4, 3)
    assert all(torch.equal(kept, w) for kept, w in zip(result.weights[0], weights, strict=True))
    shorter = train(XOR_TASK, weights, Descent(), 6, record=Record([6], every=4))
    assert torch.equal(weights_after(result, 6), weights_after(shorter, 6))
    y = networks.forward(XOR, result.weights[10], XOR_INPUTS)[-1]
    torch.testing.assert_close(result.errors[-1], ((y - XOR_TARGETS.t()[..., None]) ** 2).sum((0, 1)) / 2)


def test_equal_hidden_units_never_separate():
    """M7: two hidden units with equal initial weights stay equal, hence the random initial weights."""
    first, second = initial_weights(SYMMETRY, range(5))
    first[1], second[:, 1] = first[0], second[:, 0]
    result = train(SYMMETRY_TASK, [first, second], Descent(), 500, record=Record([500]))
    first, second = result.weights[500]
    assert torch.equal(first[0], first[1])
    assert torch.equal(second[:, 0], second[:, 1])
    assert (first[0] - initial_weights(SYMMETRY, range(5))[0][0]).abs().max() > 0.1


def test_a_diverged_network_is_a_row_and_does_not_affect_its_neighbours():
    """Network 1 has a rate at which it overflows; the others train as without it."""
    architecture = Architecture((6, 2, 1), hidden="relu", output="identity")
    weights = initial_weights(architecture, range(4))
    low = torch.full((4,), 0.001)
    one_high = torch.tensor([0.001, 1e6, 0.001, 0.001])
    expected, result = (
        train(Task(architecture, *symmetry_cases()), weights, Descent(rates), 60, record=Record([60]))
        for rates in (low, one_high)
    )
    neighbours = [0, 2, 3]
    assert not weights_after(result, 60)[:, 1].isfinite().all()
    assert not result.errors[-1, 1].isfinite()
    assert result.first_sweep[:, 1].tolist() == [-1, -1, -1]
    assert torch.equal(weights_after(result, 60)[:, neighbours], weights_after(expected, 60)[:, neighbours])
    assert torch.equal(result.errors[:, neighbours], expected.errors[:, neighbours])


@pytest.mark.parametrize("which", ["epsilon", "alpha", "both"])
def test_networks_with_their_own_rates_equal_separate_runs(which):
    """The networks fill two blocks, and each block needs the rates of its own networks."""
    count = 70
    weights = initial_weights(XOR, range(count))
    epsilon = torch.linspace(0.05, 0.5, count) if which != "alpha" else 0.1
    alpha = torch.linspace(0.0, 0.9, count) if which != "epsilon" else 0.9
    together = train(XOR_TASK, weights, Descent(epsilon, alpha), 50, record=Record([50]), block=64)
    for network in (0, 40, 69):
        own_epsilon, own_alpha = (float(torch.as_tensor(rate).expand(count)[network]) for rate in (epsilon, alpha))
        own = Descent(own_epsilon, own_alpha)
        alone = train(XOR_TASK, [w[..., network, None] for w in weights], own, 50, record=Record([50]))
        torch.testing.assert_close(
            weights_after(together, 50)[:, network], weights_after(alone, 50)[:, 0], rtol=1e-5, atol=1e-6
        )


def test_all_networks_solve_an_easy_task():
    """Each of 100 networks learns to be on only if both inputs are on."""
    task = Task(Architecture((2, 1)), XOR_INPUTS, XOR_INPUTS.prod(1, keepdim=True))
    weights = initial_weights(task.architecture, range(100))
    result = train(task, weights, Descent(0.5, 0.9), 500, criteria=Criteria((0.5, 0.2)))
    assert (result.first_sweep >= 0).all()
    assert (result.first_sweep[0] <= result.first_sweep[1]).all()


def test_long_training_logs_its_progress(monkeypatch, caplog):
    """A line reports the share done, the rate and the share solved; here after every sweep."""
    monkeypatch.setattr(progress, "EVERY", 0)
    with caplog.at_level(logging.INFO, progress.__name__):
        train(XOR_TASK, initial_weights(XOR, range(2)), Descent(), 29)
    states = [progress.last(record.getMessage()) for record in caplog.records]
    assert [state and state.percent for state in states] == [100 * sweep // 29 for sweep in range(30)]
    assert states[-1] and "M sweeps/s, 2 of 2 networks begun, " in states[-1].text and "solved" in states[-1].text


def test_the_names_of_choices_are_those_implemented():
    assert set(choices.OPTIMIZERS) == set(updates.OPTIMIZERS)
    assert set(choices.SCHEDULES) == set(updates.SCHEDULES)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: Optimizer("sdg", 0.1), "sdg.*sgd, rmsprop"),
        (lambda: Optimizer("adam", 0.1, {"momentum": 0.9}), "adam.*momentum"),
        (lambda: Schedule("linear"), "linear.*constant, exponential"),
        (lambda: Schedule("exponential").factors(5), "exponential.*gamma"),
        (lambda: Schedule("step", {"gamma": 0.5, "size": 3}).factors(5), "step.*size"),
        (lambda: resolve_device("gpu"), "gpu.*auto, cpu, cuda, mps"),
        (lambda: Margin(-0.1), "margin width is -0.1; it must be at least 0"),
        (lambda: Margin(0.2, "soft"), "soft.*zero, edge"),
        (lambda: Decay(1.5), "decay of weights is 1.5; it must be from 0 to 1"),
        (lambda: Piecewise((0.1, 0.2), ()), "values has 2 numbers and boundaries 0"),
        (lambda: Piecewise((0.1, 0.2, 0.3), (20, 20)), r"boundaries is \[20, 20\]"),
        (lambda: Record(every=0), "every is 0"),
        (lambda: Task(XOR, XOR_INPUTS[:, :1], XOR_TARGETS), "inputs have 1 columns; the network has 2"),
        (lambda: Task(XOR, XOR_INPUTS, XOR_TARGETS[:3]), r"targets.*\(3, 1\).*4 cases and 1 output"),
        (lambda: Task(XOR, XOR_INPUTS, XOR_TARGETS, learned=torch.ones(3, 2)), "learned has 3 rows; there are 4"),
        (lambda: Task(XOR, XOR_INPUTS, XOR_TARGETS, mask=torch.ones(9)), r"mask has the shape \(9,\).*\(9, 1\)"),
    ],
)
def test_mistakes_are_refused_by_name(mistake, words):
    with pytest.raises(UserError, match=words):
        mistake()


@pytest.mark.parametrize(
    ("features", "sweeps", "options", "words"),
    [
        ({}, 0, {}, "sweeps is 0"),
        ({}, 5, {"record": Record(keep=[6])}, "keep contains 6.*0 to 5"),
        ({"error": "mse"}, 5, {}, "half_sum, mean, cross_entropy"),
        ({}, 5, {"order": Shuffled([1])}, "seeds of the shuffled order has 1 numbers; there are 2 networks"),
        ({"learned": torch.ones(4, 3)}, 5, {}, "learned has 3 columns; there are 2 networks"),
        ({"learned": torch.ones(4, 2)}, 5, {"order": PerCase()}, "learned.*PerSweep"),
    ],
)
def test_training_refuses_what_it_cannot_do(features, sweeps, options, words):
    with pytest.raises(UserError, match=words):
        train(dataclasses.replace(XOR_TASK, **features), initial_weights(XOR, range(2)), Descent(), sweeps, **options)


def test_devices_are_resolved_or_refused_with_those_available():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto") == torch.device("cpu")
    for absent in {"cuda", "mps"} - set(available()):
        with pytest.raises(UserError, match=f"{absent}.*it has .*cpu"):
            resolve_device(absent)


@pytest.mark.skipif(available() == ["cpu"], reason="this machine has a CPU only")
def test_the_accelerator_agrees_with_the_cpu():
    results = [
        train(
            SYMMETRY_TASK,
            initial_weights(SYMMETRY, range(100)),
            Descent(),
            50,
            record=Record([50]),
            device=resolve_device(device),
        )
        for device in (available()[0], "cpu")
    ]
    torch.testing.assert_close(*(weights_after(result, 50) for result in results), rtol=1e-3, atol=1e-4)
