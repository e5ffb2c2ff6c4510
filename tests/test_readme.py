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


def test_the_tree_lists_every_folder_and_every_module_of_the_package_once():
    found = re.search(r"^```\n(Snakefile .*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    tree = found[1]
    outside, inside = tree.split("src/backprop/", 1)
    inside, _, rest = inside.partition("src/snakemake_logger_plugin_backprop/")
    package = [path for path in (ROOT / "src/backprop").iterdir() if not path.name.startswith("__")]
    names = [f"{path.name}/" if path.is_dir() else path.name for path in package if path.name != "py.typed"]
    assert sorted(re.findall(r"[a-z_]+(?:/|\.py)(?=[ ,:])", inside)) == sorted(names)
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()} | {".git", "src", "shared"}
    folders = {f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name not in ignored}
    listed = re.findall(r"^([a-z.]+/)|, (\.[a-z]+/)", outside + rest, re.MULTILINE)
    assert sorted("".join(pair) for pair in listed) == sorted(folders)
