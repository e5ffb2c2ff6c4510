"""The pipeline where a machine is unusual: it works with the same results, or stops with one clear sentence."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backprop import datasets
from backprop.__main__ import main
from backprop.results import manifest
from tests.pipeline import ROOT, copy, snakemake, variables

pytestmark = pytest.mark.pipeline

TINY = """
experiments:
  autograd: {seeds: 3}
  separability: {seeds: 2, common: {sweeps: 50}}
"""
TARGETS = ("results/autograd/findings.json", "results/separability/paper/networks.parquet")
"""Two experiments, one of which compiles a sweep with numba, and which need no data."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system or become another user")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with a tiny configuration."""
    folder = copy(tmp_path_factory.mktemp("surroundings") / "project")
    (folder / "tiny.yaml").write_text(TINY)
    return folder


@pytest.fixture(scope="module")
def expected(project):
    """The digests of the results where nothing is unusual."""
    run = snakemake(project, *TARGETS, "--configfile", "tiny.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    return manifest.digests(project / "results")


@pytest.fixture
def fresh(project, tmp_path):
    """A copy without results."""

    def ignored(folder, names):
        return {"results", ".snakemake"} if Path(folder) == project else set()

    return shutil.copytree(project, tmp_path / "fresh", ignore=ignored)


def problem(run):
    """The output of a run that must fail without a traceback."""
    output = run.stdout + run.stderr
    assert run.returncode != 0, output
    assert "Traceback" not in output, output
    return output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["50%20done", 'a "quoted" folder', "-x & ü;$HOME*?[1]'"])
def test_a_folder_of_any_name(fresh, tmp_path, expected, name):
    folder = fresh.rename(tmp_path / name)
    run = snakemake(folder, *TARGETS, "--configfile", "tiny.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert manifest.digests(folder / "results") == expected


def test_a_folder_with_a_line_break_is_refused_in_a_sentence(fresh, tmp_path):
    folder = fresh.rename(tmp_path / "two\nlines")
    assert "has a line break; rename the folder." in problem(snakemake(folder, "--dry-run", *TARGETS))


@pytest.mark.slow
def test_a_strange_shell(fresh, tmp_path, expected):
    """No HOME, the C locale, a strict umask, no caches of libraries, and no git."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "cat", "env", "mkdir", "rm", "tee", "which"):
        (tools / tool).symlink_to(shutil.which(tool))
    shell = variables(fresh) | {"LC_ALL": "C", "LANG": "C", "PATH": str(tools)}
    shell |= {"NUMBA_CACHE_DIR": "/proc/none", "MPLCONFIGDIR": "/proc/none"}
    for name in ("HOME", "XDG_CACHE_HOME"):
        shell.pop(name, None)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *TARGETS, "--configfile", "tiny.yaml"]
    run = subprocess.run(command, cwd=fresh, env=shell, umask=0o077, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert manifest.digests(fresh / "results") == expected


@pytest.mark.slow
def test_source_files_dated_in_the_future_are_named_and_leave_no_result(fresh):
    future = time.time() + 3 * 86400
    os.utime(fresh / "src/backprop/experiments/autograd/train.py", (future, future))
    output = problem(snakemake(fresh, TARGETS[0], "--configfile", "tiny.yaml"))
    assert "could indicate a clock skew problem" in output
    assert not list(fresh.glob("results/autograd/paper/*"))


@pytest.mark.slow
@needs_root
def test_another_user_whose_home_cannot_be_written(fresh, tmp_path, expected):
    """User 65534 has no home; Snakemake's own cache then needs another folder."""
    subprocess.run(["chown", "-R", "65534:65534", str(fresh)], check=True)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable]
    again = "import subprocess, sys, snakemake, torch; subprocess.run([sys.executable, '--version'], check=True)"
    if subprocess.run([*nobody, "-c", again], cwd=fresh, capture_output=True, check=False).returncode:
        pytest.skip("user 65534 may not run this Python")
    command = [*nobody, "-m", "snakemake", "--cores", "1", *TARGETS, "--configfile", "tiny.yaml"]
    environment = variables(fresh) | {"HOME": "/nonexistent", "XDG_CACHE_HOME": str(fresh / ".cache")}
    run = subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert manifest.digests(fresh / "results") == expected


def test_results_in_another_folder_are_refused_in_a_sentence(fresh, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    options = ["--directory", str(tmp_path / "elsewhere"), "--configfile", str(fresh / "config/config.yaml")]
    output = problem(snakemake(fresh, "--dry-run", *options))
    assert "results are written into the folder of the project, so --directory is not possible; copy " in output
    assert not (tmp_path / "elsewhere/results").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("mount is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@needs_root
def test_a_full_disk_leaves_no_partial_result_and_is_named(small_disk, capsys):
    protocol = '{"seeds": 200, "sweeps": 100, "record_every": 1}'
    assert main(["--results", str(small_disk), "train", "symmetry", "--protocol", protocol, "--device", "cpu"]) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    name = small_disk / "symmetry/paper/trained.safetensors"
    assert message.startswith(f"backprop: {name} cannot be written (No space left on device); ")
    assert not [path for path in small_disk.rglob("*") if path.is_file()]


def test_a_full_folder_for_temporary_files_is_named(monkeypatch, capsys):
    """Python itself takes another folder if not one byte fits into TMPDIR; this is about a later byte."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr(datasets, "fetch", full)
    assert main(["fetch", "MNIST", "--source", "bundled"]) == 2
    remedy = "free some space, or set TMPDIR to a folder on another disk."
    assert capsys.readouterr().err == f"backprop: No space left on device (/tmp/x); {remedy}\n"


def test_the_syntax_is_that_of_the_oldest_supported_python():
    import ast

    for folder in ("src", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 11))
