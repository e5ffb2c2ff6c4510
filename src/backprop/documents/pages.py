"""Markdown -> pandoc's document, checked -> one HTML file and a tagged PDF, offline, the same bytes each time.

pandoc makes a self-contained HTML file with MathML; pandoc and Typst make a PDF that conforms to PDF/UA-1. A figure
that the text does not show or mention, a dead reference, an unknown citation and missing alternative text stop the
build.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypandoc
import typst

from backprop.protocol import UserError

KIT = Path(__file__).parents[3] / "report"
"""Templates, filters, fonts, styles, claims and references."""

TIMESTAMP = 529_200_000
"""9 October 1986, the day the paper appeared: a PDF carries a date, and today's would change its bytes."""

KINDS = {"fig": "figure", "tbl": "table", "eq": "equation", "sec": "section"}


@dataclass
class Inventory:
    """What a document shows and what it refers to."""

    images: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def parse(markdown: str, shift: int = 0) -> dict[str, Any]:
    """pandoc's document (its JSON form) of a Markdown text; `shift` is added to the level of each heading."""
    options = [f"--shift-heading-level-by={shift}"] if shift else []
    return json.loads(_pandoc(markdown, "json", source="markdown", options=options))


def check(document: Mapping[str, Any], figures: Mapping[str, Path], kit: Path = KIT) -> None:
    """Refuse missing, unused or unmentioned figures, dead references, unknown citations, missing alt text."""
    found = inventory(document)
    _check_headings(document)
    _check_figures(found, figures)
    labels = set(found.labels)
    for label in found.labels:
        if found.labels.count(label) > 1:
            raise UserError(f"the label #{label} is used twice; labels must differ.")
    for citation in found.citations:
        kind = citation.partition(":")[0]
        if ":" in citation and kind in KINDS and citation not in labels:
            raise UserError(f"the text refers to @{citation}, but no {KINDS[kind]} is labelled #{citation}.")
        if not (":" in citation and kind in KINDS) and citation not in bibliography_keys(kit):
            raise UserError(f"the text cites @{citation}, which report/references.bib does not hold.")
    for link in found.links:
        if link not in labels:
            raise UserError(f"the text links to #{link}, but nothing carries that label.")
    unreferred = [x for x in found.labels if x.startswith("fig:") and x not in found.citations + found.links]
    if unreferred:
        raise UserError(f"the text never refers to the figure @{unreferred[0]}; say in a sentence what it shows.")


def _check_headings(document: Mapping[str, Any]) -> None:
    """PDF/UA wants no level left out."""
    before = 0
    for element in _elements(document["blocks"]):
        if element["t"] == "Header":
            if element["c"][0] > before + 1:
                raise UserError(f"the heading '{_text(element['c'][2])}' skips a level; use {'#' * (before + 1)}.")
            before = element["c"][0]


def _check_figures(found: Inventory, figures: Mapping[str, Path]) -> None:
    for name in found.images:
        if name not in figures:
            known = ", ".join(sorted(figures)) or "none"
            raise UserError(f"the text shows figure:{name}, which no experiment declares; declared are {known}.")
        if not figures[name].exists():
            raise UserError(f"the figure {name} should be at {figures[name]}, which does not exist.")
    for name in figures:
        if name not in found.images:
            raise UserError(f"the figure {name} is drawn but no section shows it (figure:{name}).")
    if found.unlabelled:
        raise UserError(f"figure:{found.unlabelled[0]} needs a label such as {{#fig:name}} and a caption.")
    if found.without_alt:
        raise UserError(f'figure:{found.without_alt[0]} needs alternative text: {{alt="what the figure shows"}}.')


def inventory(document: Mapping[str, Any]) -> Inventory:
    """What the document shows, labels, cites and links to."""
    found = Inventory()
    inside_figures: set[int] = set()
    for element in _elements(document["blocks"]):
        kind: str = element["t"]
        content: Any = element.get("c")
        if kind == "Figure":
            caption = _text(content[1])
            for image in _elements(content[2]):
                if image["t"] == "Image":
                    inside_figures.add(id(image))
                    if not content[0][0].startswith("fig:"):
                        found.unlabelled.append(_name(image))
                    if _text(image["c"][1]) in ("", caption):
                        found.without_alt.append(_name(image))
        if kind == "Image":
            found.images.append(_name(element))
            if id(element) not in inside_figures:
                found.unlabelled.append(_name(element))
        if kind == "Cite":
            found.citations += [citation["citationId"] for citation in content[0]]
        if kind == "Link" and content[2][0].startswith("#"):
            found.links.append(content[2][0][1:])
        if kind in ("Figure", "Table", "Div", "Span", "CodeBlock") and content[0][0]:
            found.labels.append(content[0][0])
        if kind == "Header" and content[1][0]:
            found.labels.append(content[1][0])
        if kind == "Str" and (match := re.fullmatch(r"\{#(eq:[\w-]+)\}", content)):
            found.labels.append(match[1])
    return found


def bibliography_keys(kit: Path = KIT) -> set[str]:
    """The keys in references.bib."""
    return set(re.findall(r"^@\w+\{([\w-]+),", (kit / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))


def _elements(node: Any) -> Iterator[dict[str, Any]]:
    """Every element of pandoc's document below `node`, outer before inner."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        for value in node.values():
            yield from _elements(value)
    elif isinstance(node, list):
        for value in node:
            yield from _elements(value)


def _text(node: Any) -> str:
    words = {"Space": " ", "SoftBreak": " "}
    return "".join(
        words.get(x["t"], x["c"] if x["t"] == "Str" else x["c"][1] if x["t"] in ("Math", "Code") else "")
        for x in _elements(node)
    ).strip()


def _name(image: Mapping[str, Any]) -> str:
    return image["c"][2][0].removeprefix("figure:")


# The document -> HTML, PDF


def to_html(
    document: Mapping[str, Any],
    context: Mapping[str, Any],
    figures: Mapping[str, Path],
    kit: Path = KIT,
    layout: str = "",
) -> str:
    """One HTML file with everything inside; `layout` "one-page" leaves out the table of contents."""
    shown = _with_images(document, {name: str(path.resolve()) for name, path in figures.items()})
    options = ["--mathml", "--embed-resources", f"--css={kit / 'style.css'}", f"--resource-path={kit}"]
    options += [f"--variable=layout:{layout}"] if layout else ["--toc", "--toc-depth=3"]
    page = _pandoc(json.dumps(_with_meta(shown, context)), "html", kit=kit, options=options)
    return re.sub(r"[ \t]+\n", "\n", EMBEDDED_SVG.sub(_as_text, page))


EMBEDDED_SVG = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")


def _as_text(match: re.Match[str]) -> str:
    """An embedded SVG as escaped text instead of base64, which is a quarter longer."""
    svg = base64.b64decode(match[1]).decode("utf-8").replace('"', "'")
    return "data:image/svg+xml," + quote(svg, safe=" !$&'()*+,-./:;=?@_|{}[]^`~\n").replace("\n", " ").replace(
        "&", "%26"
    )


def to_pdf(
    document: Mapping[str, Any],
    context: Mapping[str, Any],
    figures: Mapping[str, Path],
    kit: Path = KIT,
    template: str = "report.typ",
    inputs: Mapping[str, str] | None = None,
) -> bytes:
    """The PDF, tagged and checked by Typst against PDF/UA-1; `inputs` are what the template reads as sys.inputs."""
    with tempfile.TemporaryDirectory() as folder:
        for name, path in figures.items():
            target = Path(folder, "figures", name + path.suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        paths = {name: f"figures/{name}{path.suffix}" for name, path in figures.items()}
        shown = json.dumps(_with_meta(_with_images(document, paths), context))
        source = Path(folder, "report.typ")
        source.write_text(_pandoc(shown, "typst", kit=kit, template=template), encoding="utf-8")
        try:
            return typst.compile(
                str(source),
                root=folder,
                font_paths=[str(kit / "fonts")],
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
                timestamp=TIMESTAMP,
                sys_inputs=dict(inputs or {}),
            )
        except typst.TypstError as error:
            hints = " ".join(getattr(error, "hints", []) or [])
            raise UserError(f"Typst refuses the report: {error} {hints}".strip()) from error


def _with_images(document: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    copy = json.loads(json.dumps(document))
    for element in _elements(copy["blocks"]):
        if element["t"] == "Image":
            element["c"][2][0] = paths[_name(element)]
    return copy


def _with_meta(document: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The document with title, subtitle and author as pandoc's metadata."""

    def inlines(text: str) -> dict[str, Any]:
        return {"t": "MetaInlines", "c": [{"t": "Str", "c": text}]}

    if not context.get("title"):
        raise UserError("the report has no title; give the context a 'title'.")
    authors = context.get("author", [])
    meta = {name: inlines(context[name]) for name in ("title", "subtitle") if context.get(name)}
    names = [authors] if isinstance(authors, str) else list(authors)
    meta["author"] = {"t": "MetaList", "c": [inlines(name) for name in names]}
    meta["link-citations"] = {"t": "MetaBool", "c": True}
    return {**document, "meta": meta}


def _pandoc(
    text: str,
    to: str,
    source: str = "json",
    kit: Path = KIT,
    template: str = "report.html",
    options: Sequence[str] = (),
) -> str:
    """Run pandoc, strictly: a warning is an error, and an error is one sentence."""
    arguments = ["--fail-if-warnings", *options]
    if to in ("html", "typst"):
        arguments += [
            "--standalone",
            f"--template={kit / 'templates' / template}",
            f"--lua-filter={kit / 'filters' / 'crossref.lua'}",
            "--citeproc",
            f"--bibliography={kit / 'references.bib'}",
            f"--lua-filter={kit / 'filters' / (to + '.lua')}",
        ]
    reader = "json" if source == "json" else "markdown+smart"
    try:
        return pypandoc.convert_text(text, to, format=reader, extra_args=arguments)
    except RuntimeError as error:
        raise UserError(f"pandoc refuses the text: {str(error).split('conversion: ')[-1].strip()}") from error
