"""Commands for a network that does not learn: try, inspect."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from backprop.cli.common import Commands
from backprop.diagnosis import settings
from backprop.results import store
from backprop.values import UserError, quoted

GROUP = "find out why a network does not learn"

KINDS_OF_PLOTS = (".svg", ".pdf", ".png")

MOST_NETWORKS = 100_000
"""Networks per protocol at most."""


def add(commands: Commands) -> None:
    """Register the commands."""
    sub = commands.add(
        GROUP, "try", _try, "Train networks with your own protocol beside the paper's.", configured=False
    )
    sub.usage = "%(prog)s [FILE.yaml] [--why] [--FIELD VALUE ...] [--networks N] [--json] [--plot FILE.svg]"
    sub.add_argument("file", nargs="?", type=Path, metavar="FILE.yaml", help="the fields that differ from the paper's")
    sub.add_argument("--networks", metavar="N", help="networks per protocol (1,000; fewer for slow protocols)")
    sub.add_argument("--why", action="store_true", help="find the departure from the paper that is responsible")
    sub.add_argument("--json", action="store_true", help="print JSON instead of a table")
    sub.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the share of unsolved networks over sweeps")
    settings.add_options(sub, settings.option_fields())

    sub = commands.add(GROUP, "inspect", _inspect, "Say what trained weights compute.", configured=False)
    sub.usage = "%(prog)s FILE [--FIELD VALUE ...] [--bias PLACE] [--html FILE.html] [--json]"
    kinds = "a state_dict (.pt, .pth), .safetensors, .npz, .npy, .json, .csv or .txt"
    sub.add_argument("file", type=Path, metavar="FILE", help=kinds)
    sub.add_argument("--bias", metavar="PLACE", help="first or last: where a row of weights has the unit's bias")
    sub.add_argument("--html", type=Path, metavar="FILE.html", help="write a page with a drawing of the network")
    sub.add_argument("--json", action="store_true", help="print JSON instead of text")
    settings.add_options(sub, settings.OF_WEIGHTS)


def _try(options: argparse.Namespace) -> None:
    from backprop.diagnosis import trial, trial_text

    protocol = settings.protocol(options, settings.option_fields(), options.file)
    networks = _count(options.networks)
    if options.plot and options.plot.suffix not in KINDS_OF_PLOTS:
        raise UserError(f"--plot: {options.plot} must end in {', '.join(KINDS_OF_PLOTS)}.")
    result = trial.run(protocol, networks, options.why)
    print(_json(trial_text.as_mapping(result)) if options.json else trial_text.as_text(result))
    if options.plot:
        _write(options.plot, trial.draw(result, options.plot.suffix[1:]))


def _inspect(options: argparse.Namespace) -> None:
    from backprop.diagnosis import inspection, inspection_text, page
    from backprop.documents import security

    protocol = settings.protocol(options, settings.OF_WEIGHTS)
    inspected = inspection.inspect_file(options.file, protocol, options.results, options.bias)
    print(_json(inspection_text.as_mapping(inspected)) if options.json else inspection_text.as_text(inspected))
    if options.html:
        _write(options.html, security.with_policy(page.render(inspected)).encode())


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= len(text) <= 9 or not 1 <= int(text) <= MOST_NETWORKS:
        raise UserError(f"--networks is {quoted(text)}; it must be a whole number from 1 to {MOST_NETWORKS:,}.")
    return int(text)


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _write(path: Path, content: bytes) -> None:
    try:
        store.write_bytes(path, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}).") from None
