"""The front door without Snakemake: `python -m backprop train symmetry --variant targets_0.1_0.9`.

The workflow calls the same commands; each writes what it makes under --results, in the same places. A command
imports its own stage only: most of a short job is Python starting.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
from pathlib import Path
from typing import Any

from backprop import choices, config, datasets, dependencies
from backprop.protocol import Protocol, UserError
from backprop.results import store


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 2 after a mistake of the user's, told in one sentence."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.command:
        parser.print_help()
        return 0
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        options.run(options)
    except UserError as error:
        print(f"backprop: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backprop", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), help="where results lie (results)")
    commands = parser.add_subparsers(dest="command")

    def command(name: str, run: object, text: str, experiment: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--config", type=Path, action="append", help="configuration file; may be given more than once")
        if experiment:
            sub.add_argument("experiment", help=", ".join(dependencies.experiments()))
        return sub

    sub = command("fetch", _fetch, "Fetch and check data sets.", experiment=False)
    sub.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(datasets.NAMES)}; default: all")
    sub.add_argument("--source", help="auto, download, bundled or a folder, instead of the configuration's")
    for name, run, text in (
        ("train", _train, "Train every network of one variant of an experiment."),
        ("analyse", _analyse, "Measure the trained networks of one variant, one row each."),
    ):
        sub = command(name, run, text)
        sub.add_argument("--variant", default=config.PAPER, help="a variant of the configuration (paper)")
        sub.add_argument("--protocol", help="the variant's overrides as JSON, instead of the configuration's")
        sub.add_argument("--device", choices=choices.DEVICES, help="instead of the configuration's")
    for name, run, text in (
        ("find", _find, "Compute the numbers the text quotes and judge the claims."),
        ("draw", _draw, "Draw the figures of an experiment."),
    ):
        sub = command(name, run, text)
        sub.add_argument("--variants", nargs="+", help="variants to read; default: the configuration's")
    command("check", _check, "Check the configuration and list what it asks for.", experiment=False)
    for name, run, text in (
        ("report", _report, "Render results into report.html and report.pdf."),
        ("assignment", _assignment, "Execute and render the one-page notebook."),
    ):
        sub = command(name, run, text, experiment=False)
        sub.add_argument("--author", help="instead of the configuration's")
        sub.add_argument("--student-id", help="instead of the configuration's")
        sub.add_argument("--course", help="instead of the configuration's")
    return parser


def _configuration(options: argparse.Namespace) -> dict:
    return config.read(*(options.config or [Path("config/config.yaml")]))


def _variants(options: argparse.Namespace) -> dict[str, Protocol]:
    protocols = config.check(_configuration(options))
    if options.experiment not in protocols:
        raise UserError(f"'{options.experiment}' is not an experiment; allowed are {', '.join(protocols)}.")
    return protocols[options.experiment]


def _protocol(options: argparse.Namespace) -> Protocol:
    if options.protocol is not None:
        return config.protocol_class(options.experiment).from_overrides(
            json.loads(options.protocol), f"{options.experiment}, variant {options.variant}"
        )
    known = _variants(options)
    if options.variant not in known:
        allowed = ", ".join(known)
        raise UserError(f"'{options.variant}' is not a variant of {options.experiment}; allowed are {allowed}.")
    return known[options.variant]


def _folder(options: argparse.Namespace, variant: str) -> Path:
    return options.results / options.experiment / variant


def _fetch(options: argparse.Namespace) -> None:
    home = options.results / "data"
    source = options.source or str((_configuration(options).get("data") or {}).get("source", "auto"))
    for name in options.names or datasets.NAMES:
        datasets.fetch(name, source, home / f"{name}.safetensors", home / "raw")


def _train(options: argparse.Namespace) -> None:
    from backprop.stages import train

    protocol = _protocol(options)
    device = options.device or _configuration(options).get("device", "auto")
    names = config.data_sets(options.experiment)
    data = {name: options.results / "data" / f"{name}.safetensors" for name in names}
    train.run(options.experiment, protocol, device, data, _folder(options, options.variant))


def _analyse(options: argparse.Namespace) -> None:
    from backprop.stages import analyse

    analyse.run(options.experiment, _protocol(options), _folder(options, options.variant))


def _folders(options: argparse.Namespace) -> dict[str, Path]:
    names = options.variants or list(_variants(options))
    return {name: _folder(options, name) for name in names}


def _find(options: argparse.Namespace) -> None:
    from backprop.stages import find

    out = options.results / options.experiment / "findings.json"
    find.run(options.experiment, _folders(options), out)


def _draw(options: argparse.Namespace) -> None:
    from backprop.stages import draw

    home = options.results / options.experiment
    draw.run(options.experiment, _folders(options), home / "findings.json", home / "figures")


def _check(options: argparse.Namespace) -> None:
    for experiment, protocols in config.check(_configuration(options)).items():
        for variant, protocol in protocols.items():
            departures = ", ".join(f"{key}={value}" for key, value in protocol.departures().items())
            print(f"{experiment}/{variant}: {len(protocol.seed_list)} seeds; {departures or 'no departure'}")


def _byline(options: argparse.Namespace) -> dict[str, str]:
    settings = _configuration(options) if None in (options.author, options.student_id, options.course) else {}
    return {
        key: str(given if (given := getattr(options, key)) is not None else settings.get(key, ""))
        for key in ("author", "student_id", "course")
    }


def _findings(options: argparse.Namespace, experiments: list[str]) -> dict[str, Any]:
    return {name: store.read_json(options.results / name / "findings.json") for name in experiments}


def _figures(options: argparse.Namespace) -> dict[str, Path]:
    return {
        f"{experiment}/{name}": options.results / experiment / "figures" / f"{name}.svg"
        for experiment in dependencies.experiments()
        for name in dependencies.figure_names(experiment)
    }


def _report(options: argparse.Namespace) -> None:
    from backprop.documents import report

    context = {
        **_byline(options),
        "title": "Learning representations by back-propagating errors",
        "subtitle": "A reproduction with thousands of networks where the paper shows one",
    }
    findings = _findings(options, dependencies.experiments())
    out = options.results / "report"
    report.build(context, findings, _figures(options), out / "report.html", out / "report.pdf")


def _assignment(options: argparse.Namespace) -> None:
    from backprop.documents import assignment, pages

    header = _byline(options) | {"title": "Reproducing Experiment 1 of Rumelhart, Hinton and Williams (1986)"}
    context = _findings(options, dependencies.quoted(pages.KIT / assignment.TEMPLATE)) | {"assignment": header}
    assignment.build(context, options.results / "assignment")


if __name__ == "__main__":
    # importing torch makes a million objects and no garbage: looking for some less often saves a fifth of its time
    # (measured), and on the way out there is no need to look at all
    gc.set_threshold(100_000)
    status = main()
    gc.freeze()
    sys.exit(status)
