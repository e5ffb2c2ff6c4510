"""The files for contributors: every command that they name exists, and the citation is up to date."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from backprop.__main__ import main

ROOT = Path(__file__).parents[1]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = CONFIGURATION["project"]
TEMPLATES = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
SCRIPTS = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])


def commands(text):
    """The commands after `uv run` in a text, each as a list of words, without the arguments of a recipe."""
    lines = re.findall(r"\buv run (?:--extra \w+ )?([^\n`>|&#]+)", text)
    return [shlex.split(line.replace('"$@"', "")) for line in lines]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def recipes():
    """The lines of each recipe of the Justfile."""
    blocks = re.findall(r"^([a-z][a-z-]*)(?: [^:\n]*)?:\n((?:    .*\n?)+)", read("Justfile"), re.MULTILINE)
    return {name: lines for name, lines in blocks if name != "default"}


FILES = ("Justfile", ".ci/run", ".pre-commit-config.yaml", "CONTRIBUTING.md")
ALL = [words for name in FILES for words in commands(read(name))]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_and_every_file_that_it_names_exists(words):
    program, *rest = words
    if program == "backprop":
        assert program in PROJECT["scripts"]
        with pytest.raises(SystemExit) as stopped:
            main([*rest, "--help"])
        assert stopped.value.code == 0
    else:
        assert shutil.which(program, path=SCRIPTS), f"{program} is not installed by this project"
    if program == "pytest" and "-m" in rest:
        marker = rest[rest.index("-m") + 1].split()[-1]
        markers = CONFIGURATION["tool"]["pytest"]["ini_options"]["markers"]
        assert any(line.startswith(f"{marker}:") for line in markers), f"{marker} is not a marker"
    for word in rest:
        path = word.partition("=")[2] if word.startswith("-") else word
        if "/" in path or "." in path:
            generated = path.endswith("results")
            assert generated or (ROOT / path).exists(), f"{' '.join(words)}: there is no {path}"


def test_the_justfile_has_a_recipe_for_each_task():
    assert set(recipes()) == set("setup run quick test test-all lint format docs clean".split())


def test_the_linters_are_the_same_everywhere():
    *checks, tests = commands(read(".ci/run"))
    assert commands(recipes()["lint"]) == checks
    assert commands(recipes()["test-all"]) == [tests]
    hooks = {words[0] for words in commands(read(".pre-commit-config.yaml"))}
    assert hooks == {words[0] for words in checks}


def test_pre_commit_needs_no_other_repository():
    repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]


def test_the_hosted_checks_run_the_local_ones_on_supported_versions_of_python():
    job = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["checks"]
    supported = SpecifierSet(PROJECT["requires-python"])
    assert all(supported.contains(version) for version in job["strategy"]["matrix"]["python"])
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used) == 2
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+)*", action) for action in used), "an action is not pinned"
    (script,) = (step["run"] for step in job["steps"] if "run" in step)
    assert os.access(ROOT / script, os.X_OK)


def test_the_weekly_checks_loosen_every_pin(tmp_path):
    """The command in the workflow, run on a copy: `==` becomes `>=`, and no date limits the versions."""
    job = yaml.safe_load(read(".github/workflows/newest.yml"))["jobs"]["newest"]
    (loosen,) = (step["run"] for step in job["steps"] if step.get("name") == "Loosen the pins")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    subprocess.run(loosen, shell=True, cwd=tmp_path, check=True)
    loosened = tomllib.loads((tmp_path / "pyproject.toml").read_text())
    assert "exclude-newer" in CONFIGURATION["tool"]["uv"] and "exclude-newer" not in loosened["tool"]["uv"]
    for table in (CONFIGURATION, loosened):
        pinned = [
            *table["project"]["dependencies"],
            *table["dependency-groups"]["dev"],
            *(name for names in table["project"]["optional-dependencies"].values() for name in names),
        ]
        operators = {specifier.operator for text in pinned for specifier in Requirement(text).specifier}
        assert operators == ({">="} if table is loosened else {"=="})


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_an_issue_template_is_complete(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert content == {"blank_issues_enabled": False}
        return
    assert content["name"] and content["description"]
    assert len({field["id"] for field in content["body"]}) == len(content["body"])
    for field in content["body"]:
        assert field["type"] in ("input", "textarea", "dropdown", "checkboxes")
        assert field["attributes"]["label"]


def test_the_citation_has_the_version_and_the_licence_of_the_project():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["title"].startswith(PROJECT["name"])
    (paper,) = citation["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Rumelhart", "Hinton", "Williams"]
    assert (paper["volume"], paper["start"], paper["end"], paper["year"]) == (323, 533, 536, 1986)
    assert paper["doi"] == "10.1038/323533a0"


def test_the_package_is_marked_as_typed():
    assert (ROOT / "src/backprop/py.typed").is_file()
