"""The configuration is checked as a whole before any job starts, and each error is one short sentence."""

import dataclasses
import datetime
import gzip
import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from backprop import config
from backprop.protocol import UserError

ROOT = Path(__file__).parents[1]

NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 10**60, -(10**60), 10**5000, 1e300, math.inf, math.nan, "", "1e-3", "a\nb\x1b", "x" * 5000, [],
    [[]], [None], [0] * 5000, [10**400], [math.nan, math.nan], {}, {"a": {"b": {"c": [{}]}}}, {"x" * 5000: 1}, b"bytes",
    datetime.date(2024, 1, 1), {1, 2},
)  # fmt: skip
"""Values that no field expects, or few do."""


def error(content):
    """The message about a configuration; empty if it is accepted."""
    try:
        config.check(content)
    except UserError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("overlay", [[], ["config/quick.yaml"]])
def test_the_configurations_that_come_with_the_project_are_good(overlay):
    protocols = config.check(config.read(ROOT / "config/config.yaml", *(ROOT / path for path in overlay)))
    assert "paper" in protocols["symmetry"]
    if not overlay:
        assert all(variants["paper"].departures() == {} for variants in protocols.values()), "paper never departs"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"devise": "cpu"}, ["the configuration: unknown key 'devise'; did you mean device? Allowed are author, "]),
        ({"device": "gpu"}, ["device is 'gpu'; allowed are auto, cpu, cuda, mps."]),
        ({"device": ["cpu"]}, ["device is ['cpu']; allowed are auto, cpu, cuda, mps."]),
        ({"author": None}, ["author is null; expected text"]),
        ({"data": {"source": 3}}, ["data.source is 3; expected text"]),
        ({"data": {"sauce": "auto"}}, ["data: unknown key 'sauce'; did you mean source? Allowed are source."]),
        ({"assignment": {"networks": 3}}, ["assignment: networks is 3; it must be at least 20"]),
        ({"assignment": {"workarounds": ["small"]}}, ["assignment: workarounds: unknown row 'small'; did you mean"]),
        ({"experiments": []}, ["experiments is []; expected a mapping"]),
        ({"experiments": {"symetry": {}}}, ["unknown experiment 'symetry'; did you mean symmetry? Allowed are auto"]),
        ({"experiments": {"symmetry": {"seed": 3}}}, ["experiments.symmetry: unknown key 'seed'; did you mean seeds?"]),
        ({"experiments": {"symmetry": {"seeds": -1}}}, ["experiments.symmetry: seeds is -1; allowed is a count"]),
        ({"experiments": {"symmetry": {"seeds": []}}}, ["seeds is an empty list"]),
        ({"experiments": {"symmetry": {"seeds": 10**20}}}, ["seeds is 100000000000000000000; allowed is a count"]),
        ({"experiments": {"symmetry": {"variants": {"paper": {}}}}}, ["'paper' always exists", "another name"]),
        ({"experiments": {"symmetry": {"variants": {"a b": {}}}}}, ["variants: 'a b' cannot name a variant"]),
        ({"experiments": {"symmetry": {"variants": {"figures": {}}}}}, ["variants: 'figures' cannot name a variant"]),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"hidden": "sigmoid"}}}}},
            ["experiments.symmetry.variants.mine: hidden is 'sigmoid'; allowed are logistic, tanh"],
        ),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"optimizer": "adamm"}}}}},
            ["variants.mine: optimizer is 'adamm'; allowed are descent, sgd"],
        ),
        (
            {"experiments": {"symmetry": {"variants": {"mine": {"epsilon": "1e-3"}}}}},
            ["variants.mine: epsilon is '1e-3', text; expected a number", "1.0e-3"],
        ),
        ({"experiments": {"symmetry": {"variants": {"mine": {"epsilon": 10**60}}}}}, ["epsilon is 1e+60; it must"]),
    ],
)  # fmt: skip
def test_errors_are_named(content, words):
    for word in words:
        assert word in error(content)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("1", "YAML does not read the name 1 as text; put it in quotes."),
        ("0.1", "YAML does not read the name 0.1 as text; put it in quotes."),
        ("2024-01-01", "YAML does not read the name 2024-01-01 as text; put it in quotes."),
        ("null", "YAML does not read the name null as text; put it in quotes."),
        ("no", "YAML reads no, off, yes and on as false and true; put such a name in quotes."),
        ("on", "YAML reads no, off, yes and on as false and true; put such a name in quotes."),
    ],
)
@pytest.mark.parametrize(
    "place", ["experiments.symmetry.variants", "experiments.departures.common.grid", "experiments"]
)
def test_a_name_that_yaml_does_not_read_as_text_needs_quotes(tmp_path, key, words, place):
    path = tmp_path / "config.yaml"
    path.write_text(": {".join(place.split(".")) + f": {{{key}: {{}}" + "}" * len(place.split(".")))
    assert error(config.read(path)) == f"{place}: {words}"
    path.write_text(path.read_text().replace(key, f'"{key}"'))
    assert "YAML" not in error(config.read(path))


def test_every_error_is_one_short_line_whatever_a_field_holds():
    """Every field of every experiment with two nasty values each, in turn: refused in one line, or accepted."""
    nasty = itertools.cycle(NASTY)
    tried = 0
    for experiment, kind in config.protocol_classes().items():
        for field in dataclasses.fields(kind):
            for place in ("common", "variants"):
                overrides = {field.name: next(nasty)}
                settings = {place: overrides if place == "common" else {"mine": overrides}}
                message = error({"experiments": {experiment: settings}})
                assert message.isprintable() and len(message) <= 300, (experiment, field.name)
                tried += 1
    assert tried > 250


@pytest.mark.parametrize("keys", ["author", "device", "data", "data.source", "experiments", "experiments.symmetry",
                                  "experiments.symmetry.seeds", "experiments.symmetry.variants.mine",
                                  "experiments.departures.common.grid", "experiments.departures.common.grid.group",
                                  "experiments.departures.common.grid.group.epsilon"])  # fmt: skip
def test_every_error_is_one_short_line_whatever_a_key_holds(keys):
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    for value in (*NASTY, deep):
        content = value
        for key in reversed(keys.split(".")):
            content = {key: content}
        message = error(content)
        assert message.isprintable() and len(message) <= 300, value


def test_later_files_change_single_keys_of_earlier_ones(tmp_path):
    (tmp_path / "a.yaml").write_text("experiments: {symmetry: {seeds: 5, variants: {mine: {epsilon: 0.2}}}}")
    (tmp_path / "b.yaml").write_text("experiments: {symmetry: {seeds: 2}}")
    protocols = config.check(config.read(tmp_path / "a.yaml", tmp_path / "b.yaml"))
    assert protocols["symmetry"]["mine"].seeds == 2
    assert protocols["symmetry"]["mine"].departures() == {"epsilon": 0.2}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1, 2", ", line 1: not valid YAML: expected ',' or ']', but got '<stream end>'."),
        (b"a: 1\n\tb: 2", ", line 2: not valid YAML: found character '\\t' that cannot start any token."),
        (b"a:\n  b: 1\n c: 2", ", line 3: not valid YAML: the indentation of this line does not fit the lines above."),
        (b"a: *nothing", ", line 1: not valid YAML: found undefined alias 'nothing'."),
        (b"a: &a {b: *a}", ", line 1: not valid YAML: found unconstructable recursive node."),
        (b"author: \x00", ", line 1: not valid YAML: special characters are not allowed."),
        (b"- a", ": holds ['a']; expected keys such as author, student_id, course, "),
        (b"seeds: 5\nseeds: 6", ", line 2: the key 'seeds' is given twice, first in line 1; keep one."),
        (b"a: {b: 1, c: {b: 1}, b: 2}", ", line 1: the key 'b' is given twice, first in line 1; keep one."),
        (b"day: 2020-13-45", ", line 1: '2020-13-45' is not a valid timestamp; for text, use quotes."),
        (b"a: 1\nb: " + b"1" * 6000, ", line 2: '111111"),
        ("author: Ren\u00e9".encode("latin-1"), ", line 1: not UTF-8 text; save the file as UTF-8."),
        ("a: 1\nauthor: \u20ac".encode("utf-16"), ", line 1: not UTF-8 text; save the file as UTF-8."),
        (gzip.compress(b"author: me", mtime=0), ", line 1: not UTF-8 text; save the file as UTF-8."),
        (b"a: " + b"[" * 2000 + b"]" * 2000, ": nested too deeply; at most 20 levels are allowed."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, content, words):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        config.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}{words}")
    assert message.isprintable()


def test_a_file_that_does_not_exist_and_a_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.yaml: no such file\."):
        config.read(tmp_path / "gone.yaml")
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)\."):
        config.read(tmp_path)


def test_a_byte_order_mark_and_merged_keys_are_accepted(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("\ufeffbase: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}", encoding="utf-8")
    assert config.read(path)["more"] == {"a": 1, "b": 3}


def test_the_overrides_of_a_job_make_the_same_protocol_again():
    mine = config.variants("symmetry", {"seeds": 5, "variants": {"mine": {"targets": [0.1, 0.9]}}})["mine"]
    overrides = mine.overrides()
    assert config.protocol_class("symmetry").from_overrides(overrides) == mine
    assert set(overrides) == {"seeds", "targets"}
