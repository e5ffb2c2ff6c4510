"""The command line: help with examples, and an error of the user is one sentence."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from backprop import dependencies, threads
from backprop.__main__ import main

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_the_command_is_installed_and_returns_its_exit_status(capsys):
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["backprop"].partition(":")
    assert getattr(import_module(module), name)(["fields"]) == 0
    assert "symmetry" in capsys.readouterr().out


def test_a_command_computes_with_one_thread_whatever_the_shell_and_the_machine_say():
    program = (
        "from backprop.__main__ import main; main(['fields']); import scipy.linalg, threadpoolctl, torch;"
        "print([pool['num_threads'] for pool in threadpoolctl.threadpool_info()], torch.get_num_threads())"
    )
    shell = dict.fromkeys(threads.VARIABLES, "2")
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | shell, capture_output=True, text=True, check=True
    )
    counts = re.findall(r"\d+", run.stdout.splitlines()[-1])
    assert len(counts) >= 4
    assert set(counts) == {"1"}


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_help_groups_the_commands_and_has_examples(arguments, capsys):
    if arguments:
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        assert exit_.value.code == 0
    else:
        assert main(arguments) == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: backprop ")
    groups = [
        text.index(f"\n{title}:\n") for title in ("run a stage", "render a document", "look at the configuration")
    ]
    assert groups == sorted(groups)
    assert "\n  backprop fields symmetry " in text


@pytest.mark.parametrize("command", "fetch train analyse find draw report assignment check fields try inspect".split())
def test_every_command_has_a_help(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: backprop {command} ")


def test_the_experiments_are_listed_with_what_they_are_about(capsys):
    assert main(["fields"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == dependencies.experiments()


def test_the_configuration_is_listed_with_its_networks_and_sweeps(capsys):
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "symmetry/targets_0.1_0.9: 4,000 networks, 20,000,000 sweeps; targets: [0.1, 0.9]" in lines
    assert "line/paper: 200 seeds; no departure" in lines


def test_a_variant_with_very_many_networks_is_accepted_with_a_warning(tmp_path, capsys):
    (tmp_path / "many.yaml").write_text("experiments: {symmetry: {seeds: 10000000}}")
    assert main(["check", "--config", str(tmp_path / "many.yaml")]) == 0
    output = capsys.readouterr()
    assert re.search(
        r"^symmetry +\d+ (h|min) of a core in [\d,]+ jobs, at most 0\.\d GB each$", output.out, re.MULTILINE
    )
    assert re.fullmatch(
        r"backprop: warning: symmetry/paper trains for an estimated \d+ (h|min) of a core\.\n", output.err
    )


def test_absurd_settings_are_accepted_with_a_warning_each(tmp_path, capsys):
    (tmp_path / "many.yaml").write_text(
        "experiments: {mnist: {seeds: 10000000}, "
        "symmetry: {variants: {wide: {seeds: 4000, bits: 12, hidden_units: 64}}}}"
    )
    assert main(["check", "--config", str(tmp_path / "many.yaml")]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 2
    assert "mnist/paper needs an estimated" in warnings[0] and "GB of memory in a job; this machine has" in warnings[0]
    assert warnings[1].startswith("backprop: warning: symmetry/wide trains for an estimated")
    assert warnings[1].endswith(" h of a core.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "symmetry", "--variant", "nobody"], "symmetry: unknown variant 'nobody'; allowed are paper, "),
        (["train", "symetry"], "unknown experiment 'symetry'; did you mean symmetry? Allowed are autograd, "),
        (["analyse", "symetry", "--protocol", "{}"], "unknown experiment 'symetry'; did you mean symmetry?"),
        (["find", "symetry", "--variants", "paper"], "unknown experiment 'symetry'; did you mean symmetry?"),
        (["fields", "symetry"], "unknown experiment 'symetry'; did you mean symmetry?"),
        (["fields", "symmetry", "--write"], "--markdown, --schema and --write are about all experiments"),
        (["train", "symmetry", "--protocol", "{sweeps: 3}"], "--protocol is '{sweeps: 3}'; expected JSON such as"),
        (["train", "symmetry", "--protocol", "[1]"], "--protocol is '[1]'; expected JSON such as"),
        (["train", "symmetry", "--protocol", '{"sweep": 3}'], "symmetry, variant paper: unknown key 'sweep'; did you"),
        (["assignment", "--options", '{"networks": 1}'], "assignment: networks is 1; it must be at least 20."),
        (["assignment", "--options", '{"workarounds": ["x"]}'], "assignment: workarounds: unknown row 'x'; "),
        (["check", "--config", "gone.yaml"], "gone.yaml: no such file."),
        (["check", "symmetry"], "'symmetry' is not an argument of this command; see `backprop check --help`."),
        (["verify", "--every"], "verify: unknown option '--every'; allowed are --help, --all."),
        (["verify", "--results", "x"], "--results comes before the command: backprop --results FOLDER verify."),
    ],
)  # fmt: skip
def test_an_error_is_one_sentence_and_status_2(arguments, words, capsys):
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"backprop: {words}")
    assert message.count("\n") == 1 and len(message) < 320


def test_the_command_ends_quietly_when_its_reader_closes_the_pipe():
    command = f"{sys.executable} -m backprop fields --schema | head -1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout.startswith("# Generated from the protocols")
    assert ended.stderr == ""
