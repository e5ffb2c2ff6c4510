"""The stored summary of the million networks: its numbers, its schema, and the page that prints it."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import yaml

from backprop import config, strict_yaml
from backprop.__main__ import main
from backprop.documents import pages, report
from backprop.evidence import formatting
from backprop.experiments.symmetry import million
from backprop.experiments.symmetry.protocol import Protocol
from backprop.stages import analyse, train
from tests import experiments
from tests.pipeline import ROOT

STORED = ROOT / "report" / "stored" / "million.yaml"
SHARE = {"count", "n", "rate", "low", "high"}


def networks():
    """A table of 20,000 networks whose rates, rare family and times are known."""
    rng = np.random.default_rng(0)
    n = 20_000
    kind = rng.choice(["1:2:4", "2:3:4", "1:3:4", "scattered", "failed"], n, p=[0.5, 0.2, 0.0025, 0.0025, 0.295])
    centre = {"1:2:4": (2, 4), "2:3:4": (1.5, 2), "1:3:4": (3, 4), "failed": (1, 1)}
    ratios = np.array([centre.get(name) or 2 ** rng.uniform(3, 8, 2) for name in kind]) * rng.normal(1, 0.004, (n, 2))
    times = np.where(kind == "failed", np.nan, 500 + rng.geometric(1 / 1000, n).clip(max=4000))
    family = np.where(kind == "failed", "", np.where(np.isin(kind, ["1:2:4", "2:3:4"]), kind, "other"))
    return kind, pd.DataFrame(
        {
            "seed": np.arange(n), "solved": kind != "failed", "sweeps_0.5": times, "sweeps_0.1": times + 20,
            "error_at_cap": np.where(kind == "failed", rng.choice([3.0, 3.5], n, p=[0.9, 0.1]), 0.0),
            "ratio_middle": ratios[:, 0], "ratio_large": ratios[:, 1], "family": family, "distance": rng.random(n),
        }
    )  # fmt: skip


def test_the_summary_counts_what_is_there_and_finds_the_rare_family():
    kind, table = networks()
    found = million.summary(table, {"sweeps": 5000})
    assert found["solved"]["count"] == (kind != "failed").sum()
    families = {row["name"]: row for row in found["families"]}
    assert list(families) == ["1:2:4", "2:3:4", "1:3:4"]
    assert [row["rare"] for row in families.values()] == [False, False, True]
    for name, row in families.items():
        assert row["count"] == (kind == name).sum()
        assert kind[row["seed"]] == name, "the example belongs to its family"
    assert found["other"]["count"] == np.isin(kind, ["1:3:4", "scattered"]).sum()
    assert found["settled"]["count"] == found["solved"]["count"] and found["moving"]["n"] == 0
    assert [row["level"] for row in found["levels"]] == [3.0, 3.5]
    assert found["closest"]["seed"] == table.distance[table.solved].idxmin()


def test_a_network_that_has_just_solved_the_task_makes_no_family():
    kind, table = networks()
    late = np.isin(kind, ["1:3:4", "scattered"])
    found = million.summary(table.assign(**{"sweeps_0.1": table["sweeps_0.1"].where(~late)}), {"sweeps": 5000})
    assert [row["name"] for row in found["families"]] == ["1:2:4", "2:3:4"]
    assert found["other"]["count"] == 0 and found["moving"]["count"] == found["moving"]["n"] == late.sum()
    text = experiments.section("87_million", {"stored": {"million": found}})
    assert "No settled network is in any other family" in text


def test_the_hazard_is_the_rate_of_the_process_that_made_the_times():
    _, table = networks()
    table["solved"], table["sweeps_0.5"] = True, np.random.default_rng(1).geometric(1 / 1000, len(table)).astype(float)
    table.loc[table["sweeps_0.5"] > 5000, ["sweeps_0.5"]] = np.nan
    rows = million.summary(table.assign(solved=table["sweeps_0.5"].notna()), {"sweeps": 5000})["hazard"]
    assert [(row["after"], row["to"]) for row in rows][:2] == [(0, 500), (500, 1000)]
    assert sum(row["count"] for row in rows) == table["sweeps_0.5"].notna().sum()
    expected = 1 - (1 - 1 / 1000) ** 500
    assert sum(row["low"] <= expected <= row["high"] for row in rows) >= 8
    for before, after in pairwise(rows):
        assert after["at_risk"] == before["at_risk"] - before["count"]


def test_the_configuration_trains_a_million_networks_of_the_paper_beside_the_others():
    checked = config.check(config.read(ROOT / "config/config.yaml", ROOT / "config/million.yaml"))["symmetry"]
    assert set(checked) == {"paper", "targets_0.1_0.9", million.VARIANT}
    assert checked[million.VARIANT].departures() == {"record_every": 5000}
    assert checked[million.VARIANT].seed_count == 10**6


@pytest.fixture
def few(tmp_path):
    """The summary of a few networks, made by the command."""
    protocol = Protocol(seeds=300, sweeps=1500, until_solved=True, record_every=5000)
    folder = tmp_path / "symmetry" / million.VARIANT
    train.run("symmetry", protocol, "cpu", {}, folder)
    analyse.run("symmetry", protocol, folder)
    out = tmp_path / "stored" / "million.yaml"
    assert main(["--results", str(tmp_path), "million", "--out", str(out)]) == 0
    return strict_yaml.load(out)


def schema(content):
    """The keys of a mapping, those within it too; of the rows of a list, those of the first."""
    if isinstance(content, dict):
        return {key: schema(value) for key, value in content.items() if key != "protocol"}
    return [schema(content[0])] if isinstance(content, list) and content else None


def test_the_stored_summary_has_the_schema_that_the_command_writes(few):
    stored = strict_yaml.load(STORED)
    assert schema(stored) == schema(few)
    assert set(stored["solved"]) == SHARE
    assert set(stored["protocol"]) == set(few["protocol"])
    assert STORED.stat().st_size < 10_000
    assert stored["command"] in (ROOT / "config/million.yaml").read_text()


def test_the_stored_summary_adds_up():
    stored = strict_yaml.load(STORED)
    n, solved = stored["networks"], stored["solved"]["count"]
    assert n == stored["protocol"]["seeds"] == stored["solved"]["n"]
    assert sum(row["count"] for row in stored["hazard"]) == solved
    rare = sum(row["count"] for row in stored["families"] if row["rare"])
    named = sum(row["count"] for row in stored["families"])
    settled = stored["settled"]["count"]
    assert named - rare + stored["other"]["count"] == settled == stored["other"]["n"]
    assert stored["moving"]["n"] == solved - settled
    assert rare <= stored["other"]["count"]


@pytest.mark.parametrize("source", ["stored", "few"])
def test_the_page_prints_the_summary(source, few):
    m = strict_yaml.load(STORED) if source == "stored" else few
    text = experiments.section("87_million", {"stored": {"million": m}})
    for family in m["families"]:
        rate = formatting.rate(family["rate"], family["low"], family["high"], 3)
        assert f"settled, {family['name']}" in text
        assert f"| {formatting.thousands(family['count'])} | {rate} |" in text
    for level in m["levels"]:
        assert f"E = {formatting.fixed(level['level'], 1)} | {formatting.thousands(level['count'])} |" in text
    assert f"| {formatting.thousands(m['solved']['count'])} | {formatting.percent(m['solved']['rate'], 2)}" in text
    assert m["command"] in text
    assert f"trained {formatting.thousands(m['networks'])} networks" in text


def test_templates_get_every_stored_summary():
    assert report.stored(pages.KIT) == {"million": yaml.safe_load(STORED.read_text())}
