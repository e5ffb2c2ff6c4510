"""The configuration is checked as a whole before any job starts."""

from pathlib import Path

import pytest

from backprop import config
from backprop.protocol import UserError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("overlay", [[], ["config/quick.yaml"]])
def test_the_configurations_that_come_with_the_project_are_good(overlay):
    protocols = config.check(config.read(ROOT / "config/config.yaml", *(ROOT / path for path in overlay)))
    assert "paper" in protocols["symmetry"]
    if not overlay:
        assert all(variants["paper"].departures() == {} for variants in protocols.values()), "paper never departs"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"devise": "cpu"}, ["unknown key 'devise'", "device"]),
        ({"device": "gpu"}, ["device is 'gpu'", "auto, cpu, cuda, mps"]),
        ({"experiments": {"symetry": {}}}, ["'symetry' is not an experiment", "symmetry"]),
        ({"experiments": {"symmetry": {"seed": 3}}}, ["experiments.symmetry", "unknown key 'seed'", "seeds"]),
        ({"experiments": {"symmetry": {"seeds": -1}}}, ["experiments.symmetry", "seeds is -1"]),
        ({"experiments": {"symmetry": {"seeds": []}}}, ["seeds is an empty list"]),
        ({"experiments": {"symmetry": {"variants": {"paper": {}}}}}, ["'paper'", "another name"]),
        ({"experiments": {"symmetry": {"variants": {"a b": {}}}}}, ["variants", "'a b'"]),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"hidden": "sigmoid"}}}}},
            ["experiments.symmetry.variants.mine", "hidden is 'sigmoid'", "logistic"],
        ),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"optimizer": "adamm"}}}}},
            ["variants.mine", "optimizer is 'adamm'", "adam"],
        ),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"epsilon": "1e-3"}}}}},
            ["variants.mine", "epsilon is '1e-3'", "1.0e-3"],
        ),
    ],
)
def test_mistakes_are_named(content, words):
    with pytest.raises(UserError) as caught:
        config.check(content)
    for word in words:
        assert word in str(caught.value)


def test_later_files_lie_over_earlier_ones(tmp_path):
    (tmp_path / "a.yaml").write_text("experiments: {symmetry: {seeds: 5, variants: {mine: {epsilon: 0.2}}}}")
    (tmp_path / "b.yaml").write_text("experiments: {symmetry: {seeds: 2}}")
    protocols = config.check(config.read(tmp_path / "a.yaml", tmp_path / "b.yaml"))
    assert protocols["symmetry"]["mine"].seeds == 2
    assert protocols["symmetry"]["mine"].departures() == {"epsilon": 0.2}


def test_files_that_are_not_there_or_not_yaml_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.yaml: no such"):
        config.read(tmp_path / "gone.yaml")
    (tmp_path / "bad.yaml").write_text("a: [1, 2")
    with pytest.raises(UserError, match=r"bad\.yaml: not valid YAML"):
        config.read(tmp_path / "bad.yaml")
    (tmp_path / "list.yaml").write_text("- a")
    with pytest.raises(UserError, match="expected a mapping"):
        config.read(tmp_path / "list.yaml")


def test_what_a_job_is_told_makes_the_same_protocol_again():
    mine = config.variants("symmetry", {"seeds": 5, "variants": {"mine": {"targets": [0.1, 0.9]}}})["mine"]
    told = mine.overrides()
    assert config.protocol_class("symmetry").from_overrides(told) == mine
    assert set(told) == {"seeds", "targets"}
