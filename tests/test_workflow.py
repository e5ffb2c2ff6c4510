"""The pipeline as a user runs it, in a temporary copy of the project: nothing here touches the real results."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
QUICK = ("--configfile", "config/quick.yaml")
LEFT_BEHIND = shutil.ignore_patterns("results", ".venv", ".git", ".snakemake", "*cache*", "__pycache__", "uv.lock")


def snakemake(folder, *options):
    """Run Snakemake in a copy of the project, with the copy's own source files in charge."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *options]
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)


def environment(folder):
    """What a shell in that folder has: this Python first, and the copy's own package."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


def planned(folder, *options):
    """How many jobs of each rule a dry run plans."""
    told = snakemake(folder, "--dry-run", *QUICK, *options)
    assert told.returncode == 0, told.stdout + told.stderr
    counts = re.findall(r"^([a-z_0-9]+) +(\d+)$", told.stdout + told.stderr, re.MULTILINE)
    return {rule: int(count) for rule, count in counts if rule != "total"}


def copy(target):
    shutil.copytree(ROOT, target, ignore=LEFT_BEHIND, dirs_exist_ok=True)
    return target


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy in which everything has been built with the quick configuration."""
    folder = copy(tmp_path_factory.mktemp("project"))
    made = snakemake(folder, *QUICK)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture
def edited(finished):
    """The finished copy, and a way to edit a file in it that is undone after the test."""
    undo = []

    def edit(name, old, new):
        path = finished / name
        text = path.read_text()
        assert old in text
        undo.append((path, text, path.stat()))
        path.write_text(text.replace(old, new, 1))

    yield finished, edit
    for path, text, stat in undo:
        path.write_text(text)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_everything_is_built(finished):
    pages = [f"report/report.{kind}" for kind in ("html", "pdf")]
    pages += [f"assignment/assignment.{kind}" for kind in ("ipynb", "html", "pdf")]
    for name in pages:
        assert (finished / "results" / name).stat().st_size > 10_000, name


def test_a_second_run_does_nothing(finished):
    assert planned(finished) == {}
    assert "Nothing to be done" in (again := snakemake(finished, *QUICK)).stdout + again.stderr


def test_a_changed_variant_reruns_only_its_own_jobs(finished):
    (finished / "mine.yaml").write_text(
        "experiments: {symmetry: {seeds: 200, variants: {targets_0.1_0.9: {targets: [0.2, 0.8]}}}}"
    )
    jobs = planned(finished, "mine.yaml")
    assert jobs["train"] == jobs["analyse"] == jobs["find"] == jobs["draw_symmetry"] == jobs["report"] == 1


def test_an_edited_sentence_retrains_and_redraws_nothing(edited):
    folder, edit = edited
    edit("report/sections/20_symmetry.md.j2", "the", "thee")
    assert planned(folder) == {"all": 1, "report": 1}


def test_an_edited_figure_retrains_nothing(edited):
    folder, edit = edited
    edit("src/backprop/experiments/symmetry/figures.py", '"""', '"""Edited. ')
    jobs = planned(folder)
    assert jobs["draw_symmetry"] == jobs["report"] == 1
    assert not {"train", "analyse", "find"} & set(jobs)


def test_an_edited_engine_retrains(edited):
    folder, edit = edited
    edit("src/backprop/engine/networks.py", '"""', '"""Edited. ')
    assert planned(folder)["train"] >= 2


def test_a_single_file_and_an_experiment_are_targets(finished):
    (finished / "results/symmetry/figures/sweeps.svg").unlink()
    assert planned(finished, "--", "results/symmetry/figures/sweeps.svg")["draw_symmetry"] == 1
    assert snakemake(finished, *QUICK, "--", "symmetry").returncode == 0
    assert (finished / "results/symmetry/figures/sweeps.svg").exists()
    assert snakemake(finished, *QUICK).returncode == 0


def test_a_killed_job_leaves_nothing_half_written_and_the_next_run_goes_on(tmp_path):
    folder = copy(tmp_path)
    out = folder / "results/symmetry/paper"
    (folder / "long.yaml").write_text("experiments: {symmetry: {seeds: 64, common: {sweeps: 1000000}}}")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "long.yaml"]
    target = "results/symmetry/paper/networks.parquet"
    running = subprocess.Popen(
        [*command, "--", target], cwd=folder, env=environment(folder), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    log = folder / "results/logs/train/symmetry/paper.log"
    deadline = time.monotonic() + 60
    while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not list(out.glob("*.safetensors")), "no result of a killed job"
    (folder / "long.yaml").write_text("experiments: {symmetry: {seeds: 8, common: {sweeps: 50}}}")
    again = snakemake(folder, "--configfile", "long.yaml", "--", target)
    assert again.returncode == 0, again.stdout + again.stderr
    assert [path.name for path in sorted(out.iterdir())] == ["networks.parquet", "trained.safetensors"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("device=gpu", ["device is 'gpu'", "auto, cpu, cuda, mps"]),
        ("devise=cpu", ["unknown key 'devise'"]),
        # inside braces on the command line Snakemake takes every number for a word; the bound itself: test_protocol
        ("experiments={symmetry: {seeds: -1}}", ["seeds is '-1'", "expected an integer"]),
        ("experiments={symmetry: {seeds: []}}", ["seeds is an empty list"]),
        ("experiments={symmetry: {variants: {paper: {}}}}", ["'paper'", "another name"]),
        ("experiments={symmetry: {variants: {x: {epsilon: 1e-3}}}}", ["epsilon is '1e-3'", "1.0e-3"]),
        ("experiments={symmetry: {variants: {x: {hidden: sigmoid}}}}", ["hidden is 'sigmoid'", "logistic"]),
    ],
)
def test_a_mistake_in_the_configuration_is_one_sentence_before_any_job(tmp_path_factory, option, words, request):
    folder = request.getfixturevalue("finished")
    told = snakemake(folder, "--config", option)
    message = told.stdout + told.stderr
    assert told.returncode != 0
    assert "Traceback" not in message
    assert "rule train" not in message
    for word in words:
        assert word in message


def test_a_device_that_is_not_there_is_named_before_any_job(finished):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    told = snakemake(finished, "--config", "device=cuda")
    message = told.stdout + told.stderr
    assert told.returncode != 0
    assert "cuda" in message and "cpu" in message and "Traceback" not in message and "rule train" not in message


def test_a_command_by_hand_names_a_mistake(tmp_path):
    command = [sys.executable, "-m", "backprop", "train", "symmetry", "--variant", "nobody"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr.startswith("backprop: 'nobody' is not a variant of symmetry; allowed are paper")
    assert "Traceback" not in told.stderr


def commands():
    """Every command in the README's shell blocks, without its comment."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


RUN_ELSEWHERE = ("pip install uv", "uv run pytest")
"""Commands of the README that bring this test about."""


def test_the_readme_has_the_commands_that_are_run_below():
    assert set(RUN_ELSEWHERE) <= set(commands())
    assert sum("snakemake" in command for command in commands()) >= 6


@pytest.mark.parametrize("command", [c for c in commands() if c not in RUN_ELSEWHERE])
def test_every_command_of_the_readme_works(finished, command):
    words = shlex.split(command)
    assert words[:2] == ["uv", "run"]
    words = words[2:]
    if words[:2] == ["--extra", "jax"]:
        words = words[2:]
    if words[0] == "snakemake":
        told = snakemake(finished, "--dry-run", *[word for word in words[3:] if word != "--dry-run"])
    else:
        assert words[0] == "python"
        quick = ["--config", "config/config.yaml", "--config", "config/quick.yaml"] if "train" in words else []
        by_hand = [sys.executable, *words[1:], *quick]
        told = subprocess.run(
            by_hand, cwd=finished, env=environment(finished), capture_output=True, text=True, check=False
        )
    assert told.returncode == 0, told.stdout + told.stderr
