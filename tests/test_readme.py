"""The outputs that the README shows are those of its commands, up to digits that differ between processors."""

import re
import shlex
from pathlib import Path

import pytest

from backprop.__main__ import main

ROOT = Path(__file__).parents[1]
SHOWN = re.compile(r"```sh\nuv run backprop ([^\n]+)\n(?:[^`]*\n)?```\n\n```\n(.*?)```", re.DOTALL)


def words(text):
    """A text without its digits and line breaks."""
    return re.sub(r"[\d.,]+|-{3,}", "#", text).split()


@pytest.mark.parametrize(("command", "shown"), SHOWN.findall((ROOT / "README.md").read_text()))
def test_a_shown_output_is_that_of_its_command(command, shown, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    assert main(shlex.split(command)) == 0
    assert words(capsys.readouterr().out) == words(shown)


def test_both_commands_for_a_network_that_does_not_learn_are_shown():
    assert [command.split()[0] for command, _ in SHOWN.findall((ROOT / "README.md").read_text())] == ["try", "inspect"]
