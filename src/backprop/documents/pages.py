"""From Markdown to a checked document, and from there to one HTML file and a tagged PDF.

pandoc makes a self-contained HTML file with MathML; pandoc and Typst make a PDF that conforms to PDF/UA-1. Both work
offline, and the same text gives the same bytes. The build stops at a figure that the text does not show or does not
mention, a reference without a target, an unknown citation, and missing alternative text.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pypandoc
import typst

from backprop.documents import drawings, security
from backprop.protocol import UserError

KIT = Path(__file__).parents[3] / "report"
"""Templates, filters, fonts, styles, claims and references."""

TIMESTAMP = 529_200_000
"""9 October 1986, the date of the paper: a PDF contains a date, and the current one would change its bytes."""

KINDS = {"fig": "figure", "tbl": "table", "eq": "equation", "sec": "section"}


@dataclass
class Inventory:
    """The images and labels of a document, and the references and citations in its text.

    `without_alt` and `unlabelled` are names of images without alternative text and without a label.
    """

    images: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def parse(markdown: str, shift: int = 0) -> dict[str, Any]:
    """The document that pandoc reads from Markdown, in its JSON form; `shift` is added to the level of each heading."""
    options = [f"--shift-heading-level-by={shift}"] if shift else []
    return json.loads(_pandoc(markdown, "json", source="markdown", options=options))


def check(document: Mapping[str, Any], figures: Mapping[str, Path], kit: Path = KIT) -> None:
    """UserError for the first fault in headings, figures, labels, references, citations or alternative text.

    `figures` maps "experiment/name" to a file; the text must mention each that it shows.
    """
    contents = inventory(document)
    _check_headings(document)
    _check_figures(contents, figures)
    labels = set(contents.labels)
    for label in contents.labels:
        if contents.labels.count(label) > 1:
            raise UserError(f"the label #{label} is used twice; labels must differ.")
    for citation in contents.citations:
        kind = citation.partition(":")[0]
        if ":" in citation and kind in KINDS and citation not in labels:
            raise UserError(f"the text refers to @{citation}, but no {KINDS[kind]} is labelled #{citation}.")
        if not (":" in citation and kind in KINDS) and citation not in bibliography_keys(kit):
            raise UserError(f"the text cites @{citation}, which report/references.bib does not contain.")
    for link in contents.links:
        if link not in labels:
            raise UserError(f"the text links to #{link}, but nothing has that label.")
    mentioned = {*contents.citations, *contents.links}
    for label in contents.labels:
        if label.startswith("fig:") and label not in mentioned:
            raise UserError(f"the text never refers to the figure @{label}; say in a sentence what it shows.")


def _check_headings(document: Mapping[str, Any]) -> None:
    """PDF/UA requires that headings skip no level."""
    level = 0
    for element in elements(document["blocks"]):
        if element["t"] == "Header":
            if element["c"][0] > level + 1:
                raise UserError(f"the heading '{_text(element['c'][2])}' skips a level; use {'#' * (level + 1)}.")
            level = element["c"][0]


def _check_figures(contents: Inventory, figures: Mapping[str, Path]) -> None:
    for name in contents.images:
        if name not in figures:
            known = ", ".join(sorted(figures)) or "none"
            raise UserError(f"the text shows figure:{name}, which no experiment declares; declared are {known}.")
        if not figures[name].exists():
            raise UserError(f"the figure {name} should be at {figures[name]}, which does not exist.")
        if figures[name].suffix == ".svg":
            drawings.parse(figures[name])
    if contents.unlabelled:
        raise UserError(f"figure:{contents.unlabelled[0]} needs a label such as {{#fig:name}} and a caption.")
    if contents.without_alt:
        raise UserError(f'figure:{contents.without_alt[0]} needs alternative text: {{alt="what the figure shows"}}.')


def inventory(document: Mapping[str, Any]) -> Inventory:
    """The images, labels, citations and links of a document."""
    contents = Inventory()
    inside_figures: set[int] = set()
    for element in elements(document["blocks"]):
        kind: str = element["t"]
        content: Any = element.get("c")
        if kind == "Figure":
            caption = _text(content[1])
            for image in elements(content[2]):
                if image["t"] == "Image":
                    inside_figures.add(id(image))
                    if not content[0][0].startswith("fig:"):
                        contents.unlabelled.append(name_of(image))
                    if _text(image["c"][1]) in ("", caption):
                        contents.without_alt.append(name_of(image))
        if kind == "Div" and "findings" in content[0][1]:  # its pictures belong to their sentences and have no numbers
            for image in elements(content[1]):
                if image["t"] == "Image":
                    inside_figures.add(id(image))
                    if not dict(image["c"][0][2]).get("alt"):
                        contents.without_alt.append(name_of(image))
        if kind == "Image":
            contents.images.append(name_of(element))
            if id(element) not in inside_figures:
                contents.unlabelled.append(name_of(element))
        if kind == "Cite":
            contents.citations += [citation["citationId"] for citation in content[0]]
        if kind == "Link" and content[2][0].startswith("#"):
            contents.links.append(content[2][0][1:])
        if kind in ("Figure", "Table", "Div", "Span", "CodeBlock") and content[0][0]:
            contents.labels.append(content[0][0])
        if kind == "Header" and content[1][0]:
            contents.labels.append(content[1][0])
        if kind == "Str" and (match := re.fullmatch(r"\{#(eq:[\w-]+)\}", content)):
            contents.labels.append(match[1])
    return contents


def bibliography_keys(kit: Path = KIT) -> set[str]:
    """The keys of the entries in references.bib."""
    return set(re.findall(r"^@\w+\{([\w-]+),", (kit / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """All elements of pandoc's document below `node`, each before the elements inside it."""
    left = [node]  # a stack, because a generator within each generator takes most of the time (measured)
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if "t" in node:
                yield node
            left.extend(reversed(node.values()))
        elif isinstance(node, list):
            left.extend(reversed(node))


def _text(node: Any) -> str:
    words = {"Space": " ", "SoftBreak": " "}
    return "".join(
        words.get(x["t"], x["c"] if x["t"] == "Str" else x["c"][1] if x["t"] in ("Math", "Code") else "")
        for x in elements(node)
    ).strip()


def name_of(image: Mapping[str, Any]) -> str:
    """The name of an image, "experiment/name"."""
    return image["c"][2][0].removeprefix("figure:")


# From the document to HTML and PDF


def to_html(
    document: Mapping[str, Any],
    context: Mapping[str, Any],
    figures: Mapping[str, Path],
    kit: Path = KIT,
) -> str:
    """One self-contained HTML file with a table of contents.

    `context` has `title` and optionally `subtitle` and `author` (text or a list).
    """
    # pandoc gets the name of each figure as a picture, because it would copy a drawing slowly and change it
    names = {name: base64.b64encode(name.encode()).decode("ascii") for name in figures}
    shown = _with_images(document, {name: f"data:image/svg+xml;base64,{text}" for name, text in names.items()})
    options = ["--mathml", "--embed-resources", "--css=style.css", "--toc", "--toc-depth=3"]
    page = _pandoc(json.dumps(_with_meta(shown, context)), "html", kit=kit, options=options)
    return security.with_policy(_with_drawings(re.sub(r"[ \t]+\n", "\n", _with_anchors(page)), figures))


def _with_anchors(page: str) -> str:
    """The page with a link to each heading inside it, which appears on hover and focus."""

    def anchored(match: re.Match[str]) -> str:
        anchor = f'<a class="anchor" href="#{match["id"]}" aria-label="Link to this section"></a>'
        return f"{match['head']}{anchor}</h{match['level']}>"

    return re.sub(
        r'(?P<head><h(?P<level>[2-4])\b[^>]*\bid="(?P<id>[^"]+)"[^>]*>(?:(?!</h).)*)</h(?P=level)>',
        anchored, page, flags=re.DOTALL,
    )  # fmt: skip


_PLACE = re.compile(r'<img[^>]*?src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)"[^>]*?>')


def _with_drawings(page: str, figures: Mapping[str, Path]) -> str:
    """The page with each figure drawn where pandoc left its name, and with the colours of all of them."""
    colours: set[str] = set()
    numbers = count(1)

    def drawn(match: re.Match[str]) -> str:
        alt = re.search(r'alt="([^"]*)"', match[0])
        path = figures[base64.b64decode(match[1]).decode()]
        return drawings.inline(path, alt[1] if alt else "", f"f{next(numbers)}-", colours)

    page = _PLACE.sub(drawn, page)
    return page.replace("</head>", f"<style>{drawings.stylesheet(colours)}</style>\n</head>", 1)


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
        shown = json.dumps(_with_meta(_with_pdf_links(_with_images(document, paths)), context))
        source = Path(folder, "report.typ")
        source.write_text(_pandoc(shown, "typst", kit=kit, template=template), encoding="utf-8")
        try:
            pdf, warnings = typst.compile_with_warnings(
                str(source),
                root=folder,
                font_paths=[str(kit / "fonts")],
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
                timestamp=TIMESTAMP,
                sys_inputs={"title": context["title"], "authors": json.dumps(_authors(context)), **(inputs or {})},
            )
        except typst.TypstError as error:
            hints = " ".join(getattr(error, "hints", []) or [])
            raise UserError(f"Typst rejects the document: {error} {hints}".strip()) from error
        if warnings:
            raise UserError(f"Typst warns of the document: {warnings[0].message}.")
        return pdf


def _with_images(document: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    copy = json.loads(json.dumps(document))
    for element in elements(copy["blocks"]):
        if element["t"] == "Image":
            element["c"][2][0] = paths[name_of(element)]
    return copy


def _with_pdf_links(document: dict[str, Any]) -> dict[str, Any]:
    """The document with links to another one's HTML file turned into links to its PDF."""
    for element in elements(document["blocks"]):
        if element["t"] == "Link" and re.fullmatch(r"\w+\.html", element["c"][2][0]):
            element["c"][2][0] = element["c"][2][0].removesuffix("html") + "pdf"
    return document


def _with_meta(document: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The document with title, subtitle and author as pandoc's metadata."""

    def inlines(text: str) -> dict[str, Any]:
        return {"t": "MetaInlines", "c": [{"t": "Str", "c": text}]}

    if not context.get("title"):
        raise UserError("the document has no title; give the context a 'title'.")
    meta = {name: inlines(context[name]) for name in ("title", "subtitle") if context.get(name)}
    meta["author"] = {"t": "MetaList", "c": [inlines(name) for name in _authors(context)]}
    meta["link-citations"] = {"t": "MetaBool", "c": True}
    return {**document, "meta": meta}


def _authors(context: Mapping[str, Any]) -> list[str]:
    authors = context.get("author", [])
    names = map(security.one_line, [authors] if isinstance(authors, str) else authors)
    return [name for name in names if name]


def _pandoc(
    text: str,
    to: str,
    source: str = "json",
    kit: Path = KIT,
    template: str = "report.html",
    options: Sequence[str] = (),
) -> str:
    """Run pandoc with its warnings as errors; an error is one sentence.

    pandoc runs in the folder `kit`, so that no path of its files holds a percent sign, which it would decode, or a
    letter that the locale lacks.
    """
    arguments = ["--fail-if-warnings", *options]
    if to in ("html", "typst"):
        arguments += [
            "--standalone",
            f"--template=templates/{template}",
            "--lua-filter=filters/crossref.lua",
            "--citeproc",
            "--bibliography=references.bib",
            f"--lua-filter=filters/{to}.lua",
        ]
    reader = "json" if source == "json" else "markdown+smart"
    # Typst's own quotes would turn the apostrophe of "Figure 1's" into a prime
    writer = "typst-smart" if to == "typst" else to
    # not by pypandoc, which changes the working folder of all threads while pandoc runs
    command = [pypandoc.get_pandoc_path(), f"--from={reader}", f"--to={writer}", *arguments]
    done = subprocess.run(command, input=text.encode(), cwd=kit, capture_output=True, check=False)
    if done.returncode:
        raise UserError(f"pandoc rejects the text: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
