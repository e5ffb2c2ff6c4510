"""The regression: a plain loop, closed forms, and the theory of least squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from backprop.experiments.regression import findings
from backprop.experiments.regression.analyse import COLUMNS, analyse, unfinished
from backprop.experiments.regression.protocol import Protocol
from backprop.experiments.regression.train import BLOCK, descend, draw, solve, train
from backprop.protocol import UserError

SMALL = Protocol(seeds=4, cases=96, variables=6, epochs=3, epsilon=0.01, decay=0.9)


def test_the_stacked_descent_is_the_labs_plain_loop() -> None:
    """Lab 000's own loop (Linear, MSELoss, SGD, ExponentialLR) through the same batches gives the same losses."""
    problem = draw(SMALL, (0, 1, 2))
    found = descend(SMALL, problem)
    for k in range(3):
        model = torch.nn.Linear(SMALL.variables, 1)
        with torch.no_grad():
            model.weight.copy_(problem.initial[k, :-1])
            model.bias.copy_(problem.initial[k, -1:])
        optimizer = torch.optim.SGD(model.parameters(), lr=SMALL.epsilon)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=SMALL.decay)
        for epoch in range(SMALL.epochs):
            losses = []
            for batch in problem.order[epoch, k].reshape(-1, SMALL.batch):
                output = model(problem.inputs[k, batch, :-1])[:, 0]
                loss = torch.nn.MSELoss()(output, problem.targets[k, batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            scheduler.step()
            assert found["batch_mse"][k, epoch].item() == pytest.approx(np.mean(losses), rel=1e-5)
        np.testing.assert_allclose(found["weights"][k, :-1], model.weight.detach()[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found["weights"][k, -1], model.bias.item(), rtol=1e-4, atol=1e-6)
        everything = model(problem.inputs[k, :, :-1])[:, 0] - problem.targets[k]
        assert found["mse"][k, -1].item() == pytest.approx(everything.square().mean().item(), rel=1e-5)


def test_initial_weights_are_those_of_linear() -> None:
    """Uniform between ±1/√P, weights and bias alike, as torch.nn.Linear draws them."""
    protocol = Protocol(seeds=1, cases=96, variables=64, epochs=1)
    initial = draw(protocol, tuple(range(40))).initial
    assert initial.abs().max() <= 1 / 8 and initial.abs().max() > 0.99 / 8
    assert initial.std().item() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.05)


def test_least_squares_is_numpys() -> None:
    problem = draw(SMALL, SMALL.seed_list)
    found = solve(problem)
    for k in SMALL.seed_list:
        inputs, targets = problem.inputs[k].double().numpy(), problem.targets[k].double().numpy()
        weights, residual, *_ = np.linalg.lstsq(inputs, targets)
        np.testing.assert_allclose(found["least_squares"][k], weights, atol=1e-10)
        assert found["least_squares_mse"][k].item() == pytest.approx(residual[0] / SMALL.cases)


def test_the_unfinished_part_is_what_full_batches_leave() -> None:
    """With all cases in every batch there is no noise, and the closed form is the whole gap."""
    protocol = Protocol(seeds=3, cases=60, variables=4, batch=60, epochs=80, epsilon=0.05, decay=0.98)
    table = analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    np.testing.assert_allclose(table.gap, table.unfinished, rtol=1e-2, atol=1e-6)
    assert (table.unfinished > 1e-4).all()
    steady = Protocol(cases=60, variables=4, batch=60, epochs=80, epsilon=0.05)
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    assert (unfinished(steady, arrays["curvatures"], arrays["start"]) < table.unfinished).all()


def test_least_squares_errors_follow_theory() -> None:
    """The lab's recipe at N = 200, P = 20: chi-square by Kolmogorov-Smirnov; fails less than once in 1,000."""
    protocol = Protocol(seeds=400, cases=200, variables=20, epochs=1)
    mse = solve(draw(protocol, protocol.seed_list))["least_squares_mse"].numpy()
    theory = stats.chi2(179, scale=1 / 200)
    assert stats.kstest(mse, theory.cdf).pvalue > 1e-3
    assert stats.kstest(mse, stats.chi2(200, scale=1 / 200).cdf).pvalue < 1e-6  # P + 1 too many degrees: noticed
    found = findings.least_squares(mse, {"cases": 200, "variables": 20, "noise": 1.0})
    assert abs(found["z"]) < 3.3 and found["spread_range"][0] < found["spread"] < found["spread_range"][1]
    assert found["theory_mean"] == pytest.approx(1 - 21 / 200)


def test_the_labs_line_has_its_place_in_theory() -> None:
    """For N = 1,000 and P = 100 the mean is 0.899, and 0.9005 lies just above the middle."""
    found = findings.least_squares(np.array([0.85, 0.9, 0.95]), {"cases": 1000, "variables": 100, "noise": 1.0})
    assert found["theory_mean"] == pytest.approx(0.899) and found["freedom"] == 899
    assert 0.5 < found["theory_below"] < 0.54
    assert found["below"]["count"] == 2


def test_a_data_set_does_not_depend_on_its_company() -> None:
    """Seed 17 alone and in a crowd that spans two blocks; and the same draws under another rate."""
    alone = train(SMALL, (17,), "cpu", {})
    crowd = train(SMALL, tuple(range(BLOCK + 5)), "cpu", {})
    np.testing.assert_array_equal(alone["initial"][0], crowd["initial"][17])
    np.testing.assert_array_equal(alone["truth"][0], crowd["truth"][17])
    np.testing.assert_allclose(alone["weights"][0], crowd["weights"][17], atol=1e-6)
    other = train(Protocol(seeds=4, cases=96, variables=6, epochs=3, epsilon=0.1), (17,), "cpu", {})
    np.testing.assert_array_equal(alone["least_squares"], other["least_squares"])
    assert not np.allclose(alone["weights"], other["weights"])


def test_a_diverged_data_set_is_a_row() -> None:
    protocol = Protocol(seeds=3, cases=96, variables=6, epochs=30, epsilon=50.0)
    table = analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    assert table.mse.isna().all() and table.least_squares_mse.notna().all()
    assert sorted(table.columns) == sorted(column.name for column in COLUMNS)


def test_batches_must_divide_the_cases() -> None:
    with pytest.raises(UserError, match="batch is 7; it must divide cases, which is 1000"):
        Protocol(batch=7)
    with pytest.raises(UserError, match="cases is 50; it must exceed variables"):
        Protocol(cases=50, batch=5)
