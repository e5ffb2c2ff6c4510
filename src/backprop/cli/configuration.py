"""Commands about the configuration: check, fields."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from backprop import config, costs, datasets, dependencies
from backprop.cli.common import Commands, check_experiment
from backprop.cli.common import configuration as read
from backprop.results import store
from backprop.values import UserError, quoted

if TYPE_CHECKING:
    from backprop.protocol import Protocol

GROUP = "look at the configuration"


def add(commands: Commands) -> None:
    """Register the commands."""
    commands.add(GROUP, "check", _check, "Check the configuration and list what each variant trains.")
    sub = commands.add(GROUP, "fields", _fields, "List the experiments, or the fields of one.", configured=False)
    sub.add_argument("experiment", nargs="?", help=", ".join(dependencies.experiments()))
    kind = sub.add_mutually_exclusive_group()
    kind.add_argument("--markdown", action="store_true", help="print config/README.md, for all experiments")
    kind.add_argument("--schema", action="store_true", help="print workflow/schemas/config.schema.yaml, for editors")
    kind.add_argument("--write", action="store_true", help="write both files, after a change of a protocol")


def _check(options: argparse.Namespace) -> None:
    settings = read(options)
    protocols = config.check(settings)
    datasets.check_source(str((settings.get("data") or {}).get("source", "auto")))
    for experiment, variants in protocols.items():
        for variant, protocol in variants.items():
            departures = ", ".join(f"{key}: {quoted(value)}" for key, value in protocol.departures().items())
            print(f"{experiment}/{variant}: {_networks(protocol)}; {departures or 'no departure'}")
    print("\nEstimated, for the training alone:")
    asked = config.shards_asked(settings)
    print(*costs.lines(protocols, asked), sep="\n")
    for warning in costs.warnings(protocols, asked):
        print(f"backprop: warning: {warning}", file=sys.stderr)


def _networks(protocol: Protocol) -> str:
    """The number of networks and of their sweeps, or the number of seeds where training is not counted in sweeps."""
    count, sweeps = protocol.trained_networks, getattr(protocol, "sweeps", None)
    plural = "s" if count > 1 else ""
    return f"{count:,} seed{plural}" if sweeps is None else f"{count:,} network{plural}, {count * sweeps:,} sweeps"


def _fields(options: argparse.Namespace) -> None:
    from backprop.documents import reference, schema

    protocols = config.protocol_classes()
    summaries = {name: _summary(name) for name in protocols}
    if options.experiment and (options.markdown or options.schema or options.write):
        raise UserError("--markdown, --schema and --write are about all experiments; leave out the name of one.")
    if options.markdown:
        print(reference.markdown(protocols, summaries, config.Assignment), end="")
    elif options.schema:
        print(_schema(protocols, summaries), end="")
    elif options.write:
        store.write_text(reference.README, reference.markdown(protocols, summaries, config.Assignment))
        store.write_text(schema.FILE, _schema(protocols, summaries))
    elif options.experiment:
        check_experiment(options.experiment)
        protocol = protocols[options.experiment]
        print(summaries[options.experiment], end="\n\n")
        print(reference.table(protocol, reference.parent(protocol, protocols)))
    else:
        for name, summary in summaries.items():
            print(textwrap.fill(f"{name:<18}{summary}", reference.WIDTH, subsequent_indent=" " * 18))


def _schema(protocols: Mapping[str, type[Protocol]], summaries: Mapping[str, str]) -> str:
    from backprop.documents import schema

    grid_fields = import_module("backprop.experiments.departures.protocol").FIELDS
    return schema.text(protocols, summaries, config.VARIANT_NAME, grid_fields, config.Assignment)


def _summary(experiment: str) -> str:
    """The first line of an experiment's docstring."""
    return (import_module(f"backprop.experiments.{experiment}").__doc__ or "").partition("\n")[0]
