"""Autograd against calculus and finite differences, and the gradients that each backward pass leaves."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.autograd import findings
from backprop.experiments.autograd.analyse import COLUMNS, analyse, analytic
from backprop.experiments.autograd.protocol import FACTS, Protocol, columns
from backprop.experiments.autograd.train import derivatives, point, train
from backprop.results import store, tables
from backprop.results.variant import Run
from tests import experiments

PROTOCOL = Protocol(seeds=50)
ARRAYS = train(PROTOCOL, PROTOCOL.seed_list, "cpu", {})


def test_at_the_labs_points_the_gradients_are_those_of_calculus() -> None:
    """At the labs' points: 9·4² = 144 and −2·2 = −4; cos(3) log(2); two passes give twice the gradient."""
    gradient = dict(zip(columns(PROTOCOL), ARRAYS["autograd_double"][0], strict=True))
    x = ARRAYS["points"][0, 0]
    assert gradient["cubic", 0] == 144 and gradient["cubic", 1] == -4
    assert gradient["square", 0] == pytest.approx(2 * x, rel=1e-15)
    assert [gradient["sum", entry] for entry in range(5)] == [1.0] * 5
    assert gradient["log_squared", 0] == pytest.approx(2 * np.log(x) / x, rel=1e-14)
    assert gradient["intermediate", 0] == pytest.approx(2 * np.log(x), rel=1e-14)
    assert gradient["one_call", 0] == pytest.approx(-np.sin(3) * np.log(2), rel=1e-14)
    assert gradient["two_calls", 0] == 2 * gradient["one_call", 0]
    assert gradient["two_calls", 1] == pytest.approx(np.cos(3), rel=1e-14)


def test_calculus_agrees_with_finite_differences() -> None:
    """The formulas of calculus, against central differences of the functions in double precision."""
    points, step = ARRAYS["points"], 1e-6

    def functions(p: np.ndarray) -> np.ndarray:
        x, x1, x2, a, b = p[:5]
        return np.array([x**2, np.log(x) ** 2, np.cos(x1) * np.log(x2), 3 * a**3 - b**2])

    derivative = dict(zip(columns(PROTOCOL), analytic(points).T, strict=True))
    for row, p in enumerate(points):
        for (fact, entry), variable, function in (
            (("square", 0), 0, 0), (("log_squared", 0), 0, 1), (("one_call", 0), 1, 2), (("one_call", 1), 2, 2),
            (("cubic", 0), 3, 3), (("cubic", 1), 4, 3),
        ):  # fmt: skip
            shift = np.zeros_like(p)
            shift[variable] = step * max(1e-3, p[variable])
            slope = (functions(p + shift) - functions(p - shift))[function] / (2 * shift[variable])
            assert derivative[fact, entry][row] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_every_difference_is_rounding(precision: str) -> None:
    table = analyse(PROTOCOL, ARRAYS)
    assert list(table.columns) == [column.name for column in COLUMNS]
    rows = table[table.precision == precision]
    assert len(rows) == 50 * len(columns(PROTOCOL))
    assert rows.relative.max() <= findings.BOUND


def test_a_reset_starts_gradients_again_and_intermediate_nodes_keep_none_without_retain_grad() -> None:
    once, again = ARRAYS["after_reset"]
    np.testing.assert_array_equal(once, again)
    assert not ARRAYS["kept_unasked"][0]


def test_a_wrong_gradient_is_noticed() -> None:
    """A factor of two in one derivative is not rounding."""
    arrays = dict(ARRAYS, autograd_double=ARRAYS["autograd_double"] * np.where(np.arange(14) == 0, 2, 1))
    relative = analyse(PROTOCOL, arrays).relative.max()
    assert relative > 1e6
    assert findings.by_rounding({"single": 0.5, "double": relative}) == "not reproduced"


def test_each_seed_is_a_point_and_the_first_takes_the_points_of_the_labs() -> None:
    np.testing.assert_array_equal(point(PROTOCOL, 7, first=False), train(PROTOCOL, (3, 7), "cpu", {})["points"][1])
    assert point(PROTOCOL, 7, first=True)[1:5].tolist() == [3.0, 2.0, 4.0, 2.0]


def test_facts_and_columns_name_the_same_derivatives() -> None:
    autograd, formula = derivatives(torch.tensor(ARRAYS["points"][0]))
    assert len(autograd) == len(formula) == len(columns(PROTOCOL)) == 14
    assert {name for name, _ in columns(PROTOCOL)} == {fact.name for fact in FACTS}


def render_section(values: dict[str, Any]) -> str:
    """The section of the report on these values."""
    content = {"values": values, "protocol": Protocol.table(Protocol.defaults())}
    return experiments.section("60_autograd", {"autograd": content})


def write_run(folder: Path, arrays: dict[str, np.ndarray]) -> Run:
    """The saved results of one variant, as the workflow leaves them."""
    store.write_arrays(folder / store.ARRAYS, arrays, {"protocol": asdict(PROTOCOL), "provenance": {}})
    tables.write(folder / tables.TABLE, analyse(PROTOCOL, arrays), COLUMNS)
    return Run(folder)


def test_every_claim_is_judged_and_printed(tmp_path: Path) -> None:
    values = findings.values({"paper": write_run(tmp_path / "paper", ARRAYS)})
    verdicts = findings.verdicts(values)
    claims = read_claims({"autograd": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert [claim.id for claim in claims] == [f"A{n}" for n in range(1, 8)]
    assert [claim.verdict for claim in claims] == ["reproduced"] * 6 + ["partly"]
    assert "lab 002" in claims[-1].ours
    assert "**Answer.** Yes" in render_section(values)


def test_a_gradient_that_is_kept_or_not_reset_fails_its_own_claim_only(tmp_path: Path) -> None:
    arrays = dict(ARRAYS, kept_unasked=np.array([1]), after_reset=np.array([[1.0, 2.0], [1.0, 3.0]]))
    values = findings.values({"paper": write_run(tmp_path / "paper", arrays)})
    verdicts = findings.verdicts(values)
    failed = [id_ for id_, verdict in verdicts.items() if verdict == "not reproduced"]
    assert failed == ["A4", "A5"]
    claims = read_claims({"autograd": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert "kept without retain_grad too" in claims[3].ours and "another gradient" in claims[4].ours
    assert "even without `retain_grad`" in render_section(values)


def test_equality_is_partly_reproduced_only_if_it_fails_by_rounding() -> None:
    assert findings.by_equality([1.0, 1.0], 0.0) == "reproduced"
    assert findings.by_equality([1.0, 0.7], findings.BOUND) == "partly"
    assert findings.by_equality([1.0, 0.7], 1e6) == "not reproduced"
