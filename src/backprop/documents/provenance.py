"""Where a figure and a verdict come from: links to their code and data, and the seeds of the networks.

A figure `experiment/name` is drawn by `figures.py` of its experiment from the files that its SVG names as metadata; a
claim is judged by `findings.py` of its experiment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backprop.documents import pages
from backprop.documents.software import ROOT, citation

SHOWN = 2
"""The most data files that one line names."""

Inlines = list[dict[str, Any]]


@dataclass(frozen=True)
class Sources:
    """What is known of the sources of a report.

    Attributes:
        findings: by experiment, what its findings.json holds.
        figures: "experiment/name" -> SVG file.
        folder: of the documents, `results/report`, from which links begin.
    """

    findings: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Path]
    folder: Path

    def of_figure(self, figure: str) -> Inlines:
        """The line under a figure."""
        experiment = figure.split("/")[0]
        named = re.search(r"<metadata>([^<]*)</metadata>", self.figures[figure].read_text(encoding="utf-8"))
        files = named[1].split() if named else []
        line = [_text("Drawn by "), self._code(experiment, "figures.py")]
        for place, file in enumerate(files[:SHOWN]):
            line += [_text(", " if place else " from "), _link(f"{experiment}/{file}", f"../{experiment}/{file}")]
        if len(files) > SHOWN:
            more = len(files) - SHOWN
            line.append(_text(f" and {more} other file{'s' if more > 1 else ''}"))
        variants = {file.split("/")[0] for file in files if "/" in file}
        return line + self._seeds(experiment, variants)

    def of_claim(self, experiment: str) -> Inlines:
        """The line under a claim: what judges it, the numbers, and the seeds of the experiment's networks."""
        data = _link(f"{experiment}/findings.json", f"../{experiment}/findings.json")
        code = self._code(experiment, "findings.py")
        return [_text("Judged by "), code, _text(" from "), data, *self._seeds(experiment, ())]

    def _code(self, experiment: str, file: str) -> dict[str, Any]:
        return _link(f"{experiment}/{file}", self._address(f"src/backprop/experiments/{experiment}/{file}"))

    def _address(self, path: str) -> str:
        """The address of a source file: in the public repository, or beside the results; empty if there is neither."""
        if public := citation().get("repository-code"):
            return f"{public}/blob/HEAD/{path}"
        if ROOT in self.folder.resolve().parents:
            return Path(os.path.relpath(ROOT / path, self.folder.resolve())).as_posix()
        return ""

    def _seeds(self, experiment: str, variants: Iterable[str]) -> Inlines:
        """The smallest and the largest seed of these variants, or of all, and whether there are fresh seeds besides."""
        protocols = self.findings[experiment].get("protocols", {})
        named = [protocols[name] for name in variants or protocols if name in protocols]
        known = {_range(protocol["seeds"]) for protocol in named}
        if not known:
            return []
        low, high = min(low for low, _ in known), max(high for _, high in known)
        fresh = " and fresh seeds" if any(protocol.get("fresh_seeds") for protocol in named) else ""
        fewer = "" if len(known) == 1 else "; some variants have fewer"
        return [_text(f"; data of seeds {low:,} to {high:,}{fresh}{fewer}")]


def _range(seeds: int | list[int]) -> tuple[int, int]:
    """The smallest and the largest seed of a protocol, which lists seeds or counts them from 0."""
    return (0, seeds - 1) if isinstance(seeds, int) else (min(seeds), max(seeds))


def with_sources(document: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    """The document with a line of sources under each figure and each claim."""
    copy = json.loads(json.dumps(document))
    for element in pages.elements(copy["blocks"]):
        if element["t"] == "Figure":
            for image in pages.elements(element["c"][2]):
                if image["t"] == "Image":
                    line = {"t": "Plain", "c": sources.of_figure(pages.name_of(image))}
                    element["c"][1][1].append({"t": "Div", "c": [["", ["sources"], []], [line]]})
        if element["t"] == "Span" and "sources" in element["c"][0][1]:
            (experiment,) = (value for key, value in element["c"][0][2] if key == "experiment")
            element["c"] = [["", ["sources"], []], sources.of_claim(experiment)]
    return copy


def _text(text: str) -> dict[str, Any]:
    return {"t": "Str", "c": text}


def _link(text: str, address: str) -> dict[str, Any]:
    code = {"t": "Code", "c": [["", [], []], text]}
    return {"t": "Link", "c": [["", [], []], [code], [address, ""]]} if address else code
