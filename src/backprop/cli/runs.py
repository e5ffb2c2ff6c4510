"""Commands that compare runs: manifest."""

from __future__ import annotations

import argparse

from backprop.cli.common import Commands
from backprop.results import manifest, store
from backprop.values import UserError

GROUP = "compare runs"


def add(commands: Commands) -> None:
    """Register the commands."""
    commands.add(GROUP, "manifest", _manifest, f"Write the SHA-256 of each result to {manifest.NAME}.")


def _manifest(options: argparse.Namespace) -> None:
    digests = manifest.digests(options.results)
    if not digests:
        raise UserError(f"{options.results} holds no results; run the pipeline first (uv run snakemake --cores all).")
    store.write_text(options.results / manifest.NAME, manifest.text(digests))
