"""The regression against a plain loop, closed forms and the theory of least squares."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.regression import figures, findings
from backprop.experiments.regression.analyse import COLUMNS, analyse, unfinished
from backprop.experiments.regression.protocol import Protocol
from backprop.experiments.regression.train import BLOCK, descend, draw, solve, train
from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.variant import Run
from tests import experiments

SMALL = Protocol(seeds=4, cases=96, variables=6, epochs=3, learning_rate=0.01, decay=0.9)


def test_the_stacked_descent_equals_the_plain_loop_of_the_lab() -> None:
    """The loop of lab 000 (Linear, MSELoss, SGD, ExponentialLR) gives the same losses on the same batches."""
    problem = draw(SMALL, (0, 1, 2))
    stacked = descend(SMALL, problem)
    for k in range(3):
        model = torch.nn.Linear(SMALL.variables, 1)
        with torch.no_grad():
            model.weight.copy_(problem.initial[k, :-1])
            model.bias.copy_(problem.initial[k, -1:])
        optimizer = torch.optim.SGD(model.parameters(), lr=SMALL.learning_rate)
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
            assert stacked["batch_mse"][k, epoch].item() == pytest.approx(np.mean(losses), rel=1e-5)
        np.testing.assert_allclose(stacked["weights"][k, :-1], model.weight.detach()[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(stacked["weights"][k, -1], model.bias.item(), rtol=1e-4, atol=1e-6)
        everything = model(problem.inputs[k, :, :-1])[:, 0] - problem.targets[k]
        assert stacked["mse"][k, -1].item() == pytest.approx(everything.square().mean().item(), rel=1e-5)


def test_initial_weights_have_the_distribution_of_linear() -> None:
    """Uniform between ±1/√P, weights and bias alike, as torch.nn.Linear draws them."""
    protocol = Protocol(seeds=1, cases=96, variables=64, epochs=1)
    initial = draw(protocol, tuple(range(40))).initial
    assert initial.abs().max() <= 1 / 8 and initial.abs().max() > 0.99 / 8
    assert initial.std().item() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.05)


def test_least_squares_equals_that_of_numpy() -> None:
    problem = draw(SMALL, SMALL.seed_list)
    solution = solve(problem)
    for k in SMALL.seed_list:
        inputs, targets = problem.inputs[k].double().numpy(), problem.targets[k].double().numpy()
        weights, residual, *_ = np.linalg.lstsq(inputs, targets)
        np.testing.assert_allclose(solution["least_squares"][k], weights, atol=1e-10)
        assert solution["least_squares_mse"][k].item() == pytest.approx(residual[0] / SMALL.cases)


def test_full_batches_leave_exactly_the_unfinished_part() -> None:
    """With all cases in every batch there is no noise, so the closed form gives the whole gap."""
    protocol = Protocol(seeds=3, cases=60, variables=4, batch=60, epochs=80, learning_rate=0.05, decay=0.98)
    table = analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    np.testing.assert_allclose(table.gap, table.unfinished, rtol=1e-2, atol=1e-6)
    assert (table.unfinished > 1e-4).all()
    steady = Protocol(cases=60, variables=4, batch=60, epochs=80, learning_rate=0.05)
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    assert (unfinished(steady, arrays["curvatures"], arrays["start"]) < table.unfinished).all()


def test_least_squares_errors_follow_theory() -> None:
    """The lab's recipe at N = 200, P = 20: chi-square by Kolmogorov-Smirnov; fails less than once in 1,000."""
    protocol = Protocol(seeds=400, cases=200, variables=20, epochs=1)
    mse = solve(draw(protocol, protocol.seed_list))["least_squares_mse"].numpy()
    theory = stats.chi2(179, scale=1 / 200)
    assert stats.kstest(mse, theory.cdf).pvalue > 1e-3
    assert stats.kstest(mse, stats.chi2(200, scale=1 / 200).cdf).pvalue < 1e-6  # P + 1 too many degrees are noticed
    errors = findings.least_squares(mse, {"cases": 200, "variables": 20, "noise": 1.0})
    assert abs(errors["z"]) < 3.3 and errors["spread_range"][0] < errors["spread"] < errors["spread_range"][1]
    assert errors["theory_mean"] == pytest.approx(1 - 21 / 200)


def test_the_value_of_the_lab_is_typical_in_theory() -> None:
    """For N = 1,000 and P = 100 the mean is 0.899, and 0.9005 is just above the middle."""
    errors = findings.least_squares(np.array([0.85, 0.9, 0.95]), {"cases": 1000, "variables": 100, "noise": 1.0})
    assert errors["theory_mean"] == pytest.approx(0.899) and errors["freedom"] == 899
    assert 0.5 < errors["theory_below"] < 0.54
    assert errors["below"]["count"] == 2


def test_a_data_set_does_not_depend_on_the_others() -> None:
    """Seed 17 alone and among others in two blocks; and the same draws at another rate."""
    alone = train(SMALL, (17,), "cpu", {})
    many = train(SMALL, tuple(range(BLOCK + 5)), "cpu", {})
    np.testing.assert_array_equal(alone["initial"][0], many["initial"][17])
    np.testing.assert_array_equal(alone["truth"][0], many["truth"][17])
    np.testing.assert_allclose(alone["weights"][0], many["weights"][17], atol=1e-6)
    other = train(Protocol(seeds=4, cases=96, variables=6, epochs=3, learning_rate=0.1), (17,), "cpu", {})
    np.testing.assert_array_equal(alone["least_squares"], other["least_squares"])
    assert not np.allclose(alone["weights"], other["weights"])


def test_a_diverged_data_set_is_a_row() -> None:
    protocol = Protocol(seeds=3, cases=96, variables=6, epochs=30, learning_rate=50.0)
    table = analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    assert table.mse.isna().all() and table.least_squares_mse.notna().all()
    assert sorted(table.columns) == sorted(column.name for column in COLUMNS)


def test_batches_must_divide_the_cases() -> None:
    with pytest.raises(UserError, match="batch is 7; it must divide cases, which is 1000"):
        Protocol(batch=7)
    with pytest.raises(UserError, match="cases is 50; it must exceed variables"):
        Protocol(cases=50, batch=5)


def render_section(values: dict[str, Any]) -> str:
    """The section of the report on these values."""
    content = {"values": values, "protocol": Protocol.table(Protocol.defaults())}
    return experiments.section("62_regression", {"regression": content})


def write_run(folder: Path, protocol: Protocol) -> Run:
    """One variant trained and analysed on disk, as the workflow leaves it."""
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    store.write_arrays(folder / store.ARRAYS, arrays, {"protocol": asdict(protocol), "provenance": {}})
    tables.write(folder / tables.TABLE, analyse(protocol, arrays), COLUMNS)
    return Run(folder)


def test_every_claim_is_judged_and_printed(tmp_path: Path) -> None:
    """Two variants that differ in the decay alone are compared data set by data set."""
    constant = Protocol(seeds=30, cases=96, variables=6, epochs=40, learning_rate=0.1)
    decaying = Protocol(seeds=30, cases=96, variables=6, epochs=40, learning_rate=0.1, decay=0.9)
    runs = {name: write_run(tmp_path / name, p) for name, p in (("paper", constant), ("decay", decaying))}
    values = findings.values(runs)
    store.write_json(tmp_path / "findings.json", values)
    assert [row["is_lab"] for row in values["rows"]] == [True, False]
    assert values["decay"] == {"helps": ["0.1"], "hurts": [], "neither": []}
    verdicts = findings.verdicts(values)
    assert set(verdicts) == {f"Q{n}" for n in range(1, 7)} and verdicts["Q6"] == "reproduced"
    claims = read_claims({"regression": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert claims[5].ours.startswith("from rate 0.1, closer in ")
    assert "From a rate of 0.1 the decay lowers the error" in render_section(values)


def test_one_data_set_that_diverges_is_judged_printed_and_drawn(tmp_path: Path) -> None:
    protocol = Protocol(seeds=1, cases=96, variables=6, epochs=30, learning_rate=50.0)
    runs = {"paper": write_run(tmp_path / "paper", protocol)}
    values = findings.values(runs)
    store.write_json(tmp_path / "findings.json", values)
    verdicts = findings.verdicts(values)
    assert verdicts["Q4"] == verdicts["Q5"] == "not reproduced"
    assert verdicts["Q3"] == verdicts["Q6"] == "not judged"
    claims = read_claims({"regression": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert claims[3].ours == claims[4].ours == "descent diverges"
    assert "**Answer.** Not at all" in render_section(values)
    for name, figure in figures.FIGURES.items():
        assert figure(runs, values), name


def test_the_rules_of_the_verdicts() -> None:
    assert [findings.by_gap(gap) for gap in (0.05, 0.2, 0.21)] == ["reproduced", "partly", "not reproduced"]
    assert [findings.by_mean(z) for z in (3.2, -3.4)] == ["reproduced", "not reproduced"]
    assert findings.by_spread(0.04, [0.03, 0.05]) == "reproduced"
    assert findings.by_spread(0.06, [0.03, 0.05]) == "not reproduced"
    intervals = ({"low": 0.51, "high": 0.9}, {"low": 0.4, "high": 0.6}, {"low": 0.1, "high": 0.49})
    assert [findings.by_decay(interval) for interval in intervals] == ["reproduced", "partly", "not reproduced"]
