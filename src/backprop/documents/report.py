"""The report: templates and results -> Markdown -> HTML and PDF, offline, the same bytes each time.

Jinja2 fills the sections, pandoc makes one self-contained HTML file with MathML, pandoc and Typst make a
tagged PDF (PDF/UA-1). What the text quotes and the results lack stops the build; so does a figure that nobody
shows.
"""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import pypandoc
import typst

from backprop.evidence import formatting
from backprop.evidence.claims import VERDICTS, Claim, counts, ordered
from backprop.protocol import UserError
from backprop.results.store import write_bytes, write_text

KIT = Path(__file__).parents[3] / "report"  # templates, filters, fonts, style, references
TIMESTAMP = 529_200_000  # 9 October 1986, the day the paper appeared: a PDF must carry a date, and not today's
KINDS = {"fig": "figure", "tbl": "table", "eq": "equation", "sec": "section"}


def build(
    context: Mapping[str, Any],
    sections: Path,
    figures: Mapping[str, Path],
    html: Path,
    pdf: Path,
    kit: Path = KIT,
) -> None:
    """Write the report as HTML and PDF.

    Args:
        context: what the templates may use: `title` and optionally `subtitle`, `author` (text or a list), one
            mapping per experiment, and `claims`, a list of mappings with the fields of Claim.
        sections: folder of NN_name.md.j2, joined in the order of their names.
        figures: "experiment/name" -> SVG file; each must appear in the text and be referred to.
        html: the HTML file to write; one file, nothing loaded from elsewhere.
        pdf: the PDF file to write.
        kit: folder of templates, filters, fonts and references.

    Raises:
        UserError: one sentence with the file and the name, for everything an author can get wrong.
    """
    document = parse(render_markdown(context, sections))
    check(document, figures, kit)
    write_text(html, to_html(document, context, figures, kit))
    write_bytes(pdf, to_pdf(document, context, figures, kit))


# Templates -> Markdown


class _Environment(jinja2.Environment):
    """In `symmetry.values` the key comes before the method that every mapping has."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The entry of a mapping, otherwise Jinja's own rule."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def environment(folder: Path) -> jinja2.Environment:
    """The template language: << value >>, <% statement %>, <# comment #>, strict about what is missing."""
    made = _Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        finalize=_printable,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters.update(formatting.FILTERS)
    made.filters["badge"] = badge
    made.globals.update(claims_table=claims_table, verdict_counts=verdict_counts)
    return made


def render_markdown(context: Mapping[str, Any], sections: Path) -> str:
    """The filled-in sections as one Markdown text, in the order of their file names."""
    templates = sorted(sections.glob("*.md.j2"))
    if not templates:
        raise UserError(f"{sections} holds no section; expected files such as 10_introduction.md.j2.")
    return "\n\n".join(render_file(path, context) for path in templates)


def render_file(template: Path, context: Mapping[str, Any]) -> str:
    """One filled-in template; UserError names file, line and the value that is missing or cannot be shown."""
    try:
        return environment(template.parent).get_template(template.name).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{template.name}, line {error.lineno}: {error.message}.") from error
    except (jinja2.UndefinedError, UserError, TypeError, ValueError) as error:
        text = str(error).rstrip(".")
        raise UserError(f"{template.name}, line {_line(error, template)}: {text}.") from error


def _line(error: Exception, template: Path) -> int | str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(template)]
    return lines[-1] if lines and lines[-1] else "?"


def _printable(value: Any) -> Any:
    """Refuse what must not appear in a sentence: nothing, nan, and floats nobody has rounded."""
    if isinstance(value, jinja2.Undefined):
        return value
    if value is None or isinstance(value, bool | dict | list | tuple) or callable(value):
        raise UserError(f"the value {str(value)[:60]} cannot be put into a sentence; branch on it or use a filter")
    if isinstance(value, float) and (not math.isfinite(value) or len(repr(value)) > 6):
        raise UserError(f"the number {value!r} needs a filter, such as fixed, significant or percent")
    return value


def badge(verdict: str) -> str:
    """A verdict as a badge: colour, sign and word."""
    if verdict not in VERDICTS:
        raise UserError(f"badge: the verdict is {verdict!r}; allowed are {', '.join(VERDICTS)}")
    return f"[{verdict}]{{.badge .{verdict.replace(' ', '-')}}}"


def claims_table(
    claims: Sequence[Mapping[str, str]], caption: str, label: str = "tbl:claims", source: str = "Paper"
) -> str:
    """All claims as one table, sorted, with badges.

    `caption` is Markdown, `label` its cross-reference, `source` the heading over the values that are judged.
    """
    lines = [
        f"| | Claim | {source} | Ours | Verdict |",
        "|" + "".join(f":{'-' * n}|" for n in (5, 33, 19, 48, 19)),
    ]
    for claim in ordered(map(Claim.from_mapping, claims)):
        cells = [
            claim.id,
            f"{claim.claim} [{claim.source}]{{.small}}",
            claim.paper,
            f"{claim.ours} [{claim.rule}]{{.small}}",
            badge(claim.verdict),
        ]
        lines.append("|" + "|".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + "|")
    return "\n".join(lines) + f"\n\n: {caption} {{#{label} .claims .wide}}\n"


def verdict_counts(claims: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """How many claims got each verdict, under names a template can use: reproduced, not_judged, ..."""
    tally = counts(map(Claim.from_mapping, claims))
    return {verdict.replace(" ", "_"): amount for verdict, amount in tally.items()}


# Markdown -> pandoc's document, checked


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
) -> bytes:
    """The PDF, tagged and checked by Typst against PDF/UA-1, A4."""
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
