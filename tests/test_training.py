"""Training against one network at a time: nn.Module, autograd, torch.optim and its schedulers."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from backprop import choices
from backprop.engine import networks, training, updates
from backprop.engine.criteria import WINDOW, Criteria
from backprop.engine.devices import available, resolve_device
from backprop.engine.networks import Architecture, initial_weights
from backprop.engine.presentation import own_orders
from backprop.engine.training import Descent, Optimizer, Schedule, train
from backprop.protocol import UserError

torch.set_num_threads(1)  # as the pipeline trains; more would only wait for each other on nets this small

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


def one_network(weights, seed):
    """The network of column `seed` as an ordinary module in double precision."""
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
    """The loop that everybody writes; yields after every sweep."""
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
    """torch's own scheduler on the real optimizer, as one would write it by hand."""
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
    """M5: equation (9) equals SGD(momentum, dampening 0); 50 sweeps of three networks, each trained alone."""
    weights = initial_weights(SYMMETRY, range(3), 1.0, dtype=torch.float64)
    result = train(
        SYMMETRY,
        *symmetry_cases(),
        weights=weights,
        update=Descent(0.1, 0.9),
        error=error,
        sweeps=50,
        keep=[50],
        dtype=torch.float64,
    )
    for seed in range(3):
        module = one_network(weights, seed)
        finish(one_at_a_time(module, torch.optim.SGD(module.parameters(), 0.1, 0.9), 50, error=error))
        torch.testing.assert_close(weights_after(result, 50)[:, seed], parameters_of(module), rtol=1e-9, atol=1e-12)


def test_momentum_off_is_plain_descent():
    """Equation (8)."""
    weights = initial_weights(SYMMETRY, [5], dtype=torch.float64)
    result = train(
        SYMMETRY,
        *symmetry_cases(),
        weights=weights,
        update=Descent(0.1, 0),
        sweeps=50,
        keep=[50],
        dtype=torch.float64,
    )
    module = one_network(weights, 0)
    finish(one_at_a_time(module, torch.optim.SGD(module.parameters(), 0.1), 50))
    torch.testing.assert_close(weights_after(result, 50)[:, 0], parameters_of(module), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("own_rates", [False, True])
@pytest.mark.parametrize("name", choices.OPTIMIZERS)
@pytest.mark.parametrize("schedule", choices.SCHEDULES)
def test_every_optimizer_under_every_schedule_equals_the_plain_loop(name, schedule, own_rates):
    """50 sweeps; with own rates, network k has k + 1 times the rate of network 0."""
    rate, sweeps = {"sgd": 0.1, "adagrad": 0.1}.get(name, 0.01), 50
    weights = initial_weights(SYMMETRY, range(2), 1.0, dtype=torch.float64)
    result = train(
        SYMMETRY,
        *symmetry_cases(),
        weights=weights,
        update=Optimizer(
            name,
            rate * torch.arange(1, 3, dtype=torch.float64) if own_rates else rate,
            OPTIMIZER_OPTIONS.get(name, {}),
            Schedule(schedule, SCHEDULE_OPTIONS.get(schedule, {})),
        ),
        sweeps=sweeps,
        keep=[sweeps],
        dtype=torch.float64,
    )
    for seed in range(2):
        module, own = one_network(weights, seed), rate * (seed + 1 if own_rates else 1)
        make: Any = updates.OPTIMIZERS[name]
        optimizer = make(module.parameters(), lr=own, **OPTIMIZER_OPTIONS.get(name, {}))
        scheduler = scheduler_of(schedule, optimizer, own, sweeps)
        finish(one_at_a_time(module, optimizer, sweeps, scheduler))
        torch.testing.assert_close(weights_after(result, 50)[:, seed], parameters_of(module), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("schedule", choices.SCHEDULES)
def test_schedules_multiply_epsilon_of_the_papers_update(schedule):
    """dw(t) = -epsilon(t) dE/dw(t) + alpha dw(t-1), written out with torch's rate at each sweep."""
    sweeps = 50
    weights = initial_weights(SYMMETRY, [2], 1.0, dtype=torch.float64)
    options = SCHEDULE_OPTIONS.get(schedule, {})
    result = train(
        SYMMETRY,
        *symmetry_cases(),
        weights=weights,
        update=Descent(0.1, 0.9, Schedule(schedule, options)),
        sweeps=sweeps,
        keep=[sweeps],
        dtype=torch.float64,
    )
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
@pytest.mark.parametrize("order", choices.CASE_ORDERS)
def test_per_case_equals_the_plain_loop(order, error):
    """A change after every case, in order or shuffled; three sweeps of two networks."""
    weights = initial_weights(SYMMETRY, range(2), 1.0, dtype=torch.float64)
    result = train(
        SYMMETRY,
        *symmetry_cases(),
        weights=weights,
        update=Descent(0.2, 0.5),
        sweeps=3,
        keep=[3],
        error=error,
        per_case=True,
        case_order=order,
        seeds=[11, 12],
        dtype=torch.float64,
    )
    for seed in range(2):
        orders = own_orders([11, 12], 64, "cpu")
        drawn = [next(orders)[:, seed] if order == "shuffled" else torch.arange(64) for _ in range(3)]
        module = one_network(weights, seed)
        optimizer = torch.optim.SGD(module.parameters(), 0.2, 0.5)
        finish(one_at_a_time(module, optimizer, 3, order=lambda t, drawn=drawn: drawn[t].split(1), error=error))
        torch.testing.assert_close(weights_after(result, 3)[:, seed], parameters_of(module), rtol=1e-9, atol=1e-12)


def test_shuffled_orders_are_permutations_and_each_networks_own():
    def draw(seeds, sweeps=40):
        orders = own_orders(seeds, 64, "cpu")
        return torch.stack([next(orders) for _ in range(sweeps)])

    crowd = draw([3, 4, 5])
    assert torch.equal(crowd.sort(1).values, torch.arange(64)[None, :, None].expand_as(crowd))
    assert torch.equal(draw([4])[..., 0], crowd[..., 1])
    assert not torch.equal(crowd[0], crowd[1])
    assert not torch.equal(crowd[..., 0], crowd[..., 1])


def test_networks_with_their_own_cases_equal_separate_runs():
    """Inputs and targets with a last axis of networks, per sweep and per case."""
    generator = torch.Generator().manual_seed(1)
    inputs, targets = torch.rand(5, 2, 3, generator=generator), torch.rand(5, 1, 3, generator=generator)
    weights = initial_weights(XOR, range(3))
    variants: list[dict[str, Any]] = [
        {},
        {"per_case": True},
        {"per_case": True, "case_order": "shuffled", "seeds": range(3)},
    ]
    for options in variants:
        together = train(XOR, inputs, targets, weights=weights, update=Descent(), sweeps=40, keep=[40], **options)
        if "seeds" in options:
            options["seeds"] = [1]
        alone = train(
            XOR,
            inputs[..., 1],
            targets[..., 1],
            weights=[w[..., 1:2] for w in weights],
            update=Descent(),
            sweeps=40,
            keep=[40],
            **options,
        )
        torch.testing.assert_close(weights_after(together, 40)[:, 1:2], weights_after(alone, 40), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "per_case"),
    [
        (SYMMETRY, False),
        (SYMMETRY, True),
        (Architecture((6, 2, 1), "gelu"), False),
        (Architecture((6, 2, 2, 1)), False),
    ],
    ids=["compiled", "per case", "gelu", "two hidden layers"],
)
def test_a_seed_alone_and_in_a_crowd_of_a_thousand_agree(architecture, per_case):
    """Bit for bit on one thread: no network's width, block or place changes what it computes."""
    sweeps = 20 if per_case else 200
    options: dict[str, Any] = {
        "update": Descent(),
        "sweeps": sweeps,
        "keep": [sweeps],
        "record_every": 10,
        "per_case": per_case,
    }
    crowd = train(architecture, *symmetry_cases(), weights=initial_weights(architecture, range(1000)), **options)
    for seed in (17, 999):
        alone = train(architecture, *symmetry_cases(), weights=initial_weights(architecture, [seed]), **options)
        torch.testing.assert_close(
            weights_after(alone, sweeps)[:, 0], weights_after(crowd, sweeps)[:, seed], rtol=0, atol=0
        )
        torch.testing.assert_close(alone.errors[:, 0], crowd.errors[:, seed], rtol=0, atol=0)


def test_first_sweep_equals_a_naive_check_after_every_sweep():
    """Against a plain loop that looks at all errors before the first sweep and after every one."""
    sweeps, seeds, bounds = 200, range(5), (0.5, 0.2, 0.1)
    weights = initial_weights(XOR, seeds, 1.0, dtype=torch.float64)
    result = train(
        XOR,
        XOR_INPUTS,
        XOR_TARGETS,
        weights=weights,
        update=Descent(0.5, 0.9),
        sweeps=sweeps,
        bounds=bounds,
        dtype=torch.float64,
    )
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


def watched(deviation) -> Any:
    """A network as the criteria see it: nothing but its deviations matters."""
    one = SimpleNamespace(deviation=deviation, parameters=deviation[0])
    one.worst_deviation = lambda out: networks.Network.worst_deviation(one, out)  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize("last", [WINDOW - 1, WINDOW, WINDOW + 1, 100])
def test_a_criterion_met_first_at_the_cap_or_at_the_start_counts(last):
    """Around the edge of the window in which deviations are compared with the bounds."""
    deviation = torch.full((1, 4, 3), 0.4)
    deviation[..., 2] = torch.nan
    criteria = Criteria(watched(deviation), (0.5, 0.1))
    for sweep in range(last + 1):
        if sweep == last:
            deviation[..., 1] = -0.05
        criteria.look(sweep)
    criteria.judge(last)
    assert criteria.first_sweep.tolist() == [[0, 0, -1], [-1, last, -1]]


def test_a_network_that_meets_a_bound_and_diverges_in_the_same_window_has_met_it():
    deviation = torch.full((1, 4, 2), 0.4)
    criteria = Criteria(watched(deviation), (0.5, 0.3))
    for sweep in range(6):
        deviation[..., 1] = {3: 0.2, 4: -torch.inf}.get(sweep, torch.nan if sweep > 4 else 0.6)
        criteria.look(sweep)
    criteria.judge(5)
    assert criteria.first_sweep.tolist() == [[0, 3], [-1, 3]]


@pytest.mark.parametrize(
    ("update", "options"),
    [
        (Descent(0.5, 0.9), {}),
        (Descent(torch.linspace(1, 8, 150), 0), {}),
        (Optimizer("adam", torch.linspace(0.01, 0.1, 150)), {}),
        (Optimizer("sgd", 0.5, {"momentum": 0.9}), {"per_case": True}),
        (Descent(0.5, 0.5), {"per_case": True, "case_order": "shuffled", "seeds": range(150)}),
    ],
    ids=["momentum", "own rates", "adam", "per case", "shuffled"],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_networks_that_met_every_bound_are_left_as_they_are_and_the_others_go_on_as_if_alone(update, options, dtype):
    """Against training to the cap: the same sweeps, and the weights at the end of the window of the last bound."""
    sweeps, bounds = 400, (0.4, 0.2)
    windows = range(WINDOW - 1, sweeps, WINDOW)
    options = options | {"weights": initial_weights(XOR, range(150), 1.0), "update": update, "sweeps": sweeps}
    options |= {"bounds": bounds, "record_every": 1, "dtype": dtype}
    full = train(XOR, XOR_INPUTS, XOR_TARGETS, keep=[*windows, sweeps], **options)
    short = train(XOR, XOR_INPUTS, XOR_TARGETS, keep=[50, sweeps], until_met=True, **options)
    assert torch.equal(full.first_sweep, short.first_sweep)
    last = full.first_sweep.amax(0).where((full.first_sweep >= 0).all(0), torch.tensor(sweeps))
    ended = [next((window for window in windows if window >= sweep), sweeps) for sweep in last.tolist()]
    assert 1 < len({*ended} - {sweeps}) < len({*ended, 0})  # some leave early, at different windows, others never
    for network, end in enumerate(ended):
        for kept, ours in zip(full.weights[end], short.weights[sweeps], strict=True):
            torch.testing.assert_close(ours[..., network], kept[..., network], rtol=0, atol=1e-12)
        torch.testing.assert_close(short.errors[: end + 1, network], full.errors[: end + 1, network])
        assert (short.errors[end:, network] == short.errors[end, network]).all()


def test_errors_and_weights_are_kept_at_their_sweeps():
    """E is recorded at 0, every so many sweeps and the cap, of the weights after that many changes."""
    weights = initial_weights(XOR, range(3))
    options: dict[str, Any] = {"weights": weights, "update": Descent(), "record_every": 4}
    result = train(XOR, XOR_INPUTS, XOR_TARGETS, sweeps=10, keep=[0, 6, 10], **options)
    assert result.error_sweeps.tolist() == [0, 4, 8, 10]
    assert result.errors.shape == (4, 3)
    assert all(torch.equal(kept, w) for kept, w in zip(result.weights[0], weights, strict=True))
    shorter = train(XOR, XOR_INPUTS, XOR_TARGETS, sweeps=6, keep=[6], **options)
    assert torch.equal(weights_after(result, 6), weights_after(shorter, 6))
    y = networks.forward(XOR, result.weights[10], XOR_INPUTS)[-1]
    torch.testing.assert_close(result.errors[-1], ((y - XOR_TARGETS.t()[..., None]) ** 2).sum((0, 1)) / 2)


def test_equal_hidden_units_never_separate():
    """M7: from equal weights into and out of both hidden units, they stay equal: hence random initial weights."""
    first, second = initial_weights(SYMMETRY, range(5))
    first[1], second[:, 1] = first[0], second[:, 0]
    result = train(SYMMETRY, *symmetry_cases(), weights=[first, second], update=Descent(), sweeps=500, keep=[500])
    first, second = result.weights[500]
    assert torch.equal(first[0], first[1])
    assert torch.equal(second[:, 0], second[:, 1])
    assert (first[0] - initial_weights(SYMMETRY, range(5))[0][0]).abs().max() > 0.1


def test_a_diverged_network_is_a_row_and_leaves_its_neighbours_alone():
    """Network 1 is given a rate at which it overflows; the others must not notice."""
    architecture = Architecture((6, 2, 1), hidden="relu", output="identity")
    weights = initial_weights(architecture, range(4))
    calm = torch.full((4,), 0.001)
    wild = torch.tensor([0.001, 1e6, 0.001, 0.001])
    expected, result = (
        train(architecture, *symmetry_cases(), weights=weights, update=Descent(rates), sweeps=60, keep=[60])
        for rates in (calm, wild)
    )
    neighbours = [0, 2, 3]
    assert not weights_after(result, 60)[:, 1].isfinite().all()
    assert not result.errors[-1, 1].isfinite()
    assert result.first_sweep[:, 1].tolist() == [-1, -1, -1]
    assert torch.equal(weights_after(result, 60)[:, neighbours], weights_after(expected, 60)[:, neighbours])
    assert torch.equal(result.errors[:, neighbours], expected.errors[:, neighbours])


@pytest.mark.parametrize("which", ["epsilon", "alpha", "both"])
def test_networks_with_their_own_rates_equal_separate_runs(which):
    """Across two blocks, so that each block must pick its own networks' rates."""
    count = 70
    weights = initial_weights(XOR, range(count))
    epsilon = torch.linspace(0.05, 0.5, count) if which != "alpha" else 0.1
    alpha = torch.linspace(0.0, 0.9, count) if which != "epsilon" else 0.9
    options: dict[str, Any] = {"sweeps": 50, "keep": [50]}
    together = train(XOR, XOR_INPUTS, XOR_TARGETS, weights=weights, update=Descent(epsilon, alpha), block=64, **options)
    for network in (0, 40, 69):
        own_epsilon, own_alpha = (float(torch.as_tensor(rate).expand(count)[network]) for rate in (epsilon, alpha))
        own = Descent(own_epsilon, own_alpha)
        alone = train(
            XOR, XOR_INPUTS, XOR_TARGETS, weights=[w[..., network, None] for w in weights], update=own, **options
        )
        torch.testing.assert_close(
            weights_after(together, 50)[:, network], weights_after(alone, 50)[:, 0], rtol=1e-5, atol=1e-6
        )


def test_all_networks_solve_an_easy_task():
    """Every network of 100 learns to be on only when both inputs are."""
    architecture = Architecture((2, 1))
    result = train(
        architecture,
        XOR_INPUTS,
        XOR_INPUTS.prod(1, keepdim=True),
        weights=initial_weights(architecture, range(100)),
        update=Descent(0.5, 0.9),
        sweeps=500,
        bounds=(0.5, 0.2),
    )
    assert (result.first_sweep >= 0).all()
    assert (result.first_sweep[0] <= result.first_sweep[1]).all()


def test_long_training_tells_how_far_it_is(monkeypatch, caplog):
    """A line every few seconds: share done, share solved, rate."""
    now = iter(range(0, 10_000, 2))
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with caplog.at_level(logging.INFO, training.__name__):
        train(XOR, XOR_INPUTS, XOR_TARGETS, weights=initial_weights(XOR, range(2)), update=Descent(), sweeps=29)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 10  # 30 looks, 2 s apart, at most a line every 5 s
    assert "sweeps" in lines[-1]
    assert "solved" in lines[-1]


def test_names_are_those_implemented():
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
    ],
)
def test_mistakes_are_refused_by_name(mistake, words):
    with pytest.raises(UserError, match=words):
        mistake()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sweeps": 0}, "sweeps is 0"),
        ({"keep": [6]}, "keep contains 6.*0 to 5"),
        ({"record_every": 0}, "record_every"),
        ({"error": "mse"}, "half_sum, mean, cross_entropy"),
        ({"per_case": True, "case_order": "random"}, "fixed, shuffled"),
        ({"per_case": True, "case_order": "shuffled"}, "seeds"),
    ],
)
def test_training_refuses_what_it_cannot_do(options, words):
    arguments: dict[str, Any] = {"weights": initial_weights(XOR, range(2)), "update": Descent(), "sweeps": 5, **options}
    with pytest.raises(UserError, match=words):
        train(XOR, XOR_INPUTS, XOR_TARGETS, **arguments)


def test_devices_are_resolved_or_refused_with_what_is_there():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type == available()[0]
    for absent in {"cuda", "mps"} - set(available()):
        with pytest.raises(UserError, match=f"{absent}.*here are .*cpu"):
            resolve_device(absent)


@pytest.mark.skipif(available() == ["cpu"], reason="this machine has a CPU only")
def test_the_accelerator_agrees_with_the_cpu():
    results = [
        train(
            SYMMETRY,
            *symmetry_cases(),
            weights=initial_weights(SYMMETRY, range(100)),
            update=Descent(),
            sweeps=50,
            keep=[50],
            device=resolve_device(device),
        )
        for device in ("auto", "cpu")
    ]
    torch.testing.assert_close(*(weights_after(result, 50) for result in results), rtol=1e-3, atol=1e-4)
