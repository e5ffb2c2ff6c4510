"""Mistakes that Snakemake itself meets, before the workflow can check anything: in configuration files and targets.

It shows them with a traceback, or without the file and the line. Here they become one sentence.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from backprop import config, dependencies
from backprop.values import UserError, unknown

OF_WORKFLOW = Path("config/config.yaml")
"""The configuration that the Snakefile reads."""

ABOUT_FILES = re.compile(r"load_configfile|Config file|UnicodeDecodeError")
"""What occurs in Snakemake's messages about a configuration file."""

ABOUT_ENTRIES = re.compile(r"Invalid config definition: .* \(Unparsable value: (.*)\)")
"""Its message about a word after --config."""

ABOUT_TARGETS = re.compile(r"No rule to produce ([\w-]+) \(if you use input functions")
"""Its message about a target that is a plain word; a path to a file remains as Snakemake says it."""

ABOUT_VARIANTS = re.compile(r"InputFunctionException.*?WorkflowError:\s+([^\n]+)\nWildcards:", re.DOTALL)
"""What it puts around a sentence of the workflow about a variant that does not exist."""

TARGETS = ("all", "report", "assignment", "manifest", "million", "verify", "test", "benchmark")
"""The targets besides the experiments."""

TARGETS_FIRST = "put targets before --config and --configfile, which take all words that follow them"


def in_words(record: logging.LogRecord) -> str | None:
    """A sentence for a record about such a mistake; None for any other record."""
    if getattr(record, "event", None) != LogEvent.ERROR:
        return None
    text = record.getMessage()
    if match := ABOUT_ENTRIES.search(text):
        problem = f"--config is followed by {match[1]}, which is not of the form key=value"
        return f"configuration: {problem}; put text with spaces in quotes, and {TARGETS_FIRST}."
    if match := ABOUT_TARGETS.search(text):
        return unknown(match[1], [*TARGETS, *dependencies.experiments()], "target")
    if match := ABOUT_VARIANTS.search(text):
        return match[1]
    if ABOUT_FILES.search(text):
        named = _named(sys.argv[1:])
        for path in (OF_WORKFLOW, *named):
            try:
                config.read(path)
            except UserError as error:
                hint = f"; {TARGETS_FIRST}" if path in named and not path.exists() else ""
                return f"configuration: {str(error).removesuffix('.')}{hint}."
    return None


def _named(arguments: Sequence[str]) -> list[Path]:
    """The files after `--configfile` on the command line."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", type=Path, default=[])
    parser.add_argument("--config", "-C", nargs="*")
    try:
        return parser.parse_known_args(arguments)[0].configfile
    except (argparse.ArgumentError, SystemExit):
        return []
