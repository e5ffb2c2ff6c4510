"""Summarise a study that is too large to repeat in every run: reads a table, writes a few kilobytes of YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from backprop import stages
from backprop.results import store, tables

HEAD = "# Written by `backprop million`; the command below trains the networks first.\n"


def run(folder: Path, out: Path) -> None:
    """Write the summary of the million networks in `folder`, the folder of their variant, to `out`."""
    module = stages.module("symmetry", "million")
    protocol = store.read_about(folder / store.ARRAYS)["protocol"]
    table = tables.read(folder / tables.TABLE, only=list(module.COLUMNS))
    content = _rounded(module.summary(table, protocol))
    store.write_text(out, HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))


def _rounded(content: Any) -> Any:
    """Floats with six significant digits, which are more than a million networks determine."""
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return float(f"{content:.6g}") if isinstance(content, float) else content
