"""The environment is the same for everyone, and nothing in the project records where packages came from."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]


def locked():
    text = (ROOT / "envs/requirements.txt").read_text()
    return dict(re.findall(r"^([a-zA-Z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE)), text


@pytest.mark.parametrize("requirement", DIRECT)
def test_the_hashed_closure_is_in_step_with_the_pins(requirement):
    name, _, version = requirement.partition("==")
    assert version, f"{name} is not pinned"
    assert locked()[0][name.lower()] == version, "make envs/requirements.txt again with the command in its first lines"


def test_the_closure_has_hashes_and_no_addresses():
    versions, text = locked()
    assert len(versions) > 80
    assert text.count("--hash=sha256:") >= len(versions)
    assert "://" not in text and "--index-url" not in text


def test_the_conda_environment_has_the_same_pins():
    import yaml

    listed = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())["dependencies"][-1]["pip"]
    assert listed == PROJECT["project"]["dependencies"]


def test_no_registry_address_and_no_lock_file_is_committed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert "uv.lock" not in listed.stdout.split()


def test_every_field_of_every_protocol_is_explained():
    import dataclasses

    from backprop import config, dependencies

    text = (ROOT / "config/README.md").read_text()
    for experiment in dependencies.experiments():
        section = text.partition(f"## Fields of `{experiment}`")[2].partition("\n## ")[0]
        assert section, f"config/README.md has no section on {experiment}"
        for field in dataclasses.fields(config.protocol_class(experiment)):
            assert f"`{field.name}`" in section or f"`{field.name}`" in text.partition("## Fields of `symmetry`")[2], (
                f"config/README.md does not explain {experiment}.{field.name}"
            )
