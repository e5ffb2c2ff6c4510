"""Experiment 1 from protocol to verdicts, on few seeds."""

import numpy as np
import pytest
from scipy.stats import binomtest

from backprop.experiments.symmetry import analyse, figures, findings, measures
from backprop.experiments.symmetry.finish import finish
from backprop.experiments.symmetry.protocol import BOUNDS, Protocol
from backprop.experiments.symmetry.train import train
from backprop.results import store, tables
from backprop.results.variant import Run

SEEDS = tuple(range(160))


def build(folder, protocol):
    """One variant trained and analysed on disk, as the workflow leaves it."""
    arrays = train(protocol, protocol.seed_list, "cpu", {})
    arrays |= finish(protocol, arrays, "cpu")
    about = {"protocol": {name: getattr(protocol, name) for name in protocol.__dataclass_fields__}, "provenance": {}}
    store.write_arrays(folder / store.ARRAYS, arrays, about)
    tables.write(
        folder / tables.TABLE, analyse.analyse(protocol, store.read_arrays(folder / store.ARRAYS)), analyse.COLUMNS
    )
    return Run(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    home = tmp_path_factory.mktemp("symmetry")
    return {
        "paper": build(home / "paper", Protocol(seeds=SEEDS, sweeps=2000)),
        "targets_0.1_0.9": build(home / "targets_0.1_0.9", Protocol(seeds=SEEDS, sweeps=2000, targets=(0.1, 0.9))),
    }


def test_the_defaults_are_what_the_paper_states():
    paper = Protocol()
    assert (paper.bits, paper.hidden_units, paper.epsilon, paper.alpha, paper.weight_range) == (6, 2, 0.1, 0.9, 0.3)
    assert paper.error == "half_sum" and paper.bias_range is None and not paper.per_case


def test_solved_networks_solve_all_cases_at_the_cap(runs):
    table, arrays = runs["paper"].table, runs["paper"].arrays
    layer_1, layer_2 = (arrays[name][:, -1].astype(float) for name in ("layer_1", "layer_2"))
    output = measures.outputs(layer_1, layer_2, measures.cases())
    right = ((output > 0.5) == measures.is_palindrome(measures.cases())).all(axis=1)
    assert (right == table.solved).mean() > 0.98, "a solved network may leave the solution again, but hardly ever does"
    assert table.solved.any() and not table.solved.all()


def test_an_untrained_network_has_not_solved_anything_under_either_coding(runs):
    for run in runs.values():
        assert (run.table["sweeps_0.5"].dropna() > 50).all()
        times = run.table[[f"sweeps_{bound:g}" for bound in BOUNDS]].dropna().to_numpy()
        assert (np.diff(times, axis=1) >= 0).all(), "a stricter criterion is met later"


@pytest.mark.parametrize(("variant", "rate"), [("paper", 0.327), ("targets_0.1_0.9", 0.418)])
def test_the_share_that_has_solved_it_by_1425_is_that_of_4000_other_seeds(runs, variant, rate):
    solved = int((runs[variant].table["sweeps_0.5"] <= 1425).sum())
    assert binomtest(solved, len(SEEDS), rate).pvalue > 0.001


def test_solved_networks_look_like_figure_1(runs):
    solved = runs["paper"].table.query("solved")
    assert (solved.mirror_residual < 0.05).mean() > 0.9
    assert (solved.family.isin(["1:2:4", "2:3:4"])).mean() > 0.9
    assert (runs["targets_0.1_0.9"].table.query("family == '1:2:4'").distance < 0.2).mean() > 0.9


def test_every_number_and_every_claim_comes_from_the_runs(runs, tmp_path):
    values = findings.values(runs)
    store.write_json(tmp_path / "findings.json", values)
    assert values["variants"]["paper"]["networks"] == len(SEEDS)
    verdicts = findings.verdicts(values)
    assert set(verdicts) == {"S1", "S3", *(f"S{n}" for n in range(6, 15))}
    assert verdicts["S6"] == "reproduced"


def test_a_run_without_a_solved_network_is_judged_and_drawn(tmp_path):
    run = build(tmp_path / "paper", Protocol(seeds=12, sweeps=40))
    values = findings.values({"paper": run})
    assert values["variants"]["paper"]["solved"]["count"] == 0
    assert values["variants"]["paper"]["median"] is None
    assert values["stories"]["shown"] == {} and values["stories"]["start"]["seed"] == 0
    store.write_json(tmp_path / "findings.json", values)
    verdicts = findings.verdicts(values)
    assert verdicts["S6"] == verdicts["S8"] == "not judged"
    for name, figure in figures.FIGURES.items():
        assert figure({"paper": run}, values), name


def test_one_network_is_recorded_on_its_way_and_ends_with_the_weights_of_its_seed(runs):
    for run in runs.values():
        arrays, table = run.arrays, run.table
        (seed,) = arrays["traced_seed"]
        assert seed == table.seed[table.distance[table.solved].idxmin()]
        row = int(np.flatnonzero(arrays["seeds"] == seed)[0])
        for name in ("layer_1", "layer_2"):
            np.testing.assert_array_equal(arrays[f"traced_{name}"][-1], arrays[name][row, 0])
            assert np.abs(arrays[f"traced_{name}"][0]).max() <= 0.3
        shared = np.isin(arrays["traced_sweeps"], arrays["error_sweeps"])
        upto = arrays["error_sweeps"] <= 1425
        np.testing.assert_array_equal(arrays["traced_errors"][shared], arrays["errors"][row, upto])
    traced = findings.values(runs)["traced"]
    assert traced["variant"] == "targets_0.1_0.9" and traced["moments"] == sorted(set(traced["moments"]))
    own = runs[traced["variant"]].table.set_index("seed").loc[traced["seed"]]
    assert traced["solved_at"] == own["sweeps_0.5"] and traced["moments"][-2] - traced["solved_at"] in range(5)
    assert traced["plateau"] and traced["all_off"] and traced["gathered"] and traced["mirrored"]


def test_at_the_last_moment_the_output_unit_separates_the_palindromes(runs):
    """What the figure of moments shades: the side of the palindromes, in the plane of the hidden units' outputs."""
    from matplotlib.path import Path

    figure = figures.moments(runs, findings.values(runs))
    inside = []
    for ax in figure.axes[:6]:
        *regions, others, palindromes = ax.collections
        paths = [path for region in regions for path in region.get_paths()]
        shaded = Path.make_compound_path(*paths) if paths else Path(np.empty((0, 2)))
        inside.append([shaded.contains_points(points.get_offsets()).mean() for points in (palindromes, others)])
    assert inside[-1] == [1, 0] and inside[1] != [1, 0]


def test_each_story_is_a_network_of_the_results(runs):
    stories = findings.values(runs)["stories"]
    assert set(stories["shown"]) == {"nearest", "late", "minimum", "mean", "zero_biases"}
    tables = {"0/1": runs["paper"].table.set_index("seed"), ".1/.9": runs["targets_0.1_0.9"].table.set_index("seed")}

    def row(story, coding):
        assert story["settings"]["targets"] == ([0.0, 1.0] if coding == "0/1" else [0.1, 0.9])
        return tables[coding].loc[story["settings"]["seed"]]

    nearest = row(stories["shown"]["nearest"], ".1/.9")
    assert nearest.distance == min(table.distance[table.solved].min() for table in tables.values())
    assert stories["start"] == stories["shown"]["nearest"]["settings"]
    late = row(stories["shown"]["late"], "0/1")
    assert stories["mark"] < late["sweeps_0.5"] == stories["shown"]["late"]["solved_at"] <= stories["cap"]
    assert not row(stories["shown"]["minimum"], ".1/.9").solved
    fastest = tables["0/1"]["sweeps_0.5"].min()
    for name, field, value in (("mean", "error", "mean"), ("zero_biases", "bias_range", 0)):
        assert row(stories["shown"][name], "0/1")["sweeps_0.5"] == fastest
        assert stories["shown"][name]["settings"][field] == value
        assert stories["shown"][name]["solved_at"] is None
    assert stories["families"][0] == "1:2:4" and len(stories["printed"]) == 17


def test_the_browser_shows_no_network_that_its_script_cannot_train(tmp_path):
    run = build(tmp_path / "paper", Protocol(seeds=4, sweeps=20, hidden="tanh"))
    values = findings.values({"paper": run})
    assert values["stories"] is None
    assert figures.one_network({"paper": run}, values)


def test_other_shapes_are_measured_as_far_as_they_go(tmp_path):
    run = build(tmp_path / "wide", Protocol(seeds=4, sweeps=20, bits=4, hidden_units=3))
    assert run.table.distance.isna().all() and run.table.ratio_large.isna().all()
    assert (run.table.family == "").all()


def test_the_figures_are_the_same_bytes_twice(runs):
    from backprop.plots import save

    values = findings.values(runs)
    assert save(figures.moments(runs, values)) == save(figures.moments(runs, values))
