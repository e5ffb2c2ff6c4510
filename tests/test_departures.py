"""Studies: grids of cells with the same seeds, errors that name the key, and choices evaluated on fresh seeds."""

import copy
from pathlib import Path

import numpy as np
import pytest

from backprop import config
from backprop.documents import pages
from backprop.documents.claims import read_claims
from backprop.evidence.verdicts import share
from backprop.experiments.departures import analyse as analysing
from backprop.experiments.departures import families, figures, findings, helps, scans, tuned
from backprop.experiments.departures.finish import best_of_groups, finish
from backprop.experiments.departures.protocol import Protocol, coding_name, settings
from backprop.experiments.departures.train import train
from backprop.experiments.symmetry.protocol import CODINGS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.experiments.symmetry.train import train as train_symmetry
from backprop.protocol import UserError
from backprop.results import store, tables
from backprop.results.variant import Run
from tests import experiments

ROOT = Path(__file__).parents[1]
SMALL = {"seeds": 24, "sweeps": 40, "keep": [20]}


def trained_study(protocol):
    """The arrays of a study, those of the fresh seeds included."""
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    return arrays | finish(protocol, arrays, "cpu")


def study(**fields):
    return Protocol.from_overrides(SMALL | fields, "experiments.departures.variants.mine")


@pytest.fixture(scope="module")
def trained():
    """Two rates and a lone departure, both codings, with fresh seeds."""
    protocol = study(fresh_seeds=16, grid={"rates": {"epsilon": [0.1, 0.3]}, "tanh": {"hidden": "tanh"}})
    return protocol, trained_study(protocol)


def test_lists_are_crossed_with_each_other_and_with_the_codings():
    cells = study(grid={"both": {"epsilon": [0.1, 0.2, 0.3], "alpha": [0, 0.9]}}).cells
    assert len(cells) == 3 * 2 * 2
    assert {(c.protocol.epsilon, c.protocol.alpha, c.coding) for c in cells} == {
        (e, a, coding) for e in (0.1, 0.2, 0.3) for a in (0, 0.9) for coding in ("0/1", ".1/.9")
    }


def test_the_cells_of_a_list_of_mappings_follow_one_another():
    cells = study(codings=[[0, 1]], grid={"width": [{"bits": 4, "epsilon": 0.4}, {"bits": [6, 8]}]}).cells
    assert [(c.protocol.bits, c.protocol.epsilon) for c in cells] == [(4, 0.4), (6, 0.1), (8, 0.1)]


def test_a_pair_is_one_value_and_a_list_of_pairs_several():
    grid = {"one": {"inputs": [-1, 1]}, "two": {"inputs": [[0, 1], [-1, 1]]}}
    cells = study(codings=[[0, 1]], grid=grid).cells
    assert [c.protocol.inputs for c in cells] == [(-1, 1), (0, 1), (-1, 1)]


def test_the_default_is_the_paper_under_both_codings():
    for cell, targets in zip(Protocol().cells, ((0, 1), (0.1, 0.9)), strict=True):
        plain = Symmetry(targets=targets, seeds=Protocol().seeds)
        assert settings(cell.fresh_protocol) == pytest.approx(settings(plain), nan_ok=True)
        assert cell.protocol.until_solved, "cells of the grid need no weights after the task is solved"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"grid": {"adam": {"optimiser": "adam"}}}, ("grid.adam", "'optimiser'", "optimizer")),
        ({"grid": {"adam": {"epsilon": ["1e-3"]}}}, ("grid.adam", "epsilon is '1e-3'", "1.0e-3")),
        ({"grid": {"odd": {"hidden": ["tanh", "tahn"]}}}, ("grid.odd", "'tahn'", "leaky_relu")),
        ({"grid": {"odd": {"alpha": 1.5}}}, ("grid.odd", "alpha is 1.5", "at most 1.")),
        ({"grid": {"odd": {"epsilon": []}}}, ("grid.odd", "epsilon", "empty list")),
        ({"grid": {"odd": {"seeds": 3}}}, ("grid.odd", "'seeds'")),
        ({"grid": {"odd": 3}}, ("grid.odd is 3", "mapping")),
        ({"grid": {}}, ("grid is empty",)),
        ({"grid": {"odd": []}}, ("grid.odd is an empty list", "one mapping")),
        ({"grid": {3: {"alpha": 0}}}, ("grid has a group 3", "quotes")),
        ({"grid": {"odd": {"targets": [0, 1]}}}, ("grid.odd", "'targets' cannot be changed here; set codings")),
        ({"codings": []}, ("codings is an empty list; it needs one value or more.",)),
        ({"codings": [[0, 1], [1, 0]]}, ("codings contains [1.0, 0.0]", "below")),
        ({"codings": [[0, 7]]}, ("codings contains 7.0", "at most 1")),
    ],
)
def test_a_mistake_in_a_grid_is_named_with_its_place(fields, words):
    with pytest.raises(UserError) as refused:
        study(**fields)
    for word in ("experiments.departures.variants.mine", *words):
        assert word in str(refused.value)


def test_the_names_of_codings_are_those_of_experiment_1():
    assert [coding_name(targets) for targets in Protocol().codings] == list(CODINGS.values())
    assert coding_name((-0.5, 0.25)) == "-0.5/.25"


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
    table = analysing.analyse(protocol, trained_study(protocol))
    assert (table[table.group == "equal"].units_apart == 0).all()
    assert (table[table.group == "random"].units_apart > 0.01).all()


def test_a_network_changes_its_family_only_if_it_was_in_both():
    member = np.array(
        [["1:2:4", "", "other", "1:2:4"], ["1:2:4", "2:3:4", "2:3:4", "other"], ["1:2:4", "2:3:4", "2:3:4", "2:3:4"]],
        dtype=object,
    )
    changes = families.family_changes(member)
    assert (changes["moved"]["count"], changes["passes"]) == (1, {"1:2:4 to 2:3:4": 1})
    assert changes["entered"] == 2


def best_cell(group, solved, effect="", *, first_family=0.7, coding="0/1", at_edge=False):
    """A cell on fresh seeds: `solved` of 1,000 networks, its effect beside the tuned rate, and its share of 1:2:4."""
    ours, other = round(first_family * 1000), 1000 - round(first_family * 1000)
    flags = {"1:2:4": ours, "2:3:4": 0, "other": other}
    return {
        "group": group,
        "name": group,
        "coding": coding,
        "epsilon": 0.03,
        "solved": share([True] * solved + [False] * (1000 - solved)),
        "median": 800.0,
        "cap": 1425,
        "at_edge": at_edge,
        "versus": {"better": {"low": 0.1, "high": 0.2}, "worse": {"low": -0.2, "high": -0.1}}.get(
            effect, {"low": -0.01, "high": 0.01}
        ),
        "families": {key: share([True] * count + [False] * (1000 - count)) for key, count in flags.items()},
    }


def best_cells(tuned_rate=989, nesterov="better", adaptive=100, falling="worse", error="worse"):
    """The best cells of the four studies under the first coding, with effects to choose."""
    cells = {
        "optimizers": [
            best_cell("paper", 330, "worse"),
            best_cell("momentum", tuned_rate),
            best_cell("descent", 970),
            best_cell("nesterov", 999, nesterov),
            *(best_cell(name, adaptive, "worse") for name in tuned.ADAPTIVE),
        ],
        "activations": [best_cell("logistic", 989), best_cell("relu", 190, "worse", at_edge=True)],
        "schedules": [best_cell("constant", 989), *(best_cell(name, 500, falling) for name in tuned.FALLING)],
        "presentation": [best_cell("half_sum", 989), best_cell("cross_entropy", 700, error)],
    }
    return {study: {"0/1": own} for study, own in cells.items()}


def test_alternatives_are_compared_with_the_tuned_rate_and_listed_once():
    compared = tuned.choices(best_cells())
    own = compared["codings"]["0/1"]
    assert own["enough"] and own["better"] == ["nesterov"] and own["top"]["name"] == "nesterov"
    assert [row["group"] for row in compared["kinds"]["optimizer"]] == ["nesterov", "descent", *tuned.ADAPTIVE]
    assert [row["group"] for row in compared["kinds"]["activation"]] == ["relu"], "the logistic is the paper's"
    assert compared["best_rates_at_edge"] == ["relu (targets 0/1)"]
    assert helps.title(compared["codings"]) == "Towards 0 and 1 a tuned rate is enough"


def test_the_plot_prints_each_rate_and_colours_each_effect():
    compared = tuned.choices(best_cells())
    fig = helps.helps({}, {"tuned": compared, "codings": ["0/1"]})
    ax = fig.axes[0]
    cells = [row["cells"]["0/1"] for rows in compared["kinds"].values() for row in rows]
    drawn = [line.get_color() for line in ax.lines if line.get_marker() not in ("", "None", None)]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert sorted(drawn) == sorted(helps.EFFECTS[cell["effect"]][0] for cell in [*cells, {"effect": ""}])
    assert names[0] == "rate alone" and sorted(names[1:]) == sorted([*compared["kinds"], *(c["name"] for c in cells)])
    for kind, rows in compared["kinds"].items():
        after = names.index(kind) + 1
        assert names[after : after + len(rows)] == [row["name"] for row in rows]
    assert [text.get_text() for text in ax.texts].count("0.03") == len(cells) + 1


def test_a_tuned_rate_that_is_not_enough_gives_way_to_the_best_alternative_or_to_none():
    best = tuned.choices(best_cells(tuned_rate=500))["codings"]
    assert not best["0/1"]["enough"]
    assert helps.title(best) == "Towards 0 and 1 most help comes from nesterov"
    assert helps.title(tuned.choices(best_cells(tuned_rate=500, nesterov=""))["codings"]).endswith("a tuned rate")


def test_kinds_of_alternatives_are_worse_only_if_all_of_them_are():
    for change, key, worse in (
        ({}, "falling", True),
        ({"falling": ""}, "falling", False),
        ({"adaptive": 980}, "adaptive", False),
        ({"error": ""}, "error", False),
    ):
        best = best_cells(**change)
        found = tuned.findings(tuned.choices(best)["kinds"], best["optimizers"])
        assert found[key]["worse"] is worse, (change, key)


def test_departures_with_other_families_are_named_where_their_intervals_say_so():
    cells = {
        "0/1": [best_cell("per_case", 900, first_family=0.95), best_cell("silu", 900, first_family=0.4)],
        ".1/.9": [best_cell(name, 900, first_family=0.95, coding=".1/.9") for name in ("per_case", "silu")],
    }
    found = families.by_departure({"activations": cells, "schedules": cells})
    assert found["nearly_all"] == ["per_case"]
    assert found["neither"] == {"0/1": ["silu"], ".1/.9": []}
    repeated = families.compared({"activations": {"0/1": [best_cell("logistic", 900), best_cell("tanh", 900)]}})
    assert [cell["group"] for cell in repeated] == ["tanh"], "the tuned rate alone is in one study only"


def test_a_range_of_weights_is_better_only_with_intervals_apart():
    def cell(weight_range, solved, coding):
        return {
            "group": "biases_alike", "weight_range": weight_range, "coding": coding, "cap": 2500,
            "solved": share([True] * solved + [False] * (1000 - solved)),
        }  # fmt: skip

    found = scans.initial_weights(
        [cell(*own, "0/1") for own in ((0.1, 470), (0.3, 465), (4.0, 75))]
        + [cell(*own, ".1/.9") for own in ((0.1, 160), (0.3, 444), (0.5, 552), (4.0, 86))]
    )
    assert [found["codings"][coding]["better"] for coding in ("0/1", ".1/.9")] == [False, True]
    assert (found["codings"][".1/.9"]["best"], found["widest"], found["widest_worse"]) == (0.5, 4.0, True)


@pytest.fixture(scope="module")
def shortest(tmp_path_factory):
    """Every study of the shipped configuration, so short that no network solves the task."""
    read = config.check(config.read(ROOT / "config/config.yaml", ROOT / "config/quick.yaml"))["departures"]
    home, runs = tmp_path_factory.mktemp("departures"), {}
    for name, full in read.items():
        overrides = full.overrides() | {"seeds": 3, "sweeps": 20, "keep": []}
        protocol = Protocol.from_overrides(overrides | {"fresh_seeds": 3 if "fresh_seeds" in overrides else 0})
        about = {"protocol": {key: getattr(protocol, key) for key in protocol.fields()}, "provenance": {}}
        store.write_arrays(home / name / store.ARRAYS, trained_study(protocol), about)
        table = analysing.analyse(protocol, store.read_arrays(home / name / store.ARRAYS))
        tables.write(home / name / tables.TABLE, table, analysing.COLUMNS)
        runs[name] = Run(home / name)
    return runs


@pytest.fixture(scope="module")
def shortest_values(shortest, tmp_path_factory):
    """Their numbers as the report reads them."""
    path = tmp_path_factory.mktemp("values") / "findings.json"
    store.write_json(path, findings.values(shortest))
    return store.read_json(path)


def diagram(**changes):
    """What the sections need of the phase diagram."""
    own = {
        "pairs": 192, "cap": 2500, "seeds": 128, "band": {"steps": [0.2, 0.75]}, "momentum_hurts": False,
        "at_alpha": {"rate": 0.73}, "better_pairs": 39, "saved": None,
        "here": {"solved": share([True, False])}, "without": {"solved": share([False, False])},
    }  # fmt: skip
    return own | changes


def context(values, zero=None, tenth=None):
    """What the sections know: these departures, and a phase diagram with changes under each coding."""
    content = {"values": values, "verdicts": findings.verdicts(values), "protocol": []}
    variants = {"paper": diagram(**zero or {}), "targets_0.1_0.9": diagram(**tenth or {})}
    paper = {"by_mark": share([True] * 327 + [False] * 673)}
    return {
        "departures": content,
        "phase": {"values": {"paper": {"step": 1.0}, "variants": variants, "rows": []}},
        "symmetry": {"values": {"variants": {"paper": paper}}},
    }


def test_studies_without_a_solved_network_are_judged_printed_and_drawn(shortest, shortest_values):
    known = context(shortest_values)
    content = known["departures"]
    assert content["verdicts"] == dict.fromkeys(("M2", "M7", "G1", "G2"), "not reproduced")
    claims = read_claims({"departures": content}, pages.KIT / "claims")
    assert [claim.id for claim in claims] == ["M2", "M7", "G1", "G2"]
    for name, sentence in (
        ("40_attempts", "no rate alone lets nearly all networks solve the task."),
        ("40_attempts", "No network solves the task by sweep 20."),
        ("40_attempts", "With .1 and .9, nothing does better than a tuned rate alone."),
        ("84_departures", "With eight inputs, few networks solve the task by sweep 20"),
        ("84_departures", "Even the widest range is not clearly worse"),
    ):
        assert sentence in experiments.section(name, known)
    for figure in figures.FIGURES.values():
        assert figure(shortest, shortest_values)


def test_best_cells_are_compared_with_the_tuned_rate_on_their_fresh_seeds(shortest, shortest_values):
    own = shortest["optimizers"].table
    own = own[own.fresh & (own.group == "momentum") & (own.coding == "0/1")]
    assert len(own) == 3
    for study in tuned.STUDIES.values():
        for cell in shortest_values["best"][study]["0/1"]:
            assert cell["versus"] is not None, "every study draws the same fresh seeds"
            assert cell["versus"]["reference"] == own.solved.mean()


@pytest.fixture
def telling(shortest_values):
    """The numbers as they could be with networks that learn; the paired baseline is 12.3% in each study."""
    values = copy.deepcopy(shortest_values)
    best = best_cells()
    tenth = {study: {".1/.9": [cell | {"coding": ".1/.9"} for cell in own["0/1"]]} for study, own in best.items()}
    both = {study: own | tenth[study] for study, own in best.items()}
    values["tuned"] = tuned.choices(both)
    values["kinds"] = tuned.findings(values["tuned"]["kinds"], both["optimizers"])
    baseline = share([True] * 123 + [False] * 877)
    for own in values["tuned"]["codings"].values():
        own["paper"]["solved"] = baseline
    values["effects"]["mean_error"] |= {"half_sum": baseline, "clear": True}
    values["attempts"][0]["rates"][0] = values["attempts"][0]["other"] = baseline["rate"]
    return values


def test_prose_quotes_experiment_1_and_paired_baselines_are_in_tables_alone(telling):
    """The paper's protocol has one share in the text: that of the 4,000 networks of Experiment 1."""
    here = {"here": {"solved": telling["tuned"]["codings"]["0/1"]["paper"]["solved"]}}
    lines = experiments.section("40_attempts", context(telling, here, here)).splitlines()
    assert any("the paper's rate lets 32.7%." in line for line in lines)
    assert any("12.3%" in line for line in lines if line.startswith("|"))
    assert not any("12.3%" in line for line in lines if not line.startswith("|"))


@pytest.mark.parametrize(
    ("zero", "tenth", "sentences"),
    [
        (
            {},
            {},
            (
                "that step is too long: the best settings have 0.75 at most.",
                "With .1 and .9 it is too long as well.",
            ),
        ),
        (
            {"band": {"steps": [2, 3]}},
            {"band": {"steps": [2, 3]}},
            ("With targets 0 and 1 that is too short", "With .1 and .9 it is too short"),
        ),
        (
            {"band": {"steps": [0.5, 2]}},
            {"band": {"steps": [0.5, 2]}},
            ("with targets 0 and 1 it is in the best range.", "is in the best range."),
        ),
        (
            {"band": None},
            {"band": None},
            ("With targets 0 and 1, too few settings", "With .1 and .9, too few settings"),
        ),
        ({}, {"band": {"steps": [0.5, 2]}, "momentum_hurts": True}, ("no ε lets more than 73% solve the task",)),
    ],
)
def test_the_chapter_says_how_the_papers_step_compares(telling, zero, tenth, sentences):
    text = experiments.section("40_attempts", context(telling, zero, tenth))
    for sentence in sentences:
        assert sentence in text


def test_the_chapter_credits_the_rate_and_names_what_does_better(telling):
    text = experiments.section("40_attempts", context(telling))
    for sentence in (
        "With targets 0 and 1, the rate is enough.",
        "Only nesterov does better still.",
        "With .1 and .9, a tuned rate alone gives 98.9% by that sweep, and one alternative does better.",
        "do worse than plain descent under both codings: at their best rates they never exceed 10%.",
        "Schedules that only lower the rate hurt under both codings.",
        "Cross-entropy, today's default error, hurts under both codings.",
    ):
        assert sentence in text
    telling["kinds"] = {key: own | {"worse": False} for key, own in telling["kinds"].items()}
    telling["tuned"]["codings"]["0/1"] |= {"better": []}
    text = experiments.section("40_attempts", context(telling))
    for sentence in (
        "No alternative does better.",
        "are not clearly worse than plain descent under both codings.",
        "Schedules that only lower the rate do not all hurt.",
        "does not hurt under both codings.",
    ):
        assert sentence in text


def test_more_inputs_are_an_obstacle_only_if_few_learn(telling):
    telling["more_inputs"] = {"bits": 8, "cap": 10000, "lowest": share([True] * 85 + [False] * 15)}
    known = context(telling, {"saved": 0.3}, {"saved": 0.1})
    text = experiments.section("84_departures", known)
    assert "With eight inputs and a rate tuned for them, at least 85% of the networks" in text
    assert "momentum also saves sweeps under both codings" in text


def test_the_summary_says_how_the_mean_error_and_tuned_optimizers_compare(shortest_values):
    values = shortest_values
    mean = values["summary"]["mean_error"]
    assert mean == {"sweep": 20, "rate": 0.0, "paper_rate": 0.0, "clear": False, "shorter": 32.0}
    assert values["summary"]["tuned"]["names"] == ["plain descent", "momentum", "Nesterov's momentum"]


def test_a_study_that_the_report_needs_is_named_if_it_is_missing(shortest):
    with pytest.raises(UserError, match="the report needs the study 'schedules'"):
        findings.values({name: run for name, run in shortest.items() if name != "schedules"})
