"""Each message that TROUBLESHOOTING.md quotes is printed when a user does what the page says.

An entry of the page is a heading, and each of its code blocks without a language is a message. A function here does
what the user did and yields the outputs, one for each message.
"""

import errno
import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from backprop import datasets
from backprop.__main__ import main
from backprop.documents import report
from backprop.protocol import UserError
from snakemake_logger_plugin_backprop import mistakes
from tests import test_damage
from tests.pipeline import ROOT, copy, snakemake, variables
from tests.test_damage import results, trained
from tests.test_datasets import archives, published
from tests.test_report import edit, sample

__all__ = ["archives", "published", "results", "sample", "trained"]  # fixtures

PAGE = (ROOT / "TROUBLESHOOTING.md").read_text(encoding="utf-8")
PRODUCERS: dict[str, Callable] = {}
"""What does as the user did, by the heading of the entry."""


def entries():
    """The messages on the page, by heading."""
    blocks = re.split(r"^### (.+)\n", PAGE, flags=re.MULTILINE)[1:]
    return {
        heading: re.findall(r"^```\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for heading, text in zip(blocks[::2], blocks[1::2], strict=True)
    }


def shown(message, output):
    """Whether an output has a message of the page, in which "..." stands for anything and lines are wrapped."""
    parts = [re.escape(" ".join(part.split())) for part in message.split("...")]
    return re.search(r"\s*.*\s*".join(parts), " ".join(output.split()))


def produces(heading):
    """Registers a function for the entry of this heading."""

    def register(function):
        PRODUCERS[heading] = function
        return function

    return register


@dataclass
class User:
    """A user in an empty folder."""

    capsys: pytest.CaptureFixture
    caplog: pytest.LogCaptureFixture
    monkeypatch: pytest.MonkeyPatch
    request: pytest.FixtureRequest

    def backprop(self, *arguments):
        """What a command that fails prints."""
        assert main([*map(str, arguments)]) == 2
        captured = self.capsys.readouterr()
        return captured.out + captured.err

    def snakemake(self, *options, **more):
        """What a run that fails prints in a copy of the project."""
        run = snakemake(self.project, *options, **more)
        output = run.stdout + run.stderr
        assert run.returncode, output
        assert "Traceback" not in output, output
        return output

    @property
    def project(self):
        return self.request.getfixturevalue("project")

    def fixture(self, name):
        return self.request.getfixturevalue(name)


@pytest.fixture
def user(tmp_path, monkeypatch, capsys, caplog, request):
    monkeypatch.chdir(tmp_path)
    for name in (datasets.LOCAL, datasets.MIRROR):
        monkeypatch.delenv(name, raising=False)
    return User(capsys, caplog, monkeypatch, request)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy(tmp_path_factory.mktemp("troubleshooting") / "project")


@produces("The wrong folder")
def _(user):
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"], capture_output=True, text=True, check=False
    )
    yield run.stdout + run.stderr


@produces("A number with an exponent")
def _(user):
    Path("mine.yaml").write_text("experiments: {symmetry: {variants: {slow: {epsilon: 1e-3}}}}")
    yield user.backprop("check", "--config", "mine.yaml")


@produces("A misspelt name")
def _(user):
    Path("mine.yaml").write_text("experiments: {symmetry: {variants: {slow: {epsilom: 0.01}}}}")
    yield user.backprop("check", "--config", "mine.yaml")
    yield user.snakemake("--dry-run", "symetry")
    yield user.snakemake("--dry-run", "results/symmetry/slow/networks.parquet")


@produces("A file that is not valid YAML")
def _(user):
    (user.project / "mine.yaml").write_text("experiments:\n  symmetry:\n\tseeds: 100\n")
    yield user.snakemake("--configfile", "mine.yaml")
    (user.project / "mine.yaml").write_bytes("author: Ren\u00e9\n".encode("latin-1"))
    yield user.snakemake("--dry-run", "--configfile", "mine.yaml")


@produces("A target after `--configfile`")
def _(user):
    yield user.snakemake("--configfile", "config/quick.yaml", "symmetry")


@produces("A name with a space after `--config`")
def _(user):
    yield user.snakemake("assignment", "--config", "author=Ada", "Lovelace")


@produces("An unknown value or option of `backprop try`")
def _(user):
    yield user.backprop("try", "--error", "summed")
    yield user.backprop("try", "--epsilon", "0,5")
    yield user.backprop("try", "--learning-rate", "0.5")


@produces("A saved model instead of its weights")
def _(user):
    torch.save(torch.nn.Sequential(torch.nn.Linear(6, 2), torch.nn.Linear(2, 1)), "net.pt")
    yield user.backprop("inspect", "net.pt")


@produces("No GPU")
def _(user):
    Path("mine.yaml").write_text("device: cuda")
    user.monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    yield user.backprop("check", "--config", "mine.yaml")


@produces("No network")
def _(user):
    user.fixture("published")
    yield user.backprop("fetch", "MNIST", "--source", "download")
    assert main(["fetch", "MNIST", "--source", "auto"]) == 0
    yield user.caplog.text


@produces("The wrong folder in `BACKPROP_DATA`, or a damaged archive there")
def _(user):
    raw = Path("data/MNIST/raw")
    raw.mkdir(parents=True)
    user.monkeypatch.setenv(datasets.LOCAL, str(raw))
    yield user.backprop("fetch", "MNIST", "--source", "auto")
    user.monkeypatch.setenv(datasets.LOCAL, "data")
    for file in datasets.FILES:
        (raw / file).write_bytes(b"<html>")
    yield user.backprop("fetch", "MNIST", "--source", "auto")


@produces("Another run in the same folder")
def _(user):
    (user.project / ".snakemake").mkdir(exist_ok=True)
    with (user.project / ".snakemake/backprop.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield user.snakemake("results/separability/paper/networks.parquet")


@produces("The name of the folder")
def _(user):
    folder = user.project.with_name("lab {1}")
    user.project.rename(folder)
    try:
        run = snakemake(folder, "--dry-run")
        yield run.stdout + run.stderr
    finally:
        folder.rename(user.project)


@produces("A full disk")
def _(user):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    user.monkeypatch.setattr(Path, "write_bytes", full)
    yield user.backprop("train", *test_damage.VARIANT, "--device", "cpu")


@produces("A result that is missing, damaged, or from another version")
def _(user):
    home = user.fixture("results")
    trained_file = home / test_damage.TRAINED
    for damage in (test_damage.cut, test_damage.rename_an_array, test_damage.change_the_protocol, test_damage.gone):
        content = trained_file.read_bytes()
        damage(trained_file)
        yield user.backprop("--results", home, *test_damage.ANALYSE)
        trained_file.write_bytes(content)
    Path("new").mkdir()
    user.monkeypatch.chdir("new")
    yield user.backprop("verify")


@produces("An edited section of the report")
def _(user):
    sample = user.fixture("sample")

    def built():
        with pytest.raises(UserError) as raised:
            report.build(**sample)
        return f"backprop: {raised.value}"

    edit(sample, 'alt="A falling line."}', 'alt="A falling line."}\n\nIt is << symmetry.values.rat | percent >>.')
    yield built()
    edit(sample, "symmetry.values.rat |", "symmetry.values.rate |")
    edit(sample, "figure:symmetry/weights", "figure:symmetry/weight")
    yield built()
    edit(sample, "figure:symmetry/weight)", "figure:symmetry/weights)")
    edit(sample, "[the weights](#fig:weights)", "the weights")
    yield built()


@produces("Slurm")
def _(user):
    program = (
        "import pkgutil; every = pkgutil.iter_modules;"  # as if the plugin were not installed
        "pkgutil.iter_modules = lambda *a: (m for m in every(*a) if not m.name.endswith('_slurm'));"
        "from snakemake.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "--profile", "profiles/slurm", "--dry-run"]
    run = subprocess.run(
        command, cwd=user.project, env=variables(user.project), capture_output=True, text=True, check=False
    )
    yield run.stderr


@pytest.mark.pipeline
@pytest.mark.parametrize("heading", entries())
def test_each_message_is_printed_as_the_page_quotes_it(user, heading):
    outputs = list(PRODUCERS[heading](user))
    messages = entries()[heading]
    assert len(outputs) == len(messages) > 0
    for message, output in zip(messages, outputs, strict=True):
        assert shown(message, output), output


def test_the_page_has_the_likeliest_errors_each_with_a_producer():
    assert len(entries()) >= 10
    assert set(entries()) == set(PRODUCERS)


def test_a_message_with_other_words_is_noticed():
    assert shown("the path ... has\na brace", "x: the path /a/b has a brace; rename")
    assert not shown("the path ... has a brace", "the path /a/b has a line break")


def test_the_targets_that_are_offered_are_those_of_the_workflow():
    rules = "".join(path.read_text() for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))])
    blocks = re.findall(r"^rule (\w+):\n((?:(?: .*)?\n|#.*\n)*)", rules, re.MULTILINE)
    outputs = {name: re.findall(r"^    output:\n((?:        .*\n)+)", body, re.MULTILINE) for name, body in blocks}
    plain = {name for name, output in outputs.items() if "{" not in "".join(output)}
    assert plain == set(mistakes.TARGETS)
