"""Commands about runs: manifest, times."""

from __future__ import annotations

import argparse

from backprop.cli.common import Commands
from backprop.results import manifest, store, times
from backprop.values import UserError

GROUP = "compare runs"


def add(commands: Commands) -> None:
    """Register the commands."""
    commands.add(GROUP, "manifest", _manifest, f"Write the SHA-256 of each result to {manifest.NAME}.")
    commands.add(GROUP, "times", _times, "Print how long the jobs of each experiment took.", configured=False)


def _manifest(options: argparse.Namespace) -> None:
    digests = manifest.digests(options.results)
    if not digests:
        raise UserError(f"{options.results} holds no results; run the pipeline first (uv run snakemake --cores all).")
    store.write_text(options.results / manifest.NAME, manifest.text(digests))


def _times(options: argparse.Namespace) -> None:
    spent = times.read(options.results)
    if not spent:
        folder = options.results / times.LOGS
        raise UserError(f"{folder} holds no benchmark files; run the pipeline first (uv run snakemake --cores all).")
    print(times.table(spent))
