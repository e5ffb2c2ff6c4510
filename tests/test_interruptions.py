"""A run that is killed at any moment resumes to the same results; two runs do not disturb each other."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backprop.experiments.symmetry.protocol import Protocol
from backprop.results import manifest
from backprop.stages import train
from tests.pipeline import QUICK, copy, snakemake, variables

pytestmark = pytest.mark.pipeline

STAGES = {
    "fetch/MNIST.log": "results/data/MNIST.safetensors",
    "train/mnist/dropout.log": "results/mnist/dropout/trained.safetensors",
    "train/symmetry/paper.log": "results/symmetry/paper/trained.safetensors",
    "analyse/symmetry/paper.log": "results/symmetry/paper/networks.parquet",
    "find/symmetry.log": "results/symmetry/findings.json",
    "draw/symmetry.log": "results/symmetry/figures/moments.svg",
    "assignment.log": "assignment",
    "report.log": "report",
}
"""A target of each stage, by the log of its last job, in the order of the workflow."""

DELAYS = (0.1, 1.2, 2.5)
"""Seconds from the start of a job to a kill, about: during the imports, the computation and the writing."""

LONG = "experiments: {symmetry: {seeds: 64, common: {sweeps: 1000000}}}"
"""A configuration whose training takes minutes."""


def start(folder, *options):
    """Start Snakemake in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *options], cwd=folder, env=variables(folder),
        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        # a shell starts its background jobs with SIGINT ignored, and pytest may be in one
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def wait_for(log, running, seconds=120):
    """Wait until a job that starts now has created its log, or the run has ended."""
    log.unlink(missing_ok=True)
    deadline = time.monotonic() + seconds
    while not log.exists() and running.poll() is None:
        assert time.monotonic() < deadline, f"{log} does not appear"
        time.sleep(0.02)


def kill(running):
    """Kill the process group, and read its output to the end; whether it was still running."""
    alive = running.poll() is None
    if alive:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    return alive


def survivors(folder):
    """Processes that a run in this folder has started and that still run."""
    mark = f"PYTHONPATH={folder / 'src'}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes())
        except OSError:  # it has ended, or belongs to another user
            continue
    return found


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_resumes_to_the_same_results(finished, tmp_path):
    expected = manifest.digests(finished / "results")
    folder = shutil.copytree(finished, tmp_path / "project")
    for name in ("mnist", "symmetry", "report", "assignment"):
        shutil.rmtree(folder / "results" / name)
    (folder / "results/data/MNIST.safetensors").unlink()
    draw, kills = random.Random(1986), 0
    for log, target in STAGES.items():
        for delay in DELAYS:
            running = start(folder, target, *QUICK)
            wait_for(folder / "results/logs" / log, running)
            time.sleep(delay * draw.uniform(0.5, 1.5))
            kills += kill(running)
    assert kills >= 10
    run = snakemake(folder, *QUICK)
    assert run.returncode == 0, run.stdout + run.stderr
    assert manifest.digests(folder / "results") == expected
    assert not list((folder / "results").rglob(".*")), "a temporary file is left"
    deadline = time.monotonic() + 10
    while survivors(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not survivors(folder), "a process is left"


def test_a_kill_among_shards_loses_only_shards_and_more_seeds_train_only_new_ones(tmp_path):
    folder = copy(tmp_path / "project")
    shards, target = folder / "results/shards/symmetry/paper", "results/symmetry/paper/trained.safetensors"

    def configure(seeds, jobs):
        fields = f"{{seeds: {seeds}, shards: {jobs}, common: {{sweeps: 100000, record_every: 1000}}}}"
        (folder / "shards.yaml").write_text(f"experiments: {{symmetry: {fields}}}")

    configure(60, 3)
    running = start(folder, target, "--configfile", "shards.yaml", "--cores", "1")
    deadline = time.monotonic() + 120
    # on one core, a second job starts once Snakemake has recorded that the first one is finished
    while len(list((folder / "results/logs/train/symmetry/paper").glob("*.log"))) < 2 and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert kill(running)
    kept = {path: path.stat().st_mtime_ns for path in shards.glob("*.safetensors")}
    assert 1 <= len(kept) <= 2
    run = snakemake(folder, target, "--configfile", "shards.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "a finished shard is trained again"
    whole = tmp_path / "whole"
    train.run("symmetry", Protocol(seeds=60, sweeps=100_000, record_every=1000), "cpu", {}, whole)
    assert (folder / target).read_bytes() == (whole / "trained.safetensors").read_bytes()

    configure(80, 4)
    more = snakemake(folder, "--dry-run", target, "--configfile", "shards.yaml")
    counts = dict(re.findall(r"^(train\w*) +(\d+)$", more.stdout + more.stderr, re.MULTILINE))
    assert counts == {"train_shard": "1", "train": "1"}
    assert re.search(r"symmetry +\d+ s of a core in \d+ jobs, at most 0.\d GB each", more.stderr)


def test_ctrl_c_ends_a_run_within_five_seconds(tmp_path):
    folder = copy(tmp_path / "project")
    (folder / "long.yaml").write_text(LONG)
    running = start(folder, "results/symmetry/paper/trained.safetensors", "--configfile", "long.yaml")
    wait_for(folder / "results/logs/train/symmetry/paper.log", running)
    time.sleep(1)
    os.killpg(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=5)
    assert running.returncode != 0
    assert "Traceback" not in output
    assert not list((folder / "results").rglob("*.safetensors"))
    assert not survivors(folder)


def test_a_second_run_in_the_same_folder_stops_with_one_sentence(tmp_path):
    folder = copy(tmp_path / "project")
    (folder / "long.yaml").write_text(LONG)
    target = ("results/symmetry/paper/trained.safetensors", "--configfile", "long.yaml")
    running = start(folder, *target)
    wait_for(folder / "results/logs/train/symmetry/paper.log", running)
    second = snakemake(folder, *target)
    assert kill(running)
    message = second.stdout + second.stderr
    assert second.returncode == 1
    assert "another run is at work" in message and "Traceback" not in message
