"""The five ways: the same losses from the same weights, against NumPy's and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from backprop.experiments.five_ways import ways
from backprop.experiments.five_ways.analyse import COLUMNS, analyse
from backprop.experiments.five_ways.protocol import PLAIN, WAYS, Protocol
from backprop.experiments.five_ways.train import draw, train

SMALL = Protocol(
    seeds=3, cases=16, inputs=30, hidden=12, outputs=4, steps=80, epsilon=1e-5, library_epsilon=1e-3
)  # fmt: skip


@pytest.mark.parametrize("way", PLAIN[1:])
def test_plain_descent_gives_numpys_losses(way: str) -> None:
    setting = draw(SMALL, 5)
    np.testing.assert_allclose(ways.PLAIN[way](setting), ways.with_numpy(setting), rtol=1e-11)


def test_numpys_first_step_follows_the_slope_of_the_loss() -> None:
    """The loss after a tiny step falls by ε times the squared gradient, the gradient by finite differences."""
    setting = draw(SMALL, 1)._replace(epsilon=1e-9, steps=2)

    def loss(w1: np.ndarray, w2: np.ndarray) -> float:
        return float(np.square(np.maximum(setting.x @ w1, 0) @ w2 - setting.y).sum())

    squared = 0.0
    for index in range(2):
        for place in np.ndindex((setting.w1, setting.w2)[index].shape):
            shifted = [[w.copy() for w in (setting.w1, setting.w2)] for _ in range(2)]
            shifted[0][index][place] += 1e-6
            shifted[1][index][place] -= 1e-6
            squared += ((loss(*shifted[0]) - loss(*shifted[1])) / 2e-6) ** 2
    first, second = ways.with_numpy(setting)
    assert first == pytest.approx(loss(setting.w1, setting.w2))
    assert first - second == pytest.approx(1e-9 * squared, rel=1e-3)


def test_a_wrong_backward_pass_is_noticed() -> None:
    """Weights that differ in one place give other losses than rounding allows."""
    setting = draw(SMALL, 2)
    w1 = setting.w1.copy()
    w1[0, 0] += 1e-6
    other = ways.with_autograd(setting._replace(w1=w1))
    assert np.abs(np.array(other) / ways.with_numpy(setting) - 1).max() > 1e-11


def test_adam_is_torchs_on_the_same_network() -> None:
    """Adam from the same weights starts at the same loss and follows a loop over plain tensors."""
    setting = draw(SMALL, 0)._replace(epsilon=1e-3, steps=20)
    x, y = torch.tensor(setting.x), torch.tensor(setting.y)
    weights = [torch.tensor(w, requires_grad=True) for w in (setting.w1, setting.w2)]
    optimizer = torch.optim.Adam(weights, lr=1e-3)
    expected = []
    for _ in range(20):
        loss = (x.mm(weights[0]).clamp(min=0).mm(weights[1]) - y).square().sum()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(ways.with_adam(setting), expected, rtol=1e-10)


def test_the_librarys_start_is_linears_and_leaves_the_global_generator_alone() -> None:
    setting = draw(SMALL, 0)._replace(epsilon=1e-3, steps=3)
    before = torch.random.get_rng_state()
    descent, adam = ways.library_descent(setting, 4), ways.library_adam(setting, 4)
    assert torch.equal(before, torch.random.get_rng_state())
    assert descent[0] == adam[0] and descent[1] != adam[1]
    with torch.random.fork_rng():
        torch.manual_seed(4)
        first, second = torch.nn.Linear(30, 12), torch.nn.Linear(12, 4)
    x, y = torch.tensor(setting.x), torch.tensor(setting.y)
    expected = (second.double()(first.double()(x).relu()) - y).square().sum().item()
    assert descent[0] == pytest.approx(expected, rel=1e-12)


def test_a_seed_gives_the_same_losses_in_any_company_and_the_table_measures_them() -> None:
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
        seeds=1, cases=16, inputs=30, hidden=12, outputs=4, steps=40, epsilon=1e-5, precision="single"
    )  # fmt: skip
    table = analyse(protocol, train(protocol, (0,), "cpu", {}))
    relative = table[table.way.isin(PLAIN[1:])].relative
    assert 1e-9 < relative.max() < 1e-4
