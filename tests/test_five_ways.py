"""The five ways: the same losses from the same weights, and the gradient by hand against finite differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backprop.documents import pages
from backprop.documents.claims import Claim, read_claims
from backprop.experiments.five_ways import figures, findings, ways
from backprop.experiments.five_ways.analyse import COLUMNS, analyse
from backprop.experiments.five_ways.protocol import PLAIN, WAYS, Protocol
from backprop.experiments.five_ways.train import draw, train
from backprop.results import store, tables
from backprop.results.variant import Run
from tests import experiments

SMALL = Protocol(
    seeds=3, cases=16, inputs=30, hidden=12, outputs=4, steps=80, learning_rate=1e-5, library_learning_rate=1e-3
)  # fmt: skip


@pytest.mark.parametrize("way", PLAIN[1:])
def test_plain_descent_gives_the_losses_of_numpy(way: str) -> None:
    problem = draw(SMALL, 5)
    np.testing.assert_allclose(ways.PLAIN[way](problem), ways.with_numpy(problem), rtol=1e-11)


def test_the_first_step_with_numpy_follows_the_gradient() -> None:
    """A tiny step reduces the loss by ε times the squared norm of the gradient, taken by finite differences."""
    problem = draw(SMALL, 1)._replace(learning_rate=1e-9, steps=2)

    def loss(w1: np.ndarray, w2: np.ndarray) -> float:
        return float(np.square(np.maximum(problem.x @ w1, 0) @ w2 - problem.y).sum())

    squared = 0.0
    for index in range(2):
        for place in np.ndindex((problem.w1, problem.w2)[index].shape):
            shifted = [[w.copy() for w in (problem.w1, problem.w2)] for _ in range(2)]
            shifted[0][index][place] += 1e-6
            shifted[1][index][place] -= 1e-6
            squared += ((loss(*shifted[0]) - loss(*shifted[1])) / 2e-6) ** 2
    first, second = ways.with_numpy(problem)
    assert first == pytest.approx(loss(problem.w1, problem.w2))
    assert first - second == pytest.approx(1e-9 * squared, rel=1e-3)


def test_one_wrong_weight_is_noticed() -> None:
    """A weight that is off by a millionth changes the losses by more than rounding."""
    problem = draw(SMALL, 2)
    w1 = problem.w1.copy()
    w1[0, 0] += 1e-6
    other = ways.with_autograd(problem._replace(w1=w1))
    assert np.abs(np.array(other) / ways.with_numpy(problem) - 1).max() > 1e-11


def test_adam_equals_that_of_torch_on_plain_tensors() -> None:
    """Adam from the same weights has the losses of a loop over plain tensors."""
    problem = draw(SMALL, 0)._replace(learning_rate=1e-3, steps=20)
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    weights = [torch.tensor(w, requires_grad=True) for w in (problem.w1, problem.w2)]
    optimizer = torch.optim.Adam(weights, lr=1e-3)
    expected = []
    for _ in range(20):
        loss = (x.mm(weights[0]).clamp(min=0).mm(weights[1]) - y).square().sum()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(ways.with_adam(problem), expected, rtol=1e-10)


def test_the_default_weights_are_those_of_linear_and_the_global_generator_is_restored() -> None:
    problem = draw(SMALL, 0)._replace(learning_rate=1e-3, steps=3)
    before = torch.random.get_rng_state()
    descent, adam = ways.library_descent(problem, 4), ways.library_adam(problem, 4)
    assert torch.equal(before, torch.random.get_rng_state())
    assert descent[0] == adam[0] and descent[1] != adam[1]
    with torch.random.fork_rng():
        torch.manual_seed(4)
        first, second = torch.nn.Linear(30, 12), torch.nn.Linear(12, 4)
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    expected = (second.double()(first.double()(x).relu()) - y).square().sum().item()
    assert descent[0] == pytest.approx(expected, rel=1e-12)


def test_a_seed_does_not_depend_on_the_others_and_the_table_measures_its_losses() -> None:
    arrays = train(SMALL, (0, 1, 2), "cpu", {})
    np.testing.assert_array_equal(arrays["losses"][1:2], train(SMALL, (1,), "cpu", {})["losses"])
    table = analyse(SMALL, arrays)
    assert list(table.columns) == [column.name for column in COLUMNS] and len(table) == 3 * len(WAYS)
    plain = table[table.way.isin(PLAIN)]
    assert plain.relative.max() < 1e-11
    assert (plain.last_loss < plain.first_loss).all()
    assert table[table.way == "adam"].relative.min() > 1e-3


def test_single_precision_differs_by_rounding_only() -> None:
    protocol = Protocol(
        seeds=1, cases=16, inputs=30, hidden=12, outputs=4, steps=40, learning_rate=1e-5, precision="single"
    )  # fmt: skip
    table = analyse(protocol, train(protocol, (0,), "cpu", {}))
    relative = table[table.way.isin(PLAIN[1:])].relative
    assert 1e-9 < relative.max() < 1e-4


def render_section(values: dict[str, Any]) -> str:
    """The section of the report on these values."""
    content = {"values": values, "protocol": Protocol.table(Protocol.defaults())}
    return experiments.section("63_five_ways", {"five_ways": content})


def write_run(folder: Path, protocol: Protocol) -> Run:
    """One variant trained and analysed on disk, as the workflow leaves it."""
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    store.write_arrays(folder / store.ARRAYS, arrays, {"protocol": asdict(protocol), "provenance": {}})
    tables.write(folder / tables.TABLE, analyse(protocol, arrays), COLUMNS)
    return Run(folder)


def judge(runs: dict[str, Run], folder: Path) -> list[Claim]:
    """The judged claims as the report prints them; the section is rendered and every figure drawn too."""
    values = findings.values(runs)
    store.write_json(folder / "findings.json", values)
    for name, figure in figures.FIGURES.items():
        assert figure(runs, values), name
    assert "**Answer.**" in render_section(values)
    verdicts = findings.verdicts(values)
    return read_claims({"five_ways": {"values": values, "verdicts": verdicts}}, pages.KIT / "claims")


def test_every_claim_is_judged_and_printed(tmp_path: Path) -> None:
    single = Protocol(**{**asdict(SMALL), "precision": "single"})
    runs = {name: write_run(tmp_path / name, p) for name, p in (("paper", SMALL), ("single", single))}
    claims = judge(runs, tmp_path)
    assert [claim.id for claim in claims] == [f"W{n}" for n in range(1, 6)]
    assert claims[0].verdict == claims[1].verdict == "reproduced"
    assert "in single precision (80 steps, three data sets)" in claims[4].ours


def test_a_diverged_run_in_one_precision_is_judged_printed_and_drawn(tmp_path: Path) -> None:
    protocol = Protocol(cases=16, inputs=30, hidden=12, outputs=4, steps=30, learning_rate=1.0)
    with np.errstate(all="ignore"):
        claims = judge({"paper": write_run(tmp_path / "paper", protocol)}, tmp_path)
    assert [claim.verdict for claim in claims[:3]] == ["not reproduced"] * 3
    assert claims[0].ours == "a version diverges" and claims[2].ours == "it diverges"
    assert claims[4].verdict == "not judged" and claims[4].ours == "not trained in single precision"


def test_the_rules_of_the_verdicts() -> None:
    same = findings.SAME["double"]
    differences = (None, 0.2, 0.1, same)
    verdicts = ["not reproduced", "not reproduced", "partly", "reproduced"]
    assert [findings.by_difference(relative, same) for relative in differences] == verdicts
    assert findings.by_fit([1e-4, 1e-9]) == "reproduced"
    assert findings.by_fit([1e-4, None]) == "partly"
    assert findings.by_fit([0.1, None]) == "not reproduced"
