"""The environment is the same for everyone, and no file of the project names the source of a package."""

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
    assert locked()[0][name.lower()] == version, "run the command in the first lines of envs/requirements.txt"


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
