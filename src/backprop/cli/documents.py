"""Commands that render a document: report, assignment."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from backprop import config, dependencies
from backprop.cli.common import Commands, configuration, json_mapping
from backprop.results import store

GROUP = "render a document"


def add(commands: Commands) -> None:
    """Register the commands."""
    for name, run, text in (
        ("report", _report, "Render results into report and labs, as HTML and PDF."),
        ("assignment", _assignment, "Execute and render the one-page notebook."),
    ):
        sub = commands.add(GROUP, name, run, text)
        for key in ("author", "student-id", "course"):
            sub.add_argument(f"--{key}", help="instead of the configuration's")
        if name == "assignment":
            sub.add_argument(
                "--options", metavar="JSON", help="what the notebook trains, instead of the configuration's"
            )


def _report(options: argparse.Namespace) -> None:
    from backprop.documents import report

    findings = _findings(options, dependencies.experiments())
    report.build(_byline(options), findings, _figures(options), options.results / "report")


def _assignment(options: argparse.Namespace) -> None:
    header = _byline(options) | {"title": "Reproducing Experiment 1 of Rumelhart, Hinton and Williams (1986)"}
    if options.options is None:
        trained = config.assignment(configuration(options))
    else:
        trained = config.Assignment.from_overrides(json_mapping(options.options, "--options"), "assignment")

    from backprop.documents import assignment

    assignment.build(header, dataclasses.asdict(trained), options.results / "assignment")


def _byline(options: argparse.Namespace) -> dict[str, str]:
    settings = configuration(options) if None in (options.author, options.student_id, options.course) else {}
    return {
        key: str(given if (given := getattr(options, key)) is not None else settings.get(key, ""))
        for key in ("author", "student_id", "course")
    }


def _findings(options: argparse.Namespace, experiments: list[str]) -> dict[str, Any]:
    return {name: store.read_findings(options.results / name / "findings.json") for name in experiments}


def _figures(options: argparse.Namespace) -> dict[str, Path]:
    return {
        f"{experiment}/{name}": options.results / experiment / "figures" / f"{name}.svg"
        for experiment in dependencies.experiments()
        for name in dependencies.figure_names(experiment)
    }
