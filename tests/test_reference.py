"""The reference of the configuration is generated, in step with the protocols, and the same for README and editors."""

import dataclasses
from importlib import import_module

import jsonschema
import pytest
import yaml

from backprop import config
from backprop.__main__ import main
from backprop.documents import reference, schema

PROTOCOLS = config.protocol_classes()
SCHEMA = yaml.safe_load(schema.FILE.read_text(encoding="utf-8"))
EDITOR = jsonschema.Draft7Validator(SCHEMA)


@pytest.mark.parametrize(("option", "file"), [("--markdown", reference.README), ("--schema", schema.FILE)])
def test_the_committed_file_is_the_generated_one(option, file, capsys):
    assert main(["fields", option]) == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8"), "run `uv run backprop fields --write`"


@pytest.mark.parametrize("experiment", PROTOCOLS)
def test_every_field_is_in_the_section_of_its_experiment_or_of_the_one_it_inherits_from(experiment):
    text = reference.README.read_text(encoding="utf-8")

    def section(title):
        return text.partition(f"## Fields of {title}\n")[2].partition("\n## ")[0]

    inherits = reference.parent(PROTOCOLS[experiment], PROTOCOLS)
    places = section(f"`{experiment}`") + section(reference.BASE) + (section(f"`{inherits}`") if inherits else "")
    for field in dataclasses.fields(PROTOCOLS[experiment]):
        assert f"| `{field.name}` |" in places, field.name


def test_inherited_fields_are_not_repeated():
    names = [row.name for row in reference.rows(PROTOCOLS["online"])]
    assert "case_order" in names and "per_case" in names
    assert "weight_range" not in names
    assert reference.parent(PROTOCOLS["online"], PROTOCOLS) == "symmetry"


@pytest.mark.parametrize("experiment", PROTOCOLS)
def test_a_table_for_the_terminal_fits_and_shows_meaning_range_default_and_source(experiment):
    table = reference.table(PROTOCOLS[experiment])
    assert max(map(len, table.splitlines())) <= 100
    if experiment == "symmetry":
        words = " ".join(table.split())
        for part in ("epsilon learning rate 0 to 1,000,000 0.1", "Source: 0.1 (caption of Fig. 1)", "5000 sweeps"):
            assert part in words


def test_the_schema_is_valid_and_accepts_the_configurations_of_the_project():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    for name in ("config.yaml", "quick.yaml"):
        file = reference.README.with_name(name)
        EDITOR.validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        assert file.read_text(encoding="utf-8").startswith(
            "# yaml-language-server: $schema=../workflow/schemas/config."
        )


def test_the_schema_accepts_the_defaults_of_every_protocol():
    for experiment, protocol in PROTOCOLS.items():
        defaults = yaml.safe_load(yaml.safe_dump(schema.plain(protocol.defaults())))
        EDITOR.validate({"experiments": {experiment: {"variants": {"mine": defaults}}}})


@pytest.mark.parametrize(
    "overrides",
    [{"epsilon": -1}, {"epsilon": "1e-3"}, {"hidden": "sigmoid"}, {"epsilo": 0.1}, {"targets": [0]}, {"seeds": []}],
)
def test_an_editor_marks_what_the_check_refuses(overrides):
    settings = {"variants": {"mine": overrides}}
    assert not EDITOR.is_valid({"experiments": {"symmetry": settings}})
    with pytest.raises(config.UserError):
        config.variants("symmetry", settings)


def test_an_editor_knows_the_fields_that_a_grid_may_change():
    def study(group):
        return {"experiments": {"departures": {"variants": {"mine": {"grid": {"group": group}}}}}}

    good = [{"epsilon": 0.1}, {"epsilon": [0.1, 1]}, {"inputs": [-1, 1]}, [{"bits": 4}, {"bits": 6}], None]
    bad = [{"epsilo": 0.1}, {"epsilon": "fast"}, {"seeds": 3}]
    assert all(EDITOR.is_valid(study(group)) for group in good)
    assert not any(EDITOR.is_valid(study(group)) for group in bad)


def test_every_experiment_has_a_summary():
    for experiment in PROTOCOLS:
        assert len((import_module(f"backprop.experiments.{experiment}").__doc__ or "").splitlines()[0]) > 20
