"""Commands that run one stage: fetch, train, merge, analyse, find, draw."""

from __future__ import annotations

import argparse
from pathlib import Path

from backprop import choices, config, datasets, shards
from backprop.cli.common import Commands, check_experiment, check_variant, configuration, folder, json_mapping, variants
from backprop.protocol import MOST_SEEDS, Protocol
from backprop.values import UserError, quoted

GROUP = "run a stage"

STORED = Path("report/stored/million.yaml")
"""The summary of the million networks, from which the report prints a page."""


def add(commands: Commands) -> None:
    """Register the commands."""
    sub = commands.add(GROUP, "fetch", _fetch, "Fetch and check data sets.")
    sub.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(datasets.NAMES)}; all by default")
    sub.add_argument("--source", help="auto, download, bundled or a folder, instead of the configuration's")
    for name, run, text in (
        ("train", _train, "Train every network of one variant of an experiment."),
        ("merge", _merge, "Merge the shards of one variant that was trained in several jobs."),
        ("analyse", _analyse, "Measure the trained networks of one variant, one row each."),
    ):
        sub = commands.add(GROUP, name, run, text, experiment=True)
        sub.add_argument("--variant", default=config.PAPER, help="a variant of the configuration (paper)")
        sub.add_argument("--protocol", metavar="JSON", help="the fields that differ, instead of the configuration's")
        if name in ("train", "merge"):
            sub.add_argument("--device", choices=choices.DEVICES, help="instead of the configuration's")
        if name == "train":
            sub.add_argument("--seeds", metavar="0-999", help="train only these seeds, a shard; or a list: 3,17,4")
        if name == "merge":
            sub.add_argument("--size", required=True, metavar="N", help="seeds in each shard")
    sub = commands.add(GROUP, "million", _million, "Summarise the million networks for the report.", configured=False)
    sub.add_argument("--out", type=Path, default=STORED, metavar="FILE", help=f"{STORED} by default")
    for name, run, text in (
        ("find", _find, "Compute the numbers in the text and judge the claims."),
        ("draw", _draw, "Draw the figures of an experiment."),
    ):
        sub = commands.add(GROUP, name, run, text, experiment=True)
        sub.add_argument(
            "--variants", nargs="+", metavar="VARIANT", help="variants to read; those of the configuration by default"
        )


def _fetch(options: argparse.Namespace) -> None:
    home = options.results / "data"
    source = options.source or str((configuration(options).get("data") or {}).get("source", "auto"))
    for name in options.names or datasets.NAMES:
        datasets.fetch(name, source, home / f"{name}.safetensors", home / "raw")


def _train(options: argparse.Namespace) -> None:
    protocol = _protocol(options)
    names = config.data_sets(options.experiment)
    data = {name: options.results / "data" / f"{name}.safetensors" for name in names}
    path = None
    if options.seeds is not None:
        shards.can_split(protocol, options.experiment)
        shard = shards.Shard(shards.parse(options.seeds))
        protocol = shards.of_shard(protocol, shard)
        path = shard.file(options.results, options.experiment, options.variant)

    from backprop.stages import train

    train.run(options.experiment, protocol, _device(options), data, folder(options, options.variant), path)


def _merge(options: argparse.Namespace) -> None:
    protocol = _protocol(options)
    shards.can_split(protocol, options.experiment)
    if not options.size.isdecimal() or not 1 <= int(options.size[:19]) <= MOST_SEEDS:
        raise UserError(f"--size is {quoted(options.size)}; it must be a whole number from 1 to {MOST_SEEDS:,}.")
    found = [
        (shards.of_shard(protocol, shard), shard.file(options.results, options.experiment, options.variant))
        for shard in shards.split(protocol, int(options.size))
    ]

    from backprop.stages import merge

    merge.run(options.experiment, protocol, _device(options), found, folder(options, options.variant))


def _device(options: argparse.Namespace) -> str:
    return options.device or configuration(options).get("device", "auto")


def _analyse(options: argparse.Namespace) -> None:
    protocol = _protocol(options)

    from backprop.stages import analyse

    analyse.run(options.experiment, protocol, folder(options, options.variant))


def _million(options: argparse.Namespace) -> None:
    from backprop.stages import summarise

    summarise.run(options.results / "symmetry" / "million", options.out)


def _find(options: argparse.Namespace) -> None:
    folders = _folders(options)

    from backprop.stages import find

    find.run(options.experiment, folders, options.results / options.experiment / "findings.json")


def _draw(options: argparse.Namespace) -> None:
    folders = _folders(options)

    from backprop.stages import draw

    home = options.results / options.experiment
    draw.run(options.experiment, folders, home / "findings.json", home / "figures")


def _protocol(options: argparse.Namespace) -> Protocol:
    if options.protocol is None:
        known = variants(options)
        check_variant(options.variant, known, options.experiment)
        return known[options.variant]
    check_experiment(options.experiment)
    overrides = json_mapping(options.protocol, "--protocol")
    where = f"{options.experiment}, variant {options.variant}"
    return config.protocol_class(options.experiment).from_overrides(overrides, where)


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    check_experiment(options.experiment)
    names = options.variants or list(variants(options))
    return {name: folder(options, name) for name in names}
