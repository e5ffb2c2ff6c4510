"""The phase diagram: each pair in the stack learns as it would alone; the best ones are evaluated on fresh seeds."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backprop import plots
from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.engine.criteria import WINDOW
from backprop.experiments.phase import figures, findings
from backprop.experiments.phase.analyse import COLUMNS, analyse
from backprop.experiments.phase.choice import best_of_each, best_pair
from backprop.experiments.phase.protocol import Protocol
from backprop.experiments.phase.train import train
from backprop.experiments.symmetry.train import train as train_symmetry
from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.variant import Run
from tests.test_departures import diagram

SMALL: dict[str, Any] = {
    "seeds": 20,
    "sweeps": 100,
    "epsilons": (0.1, 0.3),
    "alphas": (0.0, 0.5, 0.9),
    "fresh_seeds": 8,
}


@pytest.fixture(scope="module")
def trained():
    protocol = Protocol(**SMALL)
    return protocol, train(protocol, protocol.seed_list, "cpu", {})


def test_the_default_diagram_is_large_and_contains_the_papers_pair():
    protocol = Protocol()
    assert len(protocol.epsilons) >= 16
    assert len(protocol.alphas) >= 12
    assert len(protocol.seed_list) >= 128
    assert (0.1, 0.9) in protocol.pairs


def test_a_pair_in_the_stack_learns_as_experiment_1_with_its_epsilon_and_alpha(trained):
    protocol, arrays = trained
    for epsilon, alpha in protocol.pairs:
        here = (arrays["epsilon"] == epsilon) & (arrays["alpha"] == alpha) & ~arrays["fresh"]
        plain = replace(protocol.at(epsilon, alpha), record_every=1)
        alone = train_symmetry(plain, plain.seed_list, "cpu", {})
        np.testing.assert_array_equal(arrays["seed"][here], plain.seed_list)
        # rates as tensors round differently from rates as numbers, which a network near a saddle magnifies
        first, other = arrays["first_sweep"][here], alone["first_sweep"][:, 0]
        assert np.mean(first == other) >= 0.9
        # a network that solved the task was trained to the end of the window in which it did
        end = np.where(first < 0, plain.sweeps, np.minimum((first // WINDOW + 1) * WINDOW - 1, plain.sweeps))
        ended = alone["errors"][np.arange(len(end)), end]
        close = np.isclose(arrays["error_at_end"][here], ended, rtol=1e-2, atol=1e-3)
        assert close.mean() >= 0.9


def test_the_best_pair_is_trained_again_on_seeds_that_did_not_choose_it(trained):
    protocol, arrays = trained
    fresh = arrays["fresh"]
    pairs = {*zip(arrays["epsilon"][fresh], arrays["alpha"][fresh], strict=True)}
    assert fresh.sum() == 8 * len(pairs)
    assert not set(arrays["seed"][fresh]) & set(protocol.seed_list)
    first = arrays["first_sweep"][~fresh].reshape(6, 20)
    assert pairs == {*best_of_each(protocol.pairs, first, protocol.sweeps).values()}
    assert {alpha > 0 for _, alpha in pairs} == {True, False}


def test_the_best_pair_solves_most_and_among_equals_soonest():
    assert best_pair(np.array([[5, -1, -1], [90, 80, -1], [90, -1, 70], [-1, -1, -1]]), 100) == 2


def test_the_best_pairs_with_and_without_momentum_are_chosen_separately():
    pairs, first = [(0.1, 0.0), (0.2, 0.0), (0.1, 0.9)], np.array([[5, -1], [7, 9], [8, 8]])
    assert best_of_each(pairs, first, 10) == {"all": (0.2, 0.0), "momentum": (0.1, 0.9), "none": (0.2, 0.0)}
    assert best_of_each(pairs[:1], first[:1], 10) == {"all": (0.1, 0.0), "none": (0.1, 0.0)}


def test_the_table_has_a_row_for_every_network(trained, tmp_path):
    protocol, arrays = trained
    table = analyse(protocol, arrays)
    tables.write(tmp_path / "table.parquet", table, COLUMNS)
    assert len(table) == len(arrays["seed"]) >= 6 * 20 + 2 * 8
    assert (table.solved == table.sweeps.notna()).all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epsilons": (0.1, 0.1)}, "epsilons is [0.1, 0.1]; the numbers must ascend"),
        ({"alphas": ()}, "alphas is an empty list"),
        ({"alphas": (0.5, 1.5)}, "at most 1."),
        ({"targets": (1.0, 0.0)}, "the first must be below the second"),
    ],
)
def test_a_mistake_is_refused_in_a_sentence(fields, words):
    with pytest.raises(UserError, match=re.escape(words)):
        Protocol(**fields)


def test_a_diagram_without_a_solved_network_is_judged_printed_and_drawn(tmp_path):
    runs = {}
    for name, coding in (("paper", (0.0, 1.0)), ("targets_0.1_0.9", (0.1, 0.9))):
        protocol = Protocol(**SMALL | {"seeds": 4, "sweeps": 20, "targets": coding})
        about = {"protocol": {key: getattr(protocol, key) for key in protocol.fields()}, "provenance": {}}
        store.write_arrays(tmp_path / name / store.ARRAYS, train(protocol, protocol.seed_list, "cpu", {}), about)
        table = analyse(protocol, store.read_arrays(tmp_path / name / store.ARRAYS))
        tables.write(tmp_path / name / tables.TABLE, table, COLUMNS)
        runs[name] = Run(tmp_path / name)
    store.write_json(tmp_path / "findings.json", findings.values(runs))
    values = store.read_json(tmp_path / "findings.json")
    content = {"values": values, "verdicts": findings.verdicts(values), "protocol": []}
    assert content["verdicts"] == {"S4": "reproduced", "M6": "not reproduced"}
    claims = read_claims({"phase": content}, pages.KIT / "claims")
    assert "not clearly faster at its best" in claims[1].ours
    assert set(diagram()) <= set(values["variants"]["paper"]), "the sections are tested with numbers of this shape"
    assert values["paper"]["mean_error"] == pytest.approx(0.1 / 32)
    assert figures.title(values) == "With few settings do most networks learn"
    for figure in figures.FIGURES.values():
        assert figure(runs, values)


def test_the_title_of_the_map_says_whether_the_papers_step_is_too_long():
    def values(*highest):
        bands = [{"steps": [0.2, high]} for high in highest]
        return {"paper": {"step": 1.0}, "codings": [{"coding": c, "band": b} for c, b in zip("ab", bands, strict=True)]}

    assert figures.title(values(0.75, 1.2)).endswith("the paper's is too long with targets a")
    assert figures.title(values(0.75, 0.75)).endswith("the paper's is too long")
    assert figures.title(values(1.2, 1.2)) == "Success depends on the step ε/(1 − α)"


def test_marks_and_lines_of_the_map_are_where_the_cells_say():
    """A pair of the diagram is marked on its cell, and the line of its step goes through it."""
    epsilons, alphas = Protocol().epsilons, Protocol().alphas
    ax = plots.figure().add_subplot()
    for column, row in ((7, 7), (13, 0)):
        pair = epsilons[column], alphas[row]
        assert figures._place(pair, epsilons, alphas) == pytest.approx((column, row))
        figures._line_of_constant_step(ax, pair[0] / (1 - pair[1]), epsilons, alphas)
        line = ax.lines[-1]
        rows, columns = np.asarray(line.get_ydata(), float), np.asarray(line.get_xdata(), float)
        np.testing.assert_allclose(np.interp(row, rows, columns), column)
    x, _ = figures._place((0.1 / 32, 0.9), epsilons, alphas)
    assert 0 < x < 1, "the pair of the mean error is between two cells"


def test_much_momentum_hurts_only_if_no_rate_makes_up_for_it(trained):
    """Solve rates [alphas, epsilons] that are 1 without momentum; the paper's alpha is the last row."""
    protocol, arrays = trained
    for at_alpha, hurts in ((0, True), (5, False)):
        solved = {**arrays, "first_sweep": np.where(arrays["alpha"] == 0.9, at_alpha - 1, 5)}
        table = analyse(protocol, solved)
        run = SimpleNamespace(protocol={key: getattr(protocol, key) for key in protocol.fields()}, table=table)
        own = findings.values({"paper": run})["variants"]["paper"]  # type: ignore[dict-item]
        assert own["momentum_hurts"] is hurts and own["at_alpha"]["rate"] == float(not hurts)


def test_a_diagram_without_the_papers_pair_says_so(tmp_path):
    """Neither claim can be judged then, and the other numbers are there all the same."""
    protocol = Protocol(**SMALL | {"seeds": 4, "sweeps": 20, "epsilons": (0.2,)})
    about = {"protocol": {key: getattr(protocol, key) for key in protocol.fields()}, "provenance": {}}
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    store.write_arrays(tmp_path / store.ARRAYS, arrays, about)
    tables.write(tmp_path / tables.TABLE, analyse(protocol, store.read_arrays(tmp_path / store.ARRAYS)), COLUMNS)
    values = findings.values({"paper": Run(tmp_path)})
    assert findings.verdicts(values) == {"S4": "not judged", "M6": "not judged"}
    assert values["variants"]["paper"]["here"] is None and values["variants"]["paper"]["better_pairs"] is None
    assert [row["what"] for row in values["rows"]] == [findings.PAIRS["best_without"], findings.PAIRS["best_with"]]
