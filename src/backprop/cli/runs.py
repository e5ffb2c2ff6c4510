"""Commands about runs: manifest, verify, record, times."""

from __future__ import annotations

import argparse
from pathlib import Path

from backprop.cli.common import Commands
from backprop.results import manifest, store, times
from backprop.values import UserError

GROUP = "look at runs"


def add(commands: Commands) -> None:
    """Register the commands."""
    commands.add(GROUP, "times", _times, "Print how long the jobs of each experiment took.", configured=False)
    commands.add(
        GROUP, "manifest", _manifest, f"Write the SHA-256 of each result to {manifest.NAME}.", configured=False
    )
    text = "Compare a run with the recorded one; the exit status is 1 if it does not agree."
    sub = commands.add(GROUP, "verify", _verify, text, configured=False)
    sub.add_argument("--all", action="store_true", help="list every quantity, not only those that do not agree")
    sub = commands.add(GROUP, "record", _record, "Renew the recorded values from finished runs.", configured=False)
    sub.add_argument("folder", nargs="+", type=Path, help="the results of a run, such as results")


def _manifest(options: argparse.Namespace) -> None:
    digests = manifest.digests(options.results)
    if not digests:
        raise _nothing(options.results)
    store.write_text(options.results / manifest.NAME, manifest.text(digests))


def _times(options: argparse.Namespace) -> None:
    spent = times.read(options.results)
    if not spent:
        folder = options.results / times.LOGS
        raise UserError(f"{folder} holds no benchmark files; run the pipeline first (uv run snakemake --cores all).")
    print(times.table(spent))


def _verify(options: argparse.Namespace) -> None:
    from backprop.verification import comparison, comparison_text, recorded

    compared = comparison.compare(recorded.finished(options.results), recorded.read())
    if not compared:
        raise _nothing(options.results)
    print(comparison_text.as_text(compared, options.all))
    if any(one.outside for one in compared):
        raise SystemExit(1)


def _record(options: argparse.Namespace) -> None:
    from backprop.verification import recorded

    runs = []
    for folder in options.folder:
        found = list(recorded.finished(folder))
        if not found:
            raise _nothing(folder)
        runs += found
    print(f"{recorded.STORED}: {recorded.write(recorded.STORED, runs)} variants")


def _nothing(folder: Path) -> UserError:
    return UserError(f"{folder} holds no results; run the pipeline first (uv run snakemake --cores all).")
