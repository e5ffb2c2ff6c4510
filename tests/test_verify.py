"""`verify`: a run agrees with the recorded one if it differs by chance, and not if it differs by more."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from backprop import config
from backprop.__main__ import main
from backprop.results import tables
from backprop.verification import agreement, comparison, recorded
from backprop.verification.quantities import LEVELS, Sample, Share, from_plain, quantities, to_plain
from tests.pipeline import ROOT, snakemake

RNG = np.random.default_rng(1986)


def sample(values):
    return quantities(pd.DataFrame({"value": values}))["value"]


@pytest.mark.parametrize(("count", "m", "n"), [(0, 400, 20), (128, 400, 400), (7, 40, 400), (400, 400, 3)])
def test_the_allowed_shares_are_those_that_fishers_test_does_not_reject(count, m, n):
    level = 1e-3
    (check,) = agreement.checks("solved", Share(count, m), Share(0, n), level)
    allowed = []
    for own in range(n + 1):
        table = [[own, n - own], [count, m - count]]
        p = 2 * min(stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater"))
        allowed += [own / n] if p >= level else []
    assert (check.low, check.high) == (allowed[0], allowed[-1])


def test_the_allowed_means_are_those_that_students_test_does_not_reject():
    first, second = RNG.normal(5, 2, 12), RNG.normal(6, 2, 30)
    (check,) = agreement.checks("accuracy", sample(first), sample(second), 0.05)
    for shift in (check.low, check.high):
        p = stats.ttest_ind(first, second - second.mean() + shift).pvalue
        assert p == pytest.approx(0.05, abs=1e-3)


def test_equal_networks_seldom_disagree():
    """Of 300 pairs of runs of the same networks, each with 12 checks, at most as many fail as the level allows."""
    level, failed, total = 0.05, 0, 0
    for _ in range(300):
        m, n = 400, int(RNG.choice([40, 150, 400]))
        pairs = [
            (Share(int(RNG.binomial(m, 0.3)), m), Share(int(RNG.binomial(n, 0.3)), n)),
            (sample(RNG.lognormal(5, 1, m)), sample(RNG.lognormal(5, 1, n))),
        ]
        for reference, yours in pairs:
            checks = agreement.checks("x", reference, yours, level)
            failed, total = failed + sum(not check.agrees for check in checks), total + len(checks)
    assert failed / total < level


@pytest.mark.parametrize(
    ("reference", "yours"),
    [
        (Share(1284, 4000), Share(0, 200)),  # the mean error
        (Share(1284, 4000), Share(1500, 4000)),
        (sample(RNG.lognormal(5, 1, 400)), sample(RNG.lognormal(5.9, 1, 400))),
        (sample(RNG.normal(0.974, 0.001, 10)), sample(RNG.normal(0.984, 0.001, 10))),
    ],
)
def test_other_networks_disagree(reference, yours):
    level = comparison.FALSE_ALARM / 3000
    assert not all(check.agrees for check in agreement.checks("x", reference, yours, level))


def test_rounding_errors_are_not_compared():
    values = RNG.uniform(1e-8, 1e-7, 200)
    assert all(check.agrees for check in agreement.checks("residual", sample(values), sample(5 * values), 1e-6))


def test_every_kind_of_column_has_its_quantities():
    table = pd.DataFrame(
        {
            "cell": [0, 0, 1, 1],
            "seed": [0, 1, 0, 1],
            "solved": [True, False, True, True],
            "sweeps": [10.0, np.nan, 20.0, 40.0],
            "family": ["1:2:4", None, "2:3:4", "1:2:4"],
        }
    )
    found = quantities(table, groups=["cell"])
    assert found["cell 0, solved"] == Share(1, 2)
    assert found["cell 0, sweeps (has a value)"] == Share(1, 2)
    assert found["cell 0, family = none"] == Share(1, 2)
    assert found["cell 1, sweeps"] == Sample(2, 30.0, float(np.std([20, 40], ddof=1)))
    assert "cell 0, seed" not in found
    assert list(quantities(table, ["cell"], ["solved"])) == ["cell 0, solved", "cell 1, solved"]


def test_quantities_survive_json():
    for quantity in (Share(3, 7), Sample(3, 0.5, 0.25), sample(np.arange(200.0))):
        assert from_plain(json.loads(json.dumps(to_plain(quantity)))).n == quantity.n
    assert len(sample(np.arange(200.0)).quantiles) == len(LEVELS)


def test_the_same_images_from_another_place_are_compared_and_other_images_are_not():
    ours = next(one for one in recorded.read() if one.experiment == "mnist" and one.variant == "paper")
    (about,) = ours.data.values()
    downloaded = dataclasses.replace(ours, data={"MNIST": about | {"source": "download", "detail": "from a mirror"}})
    others = dataclasses.replace(ours, data={"MNIST": about | {"sha256": {"test_images": "0"}}})
    same, other = comparison.compare([downloaded, others], [ours])
    assert same.reference is ours and other.reference is None


def test_the_recorded_runs_have_the_official_images_and_the_stand_in():
    found: dict[tuple[str, str], set[bool]] = {}
    for one in recorded.read():
        for about in one.data.values():
            found.setdefault((one.experiment, repr(one.protocol)), set()).add(about["source"] == "bundled")
    assert len(found) > 30 and all(kinds == {True, False} for kinds in found.values())


@pytest.mark.parametrize("names", [["config.yaml"], ["config.yaml", "quick.yaml"]])
def test_the_recorded_runs_have_every_variant_of_both_configurations(names):
    """If this fails after a change of the configuration, record again as CONTRIBUTING.md says."""
    known = [(one.experiment, json.loads(json.dumps(one.settings))) for one in recorded.read()]
    settings = config.read(*(ROOT / "config" / name for name in names))
    for experiment, variants in config.check(settings).items():
        for variant, protocol in variants.items():
            plain = json.loads(json.dumps(dataclasses.asdict(protocol), default=list))
            own = {key: value for key, value in plain.items() if not key.endswith("seeds")}
            assert (experiment, own) in known, f"{experiment}/{variant} of {names[-1]} was not recorded"


@pytest.mark.pipeline
def test_a_quick_run_agrees_with_the_recorded_one(finished):
    run = snakemake(finished, "verify", "--configfile", "config/quick.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "The run agrees with the recorded one" in run.stdout + run.stderr


@pytest.fixture
def results(finished, tmp_path):
    """A copy of one experiment's results."""
    shutil.copytree(finished / "results/symmetry", tmp_path / "results/symmetry")
    return tmp_path / "results"


@pytest.mark.pipeline
def test_a_run_with_other_numbers_is_outside_and_named(results, capsys):
    path = results / "symmetry/paper/networks.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("solved")
    pq.write_table(table.set_column(place, "solved", pa.array([False] * len(table))), path)
    with pytest.raises(SystemExit) as stop:
        main(["--results", str(results), "verify"])
    text = capsys.readouterr().out
    assert stop.value.code == 1
    assert "symmetry/paper: solved" in text and "OUTSIDE" in text and "does not agree" in text


@pytest.mark.pipeline
def test_fewer_networks_agree(results, capsys):
    path = results / "symmetry/paper/networks.parquet"
    pq.write_table(pq.read_table(path)[:120], path)
    assert main(["--results", str(results), "verify", "--all"]) == 0
    assert "agrees" in capsys.readouterr().out


@pytest.mark.pipeline
def test_recorded_values_are_read_as_they_were_written(results, tmp_path):
    runs = list(recorded.finished(results))
    assert recorded.write(tmp_path / "recorded.json", [*runs, *runs]) == len(runs)
    compared = comparison.compare(runs, recorded.read(tmp_path / "recorded.json"))
    assert all(one.same_seeds and not one.differing and not one.outside for one in compared)


def test_no_results_and_no_recorded_runs_are_named(tmp_path, capsys):
    assert main(["--results", str(tmp_path), "verify"]) == 2
    assert "holds no results" in capsys.readouterr().err
    (tmp_path / "recorded.json").write_text("{}")
    with pytest.raises(recorded.UserError, match="holds no recorded runs"):
        recorded.read(tmp_path / "recorded.json")


@pytest.mark.pipeline
def test_a_damaged_table_is_named(results, capsys):
    (results / "symmetry/paper" / tables.TABLE).write_text("not parquet")
    assert main(["--results", str(results), "verify"]) == 2
    assert f"{tables.TABLE} is damaged or incomplete; delete it" in capsys.readouterr().err
