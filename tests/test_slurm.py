"""The pipeline on a Slurm cluster: the one of `slurm_cluster`, which is this machine."""

import importlib.util
import os
import re
import subprocess
import sys
import time

import pytest

from backprop.results import manifest
from tests import slurm_cluster
from tests.pipeline import QUICK, copy, snakemake, variables

pytestmark = [pytest.mark.pipeline, pytest.mark.slow]

PROFILE = ("--profile", "profiles/slurm")
# the cluster of the tests has no accounting, and its jobs are short
IMPATIENT = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1", "--slurm-no-account")
TARGETS = ("symmetry", "assignment")


@pytest.fixture(scope="module", autouse=True)
def installed():
    """Skip where Slurm or Snakemake's plugin is missing; in CI that is a failure."""
    missing = slurm_cluster.missing()
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        missing.append("snakemake-executor-plugin-slurm (uv run --extra slurm)")
    if missing:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report(f"not installed: {', '.join(missing)}; Debian has Slurm in the packages slurm-wlm and munge")


def slurm_jobs(output):
    """The number of Slurm jobs in a dry run's output: groups, and jobs that are neither in a group nor local."""
    return len(re.findall(r"^\[.*\] Group job ", output, re.MULTILINE)) + len(
        re.findall(r"^rule ", output, re.MULTILINE)
    )


def test_a_full_run_has_at_most_sixty_slurm_jobs(tmp_path):
    """Most of them are those of training: four networks' worth of training share one."""
    run = snakemake(copy(tmp_path / "project"), "--dry-run", *PROFILE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("    rule train:") > 40
    assert 20 < slurm_jobs(run.stdout) <= 60


def queued(environment, state, comment):
    """The numbers of the Slurm jobs in a state whose comment matches."""
    command = ["squeue", "--noheader", f"--states={state}", "--format=%A %k"]
    listed = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False).stdout
    return re.findall(rf"^(\d+) {comment}", listed, re.MULTILINE)


def wait_for(condition, seconds=90):
    """What the condition returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_a_run_through_slurm_survives_a_killed_job_and_has_the_bytes_of_a_local_run(finished, tmp_path):
    folder = copy(tmp_path / "project")
    with slurm_cluster.cluster() as cluster:
        options = (*TARGETS, *QUICK, *PROFILE, *IMPATIENT)
        first = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *options], cwd=folder, env=variables(folder) | cluster,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        (job, *_) = wait_for(lambda: queued(cluster, "RUNNING", "rule_train"))
        wait_for((folder / "results/logs/train/symmetry").exists)
        subprocess.run(["scancel", job], env=os.environ | cluster, check=True)
        output, _ = first.communicate()
        assert first.returncode == 1, output
        assert "Failed: train symmetry/" in output and "Traceback" not in output
        assert "The same command resumes." in output
        again = snakemake(folder, *options, **cluster)
        assert again.returncode == 0, again.stdout + again.stderr
        jobs = queued(cluster, "all", ".+")
    ours = manifest.digests(folder / "results")
    local = manifest.digests(finished / "results")
    assert {name.partition("/")[0] for name in ours} == set(TARGETS)
    assert ours == {name: local[name] for name in ours}
    assert len(jobs) <= 5
