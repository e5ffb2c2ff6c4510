"""Studies: grids of cells, the same seeds in each, friendly refusals, and a choice checked on other seeds."""

import numpy as np
import pytest

from backprop.experiments.departures import analyse as analysing
from backprop.experiments.departures import findings
from backprop.experiments.departures.protocol import Protocol, settings
from backprop.experiments.departures.train import best_of_groups, train
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.experiments.symmetry.train import train as train_symmetry
from backprop.protocol import UserError
from backprop.results import tables

SMALL = {"seeds": 24, "sweeps": 40, "keep": [20]}


def study(**fields):
    return Protocol.from_overrides(SMALL | fields, "experiments.departures.variants.mine")


@pytest.fixture(scope="module")
def trained():
    """Two rates and a lone departure, both codings, with fresh seeds."""
    protocol = study(fresh_seeds=16, grid={"rates": {"epsilon": [0.1, 0.3]}, "tanh": {"hidden": "tanh"}})
    return protocol, train(protocol, protocol.seed_list, "cpu", {})


def test_lists_are_crossed_with_each_other_and_with_the_codings():
    cells = study(grid={"both": {"epsilon": [0.1, 0.2, 0.3], "alpha": [0, 0.9]}}).cells
    assert len(cells) == 3 * 2 * 2
    assert {(c.protocol.epsilon, c.protocol.alpha, c.coding) for c in cells} == {
        (e, a, coding) for e in (0.1, 0.2, 0.3) for a in (0, 0.9) for coding in ("0/1", ".1/.9")
    }


def test_a_list_of_mappings_is_taken_one_after_the_other():
    cells = study(codings=[[0, 1]], grid={"width": [{"bits": 4, "epsilon": 0.4}, {"bits": [6, 8]}]}).cells
    assert [(c.protocol.bits, c.protocol.epsilon) for c in cells] == [(4, 0.4), (6, 0.1), (8, 0.1)]


def test_a_pair_is_one_value_and_a_list_of_pairs_several():
    grid = {"one": {"inputs": [-1, 1]}, "two": {"inputs": [[0, 1], [-1, 1]]}}
    cells = study(codings=[[0, 1]], grid=grid).cells
    assert [c.protocol.inputs for c in cells] == [(-1, 1), (0, 1), (-1, 1)]


def test_the_default_is_the_paper_under_both_codings():
    for cell, targets in zip(Protocol().cells, ((0, 1), (0.1, 0.9)), strict=True):
        plain = Symmetry(targets=targets, seeds=Protocol().seeds)
        assert settings(cell.afresh) == pytest.approx(settings(plain), nan_ok=True)
        assert cell.protocol.until_solved, "the cells of the grid are asked when they solve, not what comes after"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"grid": {"adam": {"optimiser": "adam"}}}, ("grid.adam", "'optimiser'", "optimizer")),
        ({"grid": {"adam": {"epsilon": ["1e-3"]}}}, ("grid.adam", "epsilon is '1e-3'", "1.0e-3")),
        ({"grid": {"odd": {"hidden": ["tanh", "tahn"]}}}, ("grid.odd", "'tahn'", "leaky_relu")),
        ({"grid": {"odd": {"alpha": 1.5}}}, ("grid.odd", "alpha is 1.5", "at most 1.0")),
        ({"grid": {"odd": {"epsilon": []}}}, ("grid.odd", "epsilon", "empty list")),
        ({"grid": {"odd": {"seeds": 3}}}, ("grid.odd", "'seeds'")),
        ({"grid": {"odd": 3}}, ("grid.odd is 3", "mapping")),
        ({"grid": {}}, ("grid is empty",)),
        ({"codings": [[1, 0]]}, ("targets is [1.0, 0.0]", "below")),
    ],
)
def test_a_mistake_in_a_grid_is_named_with_its_place(fields, words):
    with pytest.raises(UserError) as refused:
        study(**fields)
    for word in ("experiments.departures.variants.mine", *words):
        assert word in str(refused.value)


def test_every_cell_starts_from_the_same_seeds_and_equals_experiment_1(trained):
    protocol, arrays = trained
    for number, cell in enumerate(protocol.cells):
        np.testing.assert_array_equal(arrays[f"{number:03d}.seeds"], protocol.seed_list)
        fields = {"hidden": cell.protocol.hidden, "epsilon": cell.protocol.epsilon, "targets": cell.protocol.targets}
        plain = Symmetry(seeds=24, sweeps=40, keep=(20,), **fields)
        alone = train_symmetry(plain, plain.seed_list, "cpu", {})
        for name in ("layer_1", "layer_2", "first_sweep"):
            np.testing.assert_array_equal(arrays[f"{number:03d}.{name}"], alone[name])


def test_the_best_cells_are_trained_again_on_seeds_that_did_not_choose_them(trained):
    protocol, arrays = trained
    assert {(protocol.cells[n].group, protocol.cells[n].coding) for n in arrays["chosen"]} == {
        (group, coding) for group in ("rates", "tanh") for coding in ("0/1", ".1/.9")
    }
    for number in arrays["chosen"]:
        fresh = arrays[f"{number:03d}.fresh.seeds"]
        assert len(fresh) == 16
        assert not set(fresh) & set(protocol.seed_list)


def test_the_best_cell_solves_most_and_among_equals_soonest():
    cells = study(codings=[[0, 1]], grid={"rates": {"epsilon": [0.1, 0.2, 0.3, 0.4]}}).cells
    first = [np.array(sweeps) for sweeps in ([10, -1, -1], [99, 90, -1], [80, -1, 90], [-1, -1, -1])]
    assert best_of_groups(cells, first) == [2]


def test_the_table_has_a_row_for_every_cell_and_seed_with_its_settings(trained, tmp_path):
    protocol, arrays = trained
    table = analysing.analyse(protocol, arrays)
    tables.write(tmp_path / "table.parquet", table, analysing.COLUMNS)
    plain = table[~table.fresh]
    assert len(plain) == 24 * len(protocol.cells)
    assert len(table) - len(plain) == 16 * len(arrays["chosen"])
    assert set(plain[plain.group == "rates"].epsilon) == {0.1, 0.3}
    assert set(plain[plain.group == "tanh"].hidden) == {"tanh"}
    assert (plain.groupby("cell").seed.apply(list).map(tuple) == protocol.seed_list).all()


def test_equal_hidden_units_stay_equal_and_others_do_not():
    protocol = study(codings=[[0, 1]], grid={"equal": {"equal_hidden_units": True}, "random": {}})
    table = analysing.analyse(protocol, train(protocol, protocol.seed_list, "cpu", {}))
    assert (table[table.group == "equal"].units_apart == 0).all()
    assert (table[table.group == "random"].units_apart > 0.01).all()


def test_a_network_passes_between_families_only_when_it_is_in_both():
    member = np.array(
        [["1:2:4", "", "other", "1:2:4"], ["1:2:4", "2:3:4", "2:3:4", "other"], ["1:2:4", "2:3:4", "2:3:4", "2:3:4"]],
        dtype=object,
    )
    found = findings._passes(member)
    assert (found["moved"]["count"], found["passes"]) == (1, {"1:2:4 to 2:3:4": 1})
    assert found["entered"] == 2
