"""That the checks behind the verdicts pass on this code and would not pass on a wrong one."""

import numpy as np
import pytest

from backprop.experiments.equations import train as equations
from backprop.experiments.equations.findings import BOUNDS, CHECKS, EXACT
from backprop.experiments.equations.protocol import Protocol


@pytest.fixture(autouse=True)
def few_sweeps(monkeypatch):
    monkeypatch.setattr(equations, "SWEEPS", 10)


def test_every_check_finds_agreement_to_rounding():
    found = equations.checks((0, 1, 2))
    assert set(found) == set(CHECKS)
    assert found.pop("overwritten") > 0.01
    assert all(value < BOUNDS.get(name, EXACT) for name, value in found.items()), found


def test_a_wrong_gradient_is_found(monkeypatch):
    right = equations._gradient

    def wrong(*arguments):
        E, gradient = right(*arguments)
        return E, gradient * 1.001

    monkeypatch.setattr(equations, "_gradient", wrong)
    found = equations.checks((0, 1))
    assert found["autograd"] > 1e-4 and found["differences"] > 1e-4 and found["one_change"] > 1e-4


def test_the_derivatives_given_to_scipy_equal_differences():
    task = equations._Counted(Protocol(targets=(0.1, 0.9)))
    w = np.random.default_rng(0).uniform(-1, 1, 17)
    _, gradient = task.value_and_gradient(w)
    steps = 1e-6 * np.eye(17)
    numeric = [(task.value_and_gradient(w + h)[0] - task.value_and_gradient(w - h)[0]) / 2e-6 for h in steps]
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)


def test_evaluations_are_counted_until_the_task_is_solved_or_the_cap(monkeypatch):
    from backprop.experiments.symmetry import measures

    printed = np.concatenate([layer.ravel() for layer in measures.FIGURE_1])
    for name, run in equations.METHODS.items():
        assert equations._evaluations(run, printed, Protocol())[0] == 0, name
    task_of = Protocol(evaluations=3)
    evaluations, lowest = equations._evaluations(equations.METHODS["l_bfgs"], np.full(17, 0.01), task_of)
    assert evaluations == -1 and lowest == pytest.approx(3.5, abs=5)
