"""The pipeline as a user runs it, in a temporary copy of the project: nothing here touches the real results.

Starting Snakemake takes two seconds of a core, so each test starts it as rarely as it can.
"""

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

from backprop import strict_yaml
from backprop.__main__ import main
from tests.pipeline import QUICK, ROOT, copy, planned, snakemake, variables

pytestmark = pytest.mark.pipeline


@pytest.fixture
def edited(finished):
    """The finished copy, and a way to edit or delete a file in it that is undone after the test."""
    undo = []

    def edit(name, old="", new=""):
        path = finished / name
        content = path.read_bytes()
        undo.append((path, content, path.stat()))
        if old:
            assert old.encode() in content
            path.write_bytes(content.replace(old.encode(), new.encode(), 1))
        else:
            path.unlink()

    yield finished, edit
    for path, content, stat in undo:
        path.write_bytes(content)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_everything_is_built_and_a_second_run_does_nothing(finished):
    pages = [f"report/report.{kind}" for kind in ("html", "pdf")]
    pages += [f"assignment/assignment.{kind}" for kind in ("ipynb", "html", "pdf")]
    for name in pages:
        assert (finished / "results" / name).stat().st_size > 10_000, name
    again = snakemake(finished, *QUICK)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_changed_variant_reruns_only_its_own_jobs(finished):
    (finished / "mine.yaml").write_text(
        "experiments: {symmetry: {seeds: 200, variants: {targets_0.1_0.9: {targets: [0.2, 0.8]}}}}"
    )
    run = snakemake(finished, "--dry-run", *QUICK, "mine.yaml")
    counts = dict(re.findall(r"^([a-z_0-9]+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE))
    counts.pop("total")
    assert counts == dict.fromkeys(("all", "train", "analyse", "find", "draw_symmetry", "report"), "1")


@pytest.mark.parametrize(
    ("file", "old", "jobs"),
    [
        ("report/sections/20_learning.md.j2", "the", {"all": 1, "report": 1}),
        ("report/claims/symmetry.yaml", "claim: ", {"all": 1, "report": 1}),
        ("report/assignment.md.j2", "the", {"all": 1, "assignment": 1}),
    ],
)
def test_an_edited_text_renders_its_document_and_reruns_nothing_else(edited, file, old, jobs):
    folder, edit = edited
    edit(file, old, f"{old}edited ")
    assert planned(folder) == jobs


def test_an_edited_figure_and_an_edited_verdict_retrain_nothing(edited):
    folder, edit = edited
    edit("src/backprop/experiments/symmetry/figures.py", '"""', '"""Edited. ')
    edit("src/backprop/experiments/phase/findings.py", '"""', '"""Edited. ')
    assert planned(folder) == {"all": 1, "find": 1, "draw_symmetry": 1, "draw_phase": 1, "report": 1}


def test_an_edited_engine_retrains(edited):
    folder, edit = edited
    edit("src/backprop/engine/networks.py", '"""', '"""Edited. ')
    assert planned(folder)["train"] >= 2


def test_a_single_file_is_a_target(edited):
    folder, edit = edited
    edit("results/symmetry/figures/moments.svg")
    assert planned(folder, "results/symmetry/figures/moments.svg") == {"draw_symmetry": 1}


def test_jobs_run_with_the_python_of_snakemake_from_any_folder(tmp_path):
    """The path of Python has a space, a quote and braces, and the shell's PATH has no Python at all."""
    folder = copy(tmp_path / "a project")
    environment = tmp_path / "an {odd} folder's"
    environment.symlink_to(sys.prefix)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "cat", "env", "mkdir", "rm", "tee", "which"):
        (tools / tool).symlink_to(shutil.which(tool))
    python = environment / "bin" / Path(sys.executable).name
    run = snakemake(folder, "results/autograd/paper/networks.parquet", *QUICK, python=python, PATH=str(tools))
    assert run.returncode == 0, run.stdout + run.stderr
    assert (folder / "results/autograd/paper/networks.parquet").exists()


def test_the_million_networks_are_trained_in_shards_and_summarised(tmp_path):
    """With 300 of them; `million` needs nothing but its own variant, and writes only the stored summary."""
    folder = copy(tmp_path)
    (folder / "few.yaml").write_text(
        "experiments: {symmetry: {shards: 2, variants: {million: {seeds: 300, sweeps: 900, record_every: 900}}}}"
    )
    run = snakemake(folder, "million", "--configfile", "config/million.yaml", "few.yaml")
    assert run.returncode == 0, run.stdout + run.stderr
    summary = strict_yaml.load(folder / "report/stored/million.yaml")
    assert (summary["networks"], summary["protocol"]["sweeps"]) == (300, 900)
    results = {path.relative_to(folder / "results").parts[0] for path in (folder / "results").rglob("*.*")}
    assert results == {"logs", "shards", "symmetry"}
    assert sorted(path.name for path in (folder / "results/shards/symmetry/million").iterdir()) == [
        "0-149.safetensors",
        "150-299.safetensors",
    ]


@pytest.mark.slow
def test_a_killed_job_leaves_no_partial_result_and_the_next_run_resumes(tmp_path):
    folder = copy(tmp_path)
    out = folder / "results/symmetry/paper"
    (folder / "long.yaml").write_text("experiments: {symmetry: {seeds: 64, common: {sweeps: 1000000}}}")
    target = "results/symmetry/paper/networks.parquet"
    running = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", target, "--configfile", "long.yaml"],
        cwd=folder, env=variables(folder), start_new_session=True,
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
    again = snakemake(folder, target, "--configfile", "long.yaml")
    assert again.returncode == 0, again.stdout + again.stderr
    assert [path.name for path in sorted(out.iterdir())] == ["networks.parquet", "trained.safetensors"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        # inside braces on the command line Snakemake reads every number as text; test_config has the other errors
        (["--config", "experiments={symmetry: {seeds: -1}}"], "seeds is '-1', text; expected an integer"),
        (["--configfile", "twice.yaml"], "twice.yaml, line 2: the key 'device' is given twice, first in line 1"),
    ],
)
def test_an_error_in_the_configuration_is_one_sentence_before_any_job(tmp_path, options, words):
    folder = copy(tmp_path)
    (folder / "twice.yaml").write_text("device: cpu\ndevice: auto\n")
    run = snakemake(folder, *options)
    message = run.stdout + run.stderr
    assert run.returncode != 0
    assert words in message
    assert "Traceback" not in message and "rule train" not in message


def commands():
    """Every command in the README's shell blocks, as words without `uv run`."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [shlex.split(re.sub(r"^uv run (--extra \w+ )?", "", line)) for line in lines if line]


def test_every_command_of_the_readme_is_one_of_these_kinds():
    """`pip install uv` and `uv run pytest` are what start this test."""
    kinds = {words[0] for words in commands()}
    assert kinds == {"pip", "pytest", "snakemake", "backprop", "python"}


def test_every_snakemake_command_of_the_readme_works(finished):
    """Each is parsed as Snakemake parses it; one dry run with the targets of all then knows every one of them."""
    from snakemake.cli import get_argument_parser

    targets = []
    for words in commands():
        if words[0] == "snakemake":
            options = get_argument_parser().parse_args(words[1:])
            targets += options.targets
            assert all((finished / file).exists() for file in options.configfile or ()), words
    assert {"symmetry", "report", "assignment"} <= set(targets)
    byline = ("--config", "author=Ada Lovelace", "student_id=1815", "course=Deep Learning")
    run = snakemake(finished, "--dry-run", *targets, *QUICK, *byline)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("words", [c for c in commands() if c[0] in ("backprop", "python")], ids=" ".join)
def test_every_other_command_of_the_readme_works(finished, words, monkeypatch):
    monkeypatch.chdir(finished)
    if words[0] == "python":
        run = subprocess.run([sys.executable, *words[1:]], env=variables(finished), check=False, capture_output=True)
        assert run.returncode == 0, run.stderr
    elif "--help" in words:
        with pytest.raises(SystemExit, match=r"^0$"):
            main(words[1:])
    else:
        quick = ["--config", "config/config.yaml", "--config", "config/quick.yaml"] if "train" in words else []
        assert main([*words[1:], *quick]) == 0
