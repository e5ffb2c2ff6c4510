"""The command line: each stage, each document and the configuration, without Snakemake.

The workflow calls the same commands. A command imports its own stage only, because a short job spends most of its time
on starting Python.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from pathlib import Path

from backprop.cli import configuration, diagnosis, documents, runs, stages
from backprop.cli.common import Commands
from backprop.values import UserError

DESCRIPTION = """\
Reproduce Rumelhart, Hinton & Williams (1986): run one step of the pipeline, or look at the
configuration. `snakemake --cores all` runs all steps in their order."""

EXAMPLES = """\
examples:
  backprop check                                              the configuration, checked and listed
  backprop fields symmetry                                    the fields of Experiment 1
  backprop train symmetry --variant targets_0.1_0.9           train one variant ...
  backprop analyse symmetry --variant targets_0.1_0.9         ... measure its networks ...
  backprop find symmetry && backprop draw symmetry            ... and compare all variants
  backprop train line --config config/config.yaml --config config/quick.yaml
                                                              with the seeds of the quick configuration
  backprop try --error mean --alpha 0 --why                   which departure from the paper is responsible?
  backprop inspect config/examples/figure_1.json              what does a trained network compute?

`backprop COMMAND --help` describes a command. Snakemake runs the same commands and writes to the same places."""


SURROUNDINGS = {
    errno.ENOSPC: "free some space, or set TMPDIR to a folder on another disk",
    errno.EDQUOT: "free some space, or set TMPDIR to a folder on another disk",
    errno.EROFS: "choose a folder that may be written",
    errno.EACCES: "change its permissions, or choose another folder",
    errno.EPERM: "change its permissions, or choose another folder",
}
"""What to do about an error of the operating system that no code can prevent."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 after success, 2 after an error of the user, 130 after an interruption."""
    parser, commands = build_parser()
    options, unused = parser.parse_known_args(arguments)
    if unused:
        print(f"backprop: {commands.refusal(options.command, unused[0])}", file=sys.stderr)
        return 2
    if not options.command:
        parser.print_help()
        return 0
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        options.run(options)
        sys.stdout.flush()
    except UserError as error:
        print(f"backprop: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in SURROUNDINGS:
            raise
        where = f" ({error.filename})" if error.filename else ""
        remedy = SURROUNDINGS[error.errno]
        print(f"backprop: {error.strerror}{where}; {remedy}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("backprop: interrupted", file=sys.stderr)
        return 130
    return 0


def build_parser() -> tuple[argparse.ArgumentParser, Commands]:
    """The parser of all commands, each of which sets `run`, the function that executes it; and the commands."""
    parser = argparse.ArgumentParser(
        prog="backprop",
        usage="%(prog)s [--results FOLDER] COMMAND ...",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER", help="./results by default")
    commands = Commands(parser)
    stages.add(commands)
    documents.add(commands)
    runs.add(commands)
    configuration.add(commands)
    diagnosis.add(commands)
    parser.epilog = f"{commands.overview()}\n\n{EXAMPLES}"
    return parser, commands
