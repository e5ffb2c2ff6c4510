"""The autograd facts: calculus, finite differences, and what each pass leaves behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backprop.experiments.autograd import findings
from backprop.experiments.autograd.analyse import COLUMNS, analyse, analytic
from backprop.experiments.autograd.protocol import FACTS, Protocol, columns
from backprop.experiments.autograd.train import derivatives, point, train

PROTOCOL = Protocol(seeds=50)
ARRAYS = train(PROTOCOL, PROTOCOL.seed_list, "cpu", {})


def test_at_the_labs_points_the_gradients_are_those_of_calculus() -> None:
    """The labs' own points: 9·4² = 144 and −2·2 = −4; cos(3) log(2); two calls give twice the gradient."""
    found = dict(zip(columns(PROTOCOL), ARRAYS["autograd_double"][0], strict=True))
    x = ARRAYS["points"][0, 0]
    assert found["cubic", 0] == 144 and found["cubic", 1] == -4
    assert found["square", 0] == pytest.approx(2 * x, rel=1e-15)
    assert [found["sum", entry] for entry in range(5)] == [1.0] * 5
    assert found["log_squared", 0] == pytest.approx(2 * np.log(x) / x, rel=1e-14)
    assert found["intermediate", 0] == pytest.approx(2 * np.log(x), rel=1e-14)
    assert found["one_call", 0] == pytest.approx(-np.sin(3) * np.log(2), rel=1e-14)
    assert found["two_calls", 0] == 2 * found["one_call", 0]
    assert found["two_calls", 1] == pytest.approx(np.cos(3), rel=1e-14)


def test_calculus_agrees_with_finite_differences() -> None:
    """The formulas themselves, against central differences of the functions in double precision."""
    points, step = ARRAYS["points"], 1e-6

    def functions(p: np.ndarray) -> np.ndarray:
        x, x1, x2, a, b = p[:5]
        return np.array([x**2, np.log(x) ** 2, np.cos(x1) * np.log(x2), 3 * a**3 - b**2])

    found = dict(zip(columns(PROTOCOL), analytic(points).T, strict=True))
    for row, p in enumerate(points):
        for (fact, entry), variable, function in (
            (("square", 0), 0, 0), (("log_squared", 0), 0, 1), (("one_call", 0), 1, 2), (("one_call", 1), 2, 2),
            (("cubic", 0), 3, 3), (("cubic", 1), 4, 3),
        ):  # fmt: skip
            shift = np.zeros_like(p)
            shift[variable] = step * max(1e-3, p[variable])
            slope = (functions(p + shift) - functions(p - shift))[function] / (2 * shift[variable])
            assert found[fact, entry][row] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_every_difference_is_rounding(precision: str) -> None:
    table = analyse(PROTOCOL, ARRAYS)
    assert list(table.columns) == [column.name for column in COLUMNS]
    rows = table[table.precision == precision]
    assert len(rows) == 50 * len(columns(PROTOCOL))
    assert rows.relative.max() <= findings.BOUND


def test_gradients_start_again_after_a_reset_and_intermediates_keep_nothing_unasked() -> None:
    once, again = ARRAYS["after_reset"]
    np.testing.assert_array_equal(once, again)
    assert not ARRAYS["kept_unasked"][0]


def test_a_wrong_gradient_is_noticed() -> None:
    """A factor of two in one derivative must not pass as rounding."""
    arrays = dict(ARRAYS, autograd_double=ARRAYS["autograd_double"] * np.where(np.arange(14) == 0, 2, 1))
    assert analyse(PROTOCOL, arrays).relative.max() > 1e6


def test_seeds_are_points_and_the_first_takes_the_labs_own() -> None:
    np.testing.assert_array_equal(point(PROTOCOL, 7, first=False), train(PROTOCOL, (3, 7), "cpu", {})["points"][1])
    assert point(PROTOCOL, 7, first=True)[1:5].tolist() == [3.0, 2.0, 4.0, 2.0]


def test_facts_and_columns_tell_the_same_story() -> None:
    autograd, formula = derivatives(torch.tensor(ARRAYS["points"][0]))
    assert len(autograd) == len(formula) == len(columns(PROTOCOL)) == 14
    assert {name for name, _ in columns(PROTOCOL)} == {fact.name for fact in FACTS}
