"""What several commands share: their registration in groups, and the configuration they read."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backprop import config, dependencies
from backprop.protocol import Protocol
from backprop.values import UserError, quoted, unknown

CONFIG = Path("config/config.yaml")
"""The configuration that is read where no other is named."""


class Commands:
    """The commands of a parser, in groups; argparse itself lists them in one."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(dest="command", prog=parser.prog, help=argparse.SUPPRESS)
        self._groups: dict[str, list[tuple[str, str]]] = {}

    def add(
        self,
        group: str,
        name: str,
        run: Callable[[argparse.Namespace], None],
        text: str,
        experiment: bool = False,
        configured: bool = True,
    ) -> argparse.ArgumentParser:
        """Add a command, with `--config` where it is `configured`, and on request the experiment as first argument."""
        self._groups.setdefault(group, []).append((name, text))
        parser = self._parsers.add_parser(name, description=text)
        parser.set_defaults(run=run)
        if configured:
            parser.add_argument(
                "--config", type=Path, action="append", metavar="FILE",
                help=f"configuration file, {CONFIG} by default; a second one changes single keys of the first",
            )  # fmt: skip
        if experiment:
            parser.add_argument("experiment", help=", ".join(dependencies.experiments()))
        return parser

    def refusal(self, command: str | None, word: str) -> str:
        """What to say about a word that a command does not know: its options, or the one that the word describes."""
        if command is None or not word.startswith("--"):
            words = " ".join(filter(None, ("backprop", command, "--help")))
            return f"{quoted(word)} is not an argument of this command; see `{words}`."
        name = word.partition("=")[0]
        if name == "--results":
            return f"--results comes before the command: backprop --results FOLDER {command}."
        options = {
            option: action.help or ""
            for option, action in self._parsers.choices[command]._option_string_actions.items()
            if option.startswith("--")
        }
        described = [option for option, text in options.items() if text.startswith(name[2:].replace("-", " "))]
        if described:
            return (
                f"{command}: unknown option {quoted(name)}; did you mean {described[0]}? See `backprop {command} -h`."
            )
        return f"{command}: {unknown(name, options, 'option')}"

    def overview(self) -> str:
        """The commands by group, a line each."""
        lines = []
        for group, commands in self._groups.items():
            lines += ["", f"{group}:", *(f"  {name:<12}{text}" for name, text in commands)]
        return "\n".join(lines[1:])


def configuration(options: argparse.Namespace) -> dict[str, Any]:
    """The configuration in the files of `--config`."""
    return config.read(*(options.config or [CONFIG]))


def variants(options: argparse.Namespace) -> dict[str, Protocol]:
    """The protocols of the experiment on the command line, by variant, from the checked configuration."""
    check_experiment(options.experiment)
    return config.check(configuration(options))[options.experiment]


def check_experiment(name: str) -> None:
    """Raise UserError unless there is an experiment of this name."""
    if name not in dependencies.experiments():
        raise UserError(unknown(name, dependencies.experiments(), "experiment"))


def check_variant(name: str, known: dict[str, Protocol], experiment: str) -> None:
    """Raise UserError unless the experiment has a variant of this name."""
    if name not in known:
        raise UserError(f"{experiment}: {unknown(name, known, 'variant')}")


def folder(options: argparse.Namespace, variant: str) -> Path:
    """The folder of a variant's results."""
    return options.results / options.experiment / variant


def json_mapping(text: str, option: str) -> dict[str, Any]:
    """A mapping from the command line; UserError, which names the `option`, for anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise UserError(f'{option} is {quoted(text)}; expected JSON such as {{"sweeps": 100}}.')
    return content
