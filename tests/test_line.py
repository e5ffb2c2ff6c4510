"""The line: the numbers of the lab, gradients against autograd, least squares, and the limit of the learning rate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.experiments.line import figures, findings
from backprop.experiments.line.analyse import COLUMNS, analyse
from backprop.experiments.line.protocol import Protocol
from backprop.experiments.line.train import adam, descend, draw, gradient, loss_surface, train
from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.variant import Run
from tests import experiments

LAB = Protocol(seeds=3)
SMALL = Protocol(seeds=150, points=400, mesh=20, rates=41, large_steps=40)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    return train(SMALL, SMALL.seed_list, "cpu", {})


def test_the_shown_line_has_the_numbers_of_the_lab() -> None:
    """NumPy seeded with 42 gives a and b, then the noise; torch seeded with 42 gives Linear(1, 1) its start."""
    lines = draw(LAB, (42,))
    random = np.random.RandomState(42)
    a, b = random.uniform(low=-2.0, high=2.0, size=2)
    x = np.linspace(-np.pi, np.pi, 5000, dtype=np.float32)
    noisy = (a * x + b) + random.normal(size=5000)
    assert (a, b) == pytest.approx((-0.50183952, 1.80285723))
    np.testing.assert_allclose(lines.truth[0], (a, b), rtol=1e-6)
    np.testing.assert_allclose(lines.y[0], noisy, rtol=1e-4, atol=1e-5)
    with torch.random.fork_rng():
        torch.manual_seed(42)
        model = torch.nn.Linear(1, 1)
    torch.testing.assert_close(lines.initial[0], torch.stack([model.weight[0, 0], model.bias[0]]).detach())


def test_the_gradient_by_hand_equals_that_of_autograd() -> None:
    lines = draw(LAB, (0, 1, 42))
    exact = type(lines)(*(part.double() for part in lines))
    parameters = exact.initial.clone().requires_grad_()
    (parameters[:, :1] * exact.x + parameters[:, 1:] - exact.y).square().sum().backward()
    torch.testing.assert_close(gradient(exact, exact.initial), parameters.grad)


@pytest.mark.parametrize(("method", "rate", "reduction"), [("descent", 1e-5, "sum"), ("adam", 0.03, "mean")])
def test_the_stacked_paths_equal_the_loop_of_the_lab(method: str, rate: float, reduction: str) -> None:
    """One model, torch.optim and autograd, 30 steps, against the row of the line in the stack."""
    lines = draw(LAB, (3, 42))
    path = descend(lines, rate, 30) if method == "descent" else adam(lines, rate, 30)
    model = torch.nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.copy_(lines.initial[1, :1, None])
        model.bias.copy_(lines.initial[1, 1:])
    kind: Any = torch.optim.SGD if method == "descent" else torch.optim.Adam
    optimizer = kind(model.parameters(), lr=rate)
    for step in range(1, 31):
        loss = torch.nn.MSELoss(reduction=reduction)(model(lines.x[:, None])[:, 0], lines.y[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert path[1, step].tolist() == pytest.approx([model.weight.item(), model.bias.item()], abs=2e-5)


def test_descent_ends_at_numpys_least_squares() -> None:
    arrays = train(LAB, (0,), "cpu", {})
    x, y = arrays["x"].astype(float), arrays["y"].astype(float)
    expected = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[0]
    np.testing.assert_allclose(arrays["least_squares"][0], expected, rtol=1e-9)
    np.testing.assert_allclose(arrays["small"][0, -1], expected, atol=2e-4)
    np.testing.assert_allclose(arrays["adam"][0, -1], expected, atol=2e-3)
    assert np.isnan(arrays["large"][0, -1]).all() and np.isfinite(arrays["large"][0, 5]).all()


def test_the_surface_is_the_loss_at_every_point_of_the_grid(arrays: dict[str, np.ndarray]) -> None:
    """Against a plain double loop over a small grid."""
    x, y = arrays["x"].astype(float), arrays["y"].astype(float)
    for row, b in enumerate(arrays["mesh_b"]):
        for column, a in enumerate(arrays["mesh_a"]):
            assert arrays["surface"][row, column] == pytest.approx(((a * x + b - y) ** 2).mean(), rel=1e-9)
    a, b = torch.tensor([1.0]).double(), torch.tensor([2.0, 3.0]).double()
    assert loss_surface(torch.ones(4).double(), torch.zeros(4).double(), a, b).tolist() == [[9.0], [16.0]]


def test_descent_diverges_above_two_over_the_largest_curvature(arrays: dict[str, np.ndarray]) -> None:
    """By the closed form 2 Σx², by the factor per step below and above the limit, and by the scan."""
    x = arrays["x"].astype(float)
    assert arrays["curvatures"][0] == pytest.approx(2 * (x**2).sum(), rel=1e-6)
    limit = 2 / arrays["curvatures"][0]
    np.testing.assert_allclose(arrays["margin_growth"], [(0.96, 1.04)] * len(arrays["seeds"]), rtol=1e-6)
    wide = Protocol(seeds=1, points=400, mesh=2, rates=81, rate_range=(limit / 10, limit * 10), rate_steps=400)
    scan = train(wide, (42,), "cpu", {})
    start = np.linalg.norm(scan["small"][0, 0] - scan["least_squares"][0])
    closer = scan["rate_distances"] < start
    decided = np.abs(scan["rates"] / limit - 1) > 1e-6  # at the limit itself, rounding decides
    assert decided.sum() == 80
    np.testing.assert_array_equal(closer[decided], (scan["rates"] < limit)[decided])


def test_least_squares_errors_follow_theory(arrays: dict[str, np.ndarray]) -> None:
    """Standard errors σ/√Σx² and σ/√N over 150 lines, within 4.5 standard errors of a variance."""
    table = analyse(SMALL, arrays)
    assert [column.name for column in COLUMNS] == list(table.columns)
    rows = table[table.method == "least_squares"]
    x = arrays["x"].astype(float)
    for name, variance in (("a", 1 / (x**2).sum()), ("b", 1 / len(x))):
        ratio = (rows[f"error_{name}"] ** 2).mean() / variance
        assert abs(ratio - 1) < 4.5 * np.sqrt(2 / len(rows))
    large = table[table.method == "large"]
    assert set(table.method) == {"least_squares", "small", "large", "adam"} and len(large) == 150


def test_a_diverged_line_is_a_row_with_the_step_of_its_overflow() -> None:
    protocol = Protocol(seeds=2, mesh=2, rates=2, large_steps=60)
    table = analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    large = table[table.method == "large"]
    assert large.a.isna().all() and large.overflow.between(20, 30).all()
    assert (table[table.method == "small"].overflow == -1).all()


def test_the_line_of_the_lab_comes_first_for_any_seeds() -> None:
    assert Protocol(seeds=(7, 42, 1)).trained_seeds == (42, 7, 1)
    assert Protocol(seeds=2).trained_seeds == (42, 0, 1)


def test_margins_must_enclose_the_limit_and_seeds_must_suit_numpy() -> None:
    with pytest.raises(UserError, match="margins is"):
        Protocol(margins=(1.1, 1.2))
    with pytest.raises(UserError, match="seeds contains 4294967296"):
        Protocol(seeds=(1, 2**32))


def render_section(values: dict[str, Any]) -> str:
    """The section of the report on these values."""
    content = {"values": values, "protocol": Protocol.table(Protocol.defaults())}
    return experiments.section("61_line", {"line": content})


def write_run(folder: Path, protocol: Protocol, arrays: dict[str, np.ndarray]) -> Run:
    """The saved results of one variant, as the workflow leaves them."""
    store.write_arrays(folder / store.ARRAYS, arrays, {"protocol": asdict(protocol), "provenance": {}})
    tables.write(folder / tables.TABLE, analyse(protocol, arrays), COLUMNS)
    return Run(folder)


def test_every_claim_is_judged_and_printed(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    values = findings.values({"paper": write_run(tmp_path / "paper", SMALL, arrays)})
    verdicts = findings.verdicts(values)
    assert set(verdicts) == {f"N{n}" for n in range(1, 6)}
    assert verdicts["N4"] == verdicts["N5"] == "reproduced"
    claims = read_claims({"line": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert claims[1].ours == "0 of 150 lines overflow", "400 points allow a rate twelve times larger than 5,000"


def test_a_run_in_which_every_line_diverges_is_judged_printed_and_drawn(tmp_path: Path) -> None:
    """All rates of descent far above the limit; Adam alone stays finite."""
    protocol = Protocol(seeds=2, points=400, mesh=8, small_rate=1.0, large_rate=1e6, rate_range=(1.0, 2.0), rates=3)
    run = write_run(tmp_path / "paper", protocol, train(protocol, protocol.seed_list, "cpu", {}))
    values = findings.values({"paper": run})
    store.write_json(tmp_path / "findings.json", values)
    assert values["methods"]["small"]["a"] is None and values["limit"]["largest_converging"] is None
    verdicts = findings.verdicts(values)
    assert verdicts["N1"] == "not reproduced" and verdicts["N2"] == "reproduced"
    claims = read_claims({"line": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")
    assert "diverges on every line" in claims[0].ours
    assert "**Answer.** Not at these settings" in render_section(values)
    for name, figure in figures.FIGURES.items():
        assert figure({"paper": run}, values), name


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [(None, "not reproduced"), (1.0, "not reproduced"), (0.99, "partly"), (0.1, "partly"), (0.09, "reproduced")],
)
def test_recovery_is_judged_by_a_tenth_of_a_standard_error(distance: float | None, verdict: str) -> None:
    assert findings.by_recovery(distance, 1.0) == verdict


def test_the_rules_on_divergence_and_precision() -> None:
    assert [findings.by_overflow(count, 3) for count in (3, 1, 0)] == ["reproduced", "partly", "not reproduced"]
    assert findings.by_limit(0.96, 1.04) == "reproduced"
    assert findings.by_limit(1.01, 1.04) == findings.by_limit(0.96, 0.99) == "not reproduced"
    assert findings.by_precision([0.9, 1.1], 0.8, 1.2) == "reproduced"
    assert findings.by_precision([0.9, 1.3], 0.8, 1.2) == "not reproduced"
