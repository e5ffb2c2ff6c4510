"""What a run prints: a bar and the running jobs in a terminal, and elsewhere a line for each finished job."""

import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest

from backprop import progress
from tests.pipeline import copy, snakemake, variables

SMALL = """experiments:
  autograd: {seeds: 20}
  line: {seeds: 20}
  symmetry: {seeds: 20000, common: {sweeps: 1500}}
"""
TABLE = "results/autograd/paper/networks.parquet"
FAILS = "results/line/paper/trained.safetensors"
LONG = "results/symmetry/paper/trained.safetensors"


@pytest.fixture
def clock(monkeypatch):
    """A clock that each look at it moves on by ten seconds."""
    times = iter(range(0, 10**6, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(progress, "_started", 0)
    monkeypatch.setattr(progress, "_logged", 0)


def test_nested_loops_share_the_progress_of_the_job(clock, caplog):
    caplog.set_level(logging.INFO)
    for _ in progress.through("ab", "seed"):
        for _ in progress.through(range(5), "epoch"):
            progress.report(0.5, "2 M sweeps/s")
    states = [progress.last(line) for line in caplog.messages]
    inner = [state for state in states if state and "sweeps/s" in state.text]
    # of two seeds with five epochs each, half an epoch is a twentieth
    assert [state.percent for state in inner] == [int(100 * (number + 0.5) / 10) for number in range(10)]
    assert inner[7].text == "seed 2 of 2, epoch 3 of 5, 2 M sweeps/s"
    assert progress._loops == []


def test_a_loop_that_is_left_early_is_forgotten(clock):
    for item in progress.through(range(5), "epoch"):
        if item == 2:
            break
    assert progress._loops == []


def test_the_time_left_is_that_passed_in_proportion(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "_started", progress.time.monotonic() - 90)
    progress.report(0.25, "")
    state = progress.last("an earlier line\n" + caplog.messages[-1])
    assert state
    assert state.percent == 25
    assert state.left in ("4:30", "4:31")


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3723, "1:02:03")])
def test_a_duration_is_written_like_a_clock(seconds, text):
    assert progress.clock(seconds) == text


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which training lines fails, with few seeds, and a second logger plugin."""
    folder = copy(tmp_path_factory.mktemp("display") / "project")
    (folder / "small.yaml").write_text(SMALL)
    train = folder / "src/backprop/experiments/line/train.py"
    train.write_text(train.read_text().replace("from __future__ import annotations", "1 / 0"))
    lines = folder / "src/backprop/progress.py"
    lines.write_text(lines.read_text().replace("EVERY = 2.0", "EVERY = 0.2"))
    other = folder / "src/snakemake_logger_plugin_other"
    other.mkdir()
    (other / "__init__.py").write_text(
        "import snakemake_logger_plugin_backprop as ours\n"
        "class LogHandler(ours.LogHandler):\n"
        "    def __post_init__(self): print('the other logger')\n"
        "    def emit(self, record): pass\n"
        "    def close(self): pass\n"
    )
    return folder


@pytest.mark.pipeline
def test_without_a_terminal_each_finished_job_has_one_line(project):
    run = snakemake(project, TABLE, FAILS, "--keep-going", "--configfile", "small.yaml")
    lines = run.stderr.splitlines()
    assert run.returncode == 1
    finished = [line for line in lines if line.startswith("[")]
    assert [re.sub(r"[\d.]+ s$", "", line) for line in finished] == [
        "[1/3] train autograd/paper, ",
        "[2/3] analyse autograd/paper, ",
    ]
    assert [line for line in lines if line.startswith("Failed: train line/paper, after ")]
    assert "  ZeroDivisionError: division by zero" in lines, "the log is shown"
    assert re.search(r"Stopped after 0:\d\d: 2 of 3 jobs done, 1 failed. The same command resumes.", run.stderr)
    assert len(lines) < 60
    assert "\x1b" not in run.stderr


@pytest.mark.pipeline
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--quiet"], r"Using workflow specific profile.*\n"),
        (["--logger", "other"], r"the other logger\n"),
        (["--printshellcmds"], r"rule analyse:\n(.*\n)*    shell:|python -m backprop analyse"),
    ],
)
def test_other_loggers_and_less_or_more_output_can_be_asked_for(project, options, expected):
    run = snakemake(project, TABLE, "--forcerun", "analyse", *options, "--configfile", "small.yaml")
    assert run.returncode == 0, run.stderr
    assert re.search(expected, run.stdout + run.stderr)
    assert "[1/" not in run.stderr and "done in" not in run.stderr


def in_terminal(folder, columns, *options):
    """The bytes that Snakemake writes to a terminal of this width, as text, and its exit status."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    running = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *options, "--configfile", "small.yaml"],
        cwd=folder, env=variables(folder) | {"TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    parts = []
    while True:
        try:
            parts.append(os.read(ours, 65536))
        except OSError:  # the other end is closed
            break
    os.close(ours)
    return b"".join(parts).decode(), running.wait()


def frames(output):
    """The lines between two movements of the cursor, without colours."""
    return [re.sub(r"\x1b\[[\d;]*m", "", part) for part in re.split(r"(?:\x1b\[[\d;?]*[A-HJKhl]|\r)+", output)]


@pytest.mark.pipeline
@pytest.mark.parametrize("columns", [80, pytest.param(120, marks=pytest.mark.slow)])
def test_a_terminal_shows_a_bar_the_running_jobs_and_failures_with_their_log(project, columns):
    output, status = in_terminal(project, columns, LONG, FAILS, "--keep-going", "--forcerun", "train")
    shown = frames(output)
    assert status == 1
    assert any(re.search(r"━ 0 of 2 jobs, 1 failed, 0:\d\d", frame) for frame in shown), "the bar"
    job = [line for frame in shown for line in frame.splitlines() if line.startswith("train symmetry/paper")]
    assert any(re.search(r"\d+% +\d:\d\d left .*M sweeps/s", line) for line in job), job
    assert all(len(line) <= columns for line in job)
    assert any("━" in line for line in job) == (columns >= 100)
    text = "".join(shown)
    assert text.count("Failed: train line/paper, after ") == 1
    assert "ZeroDivisionError: division by zero" in text
    assert "[1/" not in text, "finished jobs need no line of their own"
    risen = sum(int(lines or 1) for lines in re.findall(r"\x1b\[(\d*)A", output))
    assert output.count("\n") - risen < 60
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l"), "the cursor is visible again"
