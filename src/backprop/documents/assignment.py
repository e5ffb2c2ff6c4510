"""The one-page assignment: template -> executed notebook -> HTML by nbconvert and a one-page A4 PDF.

Code cells are filled with the options and executed first. The text is filled afterwards, so that it states what the
notebook itself found.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from backprop import strict_yaml
from backprop.documents import kit as kit_files
from backprop.documents import pages, security, templates
from backprop.documents.notebook import FENCE, execute, to_html, to_notebook
from backprop.protocol import UserError
from backprop.results.store import write_bytes, write_text

TEMPLATE, ROWS = "assignment.md.j2", "assignment_rows.yaml"
HEADER = ("title", "author", "student_id", "course")
WIDTH = 53
"""Characters of a line of code that fit into a column of the PDF."""

A4 = 29.7
"""Height of the page in centimetres."""

EXCESS = (0.5, 1, 2, 3, 5, 8, 13, 20, 30)
"""Centimetres by which a text that is too long is tried to fit, for the error message."""

RESULTS = '{"shares": shares, "near": near}'
"""What the text may quote of the notebook's variables, as an expression of its kernel."""


def build(
    header: Mapping[str, str],
    options: Mapping[str, Any],
    folder: Path,
    kit: Path = pages.KIT,
    results: str = RESULTS,
    seconds: int = 300,
) -> None:
    """Write assignment.ipynb, .html and .pdf into `folder`.

    Args:
        header: title, author, student_id and course.
        options: `seed`, `networks` and `sweeps` of the notebook, `workarounds`, names of rows in ROWS, and `language`.
        folder: where the three files go.
        kit: folder of templates, filters and fonts, with TEMPLATE and ROWS.
        results: an expression of the notebook's kernel, whose value the text sees as `results`.
        seconds: the time one cell may take.

    Raises:
        UserError: a value is missing, a cell fails, or the PDF has more than one page.
    """
    kit_files.check(kit)
    header = _header(header)
    shown = {name: security.as_markdown(text) for name, text in header.items()}
    top = f"# {shown['title']}\n\n**{shown['author']}** · {shown['student_id']} · {shown['course']}"
    template = (kit / TEMPLATE).read_text(encoding="utf-8")
    known = strict_yaml.load(kit / ROWS)
    context = {"options": {**options, "rows": _rows(options, known)}}

    def fill(text: str, more: Mapping[str, Any]) -> str:
        return templates.render_text(text, {**context, **more}, TEMPLATE)

    code = "\n\n".join(fill(fence[0], {}) for fence in FENCE.finditer(template))
    executed, values = execute(to_notebook(code, top), results, seconds)
    text = fill(template, {"results": _conclusions(values, known)})
    notebook = _with_outputs(to_notebook(text, top), executed)
    pdf = _pdf(notebook, header, kit)
    write_text(folder / "assignment.ipynb", nbformat.writes(notebook) + "\n")
    write_text(folder / "assignment.html", to_html(notebook, header["title"], options["language"], kit / "templates"))
    write_bytes(folder / "assignment.pdf", pdf)


def _rows(options: Mapping[str, Any], known: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """The rows of the table that the options name: the `call` of each, and what it has to `define`; `known` is ROWS."""
    rows = []
    for name in options["workarounds"]:
        if name not in known:
            raise UserError(f"assignment: '{name}' among the workarounds is unknown; allowed are {', '.join(known)}.")
        definition = templates.render_text(known[name].get("define", ""), {"options": options}, f"{ROWS}, {name}")
        call = f'    "{known[name]["label"]}": train({known[name]["code"]})[1],'
        if max(map(len, call.splitlines())) > WIDTH:
            call = call.replace("train(", "train(\n        ", 1)
        rows.append({"call": call, "define": definition})
    return rows


def _conclusions(values: Mapping[str, Any], known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What the text says of the notebook's table; `known` is ROWS.

    `compared` holds for each known row whether it is "better" or "worse" than the paper's protocol, its interval above
    or below the paper's, or "alike"; a row that is not in the table is "not tried".
    """
    names = {row["label"]: name for name, row in known.items()} | {"the paper": "paper"}
    shares = {
        names[label]: dict(zip(("rate", "low", "high"), share, strict=True))
        for label, share in values["shares"].items()
    }
    compared = dict.fromkeys(known, "not tried")
    for name, share in shares.items():
        better, worse = share["low"] > shares["paper"]["high"], share["high"] < shares["paper"]["low"]
        compared[name] = "better" if better else "worse" if worse else "alike"

    def below(name: str, other: str) -> bool:
        return name in shares and other in shares and shares[name]["low"] <= shares[other]["high"]

    near = values["near"]
    return {
        **values,
        "paper": shares["paper"],
        "compared": compared,
        "softplus_like_rate": below("softplus", "small_rate"),
        "schedule_below_rate": below("one_cycle", "small_rate"),
        "nearer": near[".1 and .9"] < near["0 and 1"],
    }


def _with_outputs(notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the outputs of `executed`, which has the same code cells and other text."""
    done = [cell for cell in executed.cells if cell.cell_type == "code"]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, other in zip(cells, done, strict=True):
        if cell.source != other.source:
            raise UserError(f"{TEMPLATE}: a code cell uses `results`, which is known only after the code has run.")
        cell.outputs, cell.execution_count = other.outputs, other.execution_count
    return notebook


def _pdf(notebook: nbformat.NotebookNode, header: Mapping[str, str], kit: Path) -> bytes:
    """The notebook on one A4 page, or UserError that says by how much it is too long."""
    with tempfile.TemporaryDirectory() as scratch:
        markdown, figures = to_markdown(notebook, Path(scratch))
        document = pages.parse(markdown, shift=-1)
        byline = f"{header['author']} · {header['student_id']} · {header['course']}"
        meta = {"title": header["title"], "author": byline}

        def page(height: float) -> bytes:
            inputs = {"height": f"{height:g}"}
            return pages.to_pdf(document, meta, figures, kit, template="assignment.typ", inputs=inputs)

        pdf = page(A4)
        if count_pages(pdf) == 1:
            return pdf
        longer = next((more for more in EXCESS if count_pages(page(A4 + more)) == 1), None)
    by = f"about {longer:g} cm of two columns" if longer else f"more than {EXCESS[-1]:g} cm of two columns"
    raise UserError(
        f"assignment.pdf must have one page and is too long by {by}; ask for fewer workarounds in the configuration, "
        f"or shorten {TEMPLATE}."
    )


def to_markdown(notebook: nbformat.NotebookNode, scratch: Path) -> tuple[str, dict[str, Path]]:
    """The executed notebook as Markdown for the PDF, and its figures, written into `scratch`."""
    parts: list[str] = []
    figures: dict[str, Path] = {}
    for cell in notebook.cells[1:]:  # the first holds title and author, which the page's header shows
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                figures[cell.id] = scratch / f"{cell.id}.svg"
                figures[cell.id].write_text(output.data["image/svg+xml"], encoding="utf-8")
                parts.append(f'![](figure:{cell.id}){{alt="{cell.metadata.get("alt", "")}"}}\\')
            else:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                parts.append(f"``` {{.output}}\n{text.rstrip()}\n```")
    return "\n\n".join(parts), figures


def count_pages(pdf: bytes) -> int:
    """How many pages a PDF made by Typst has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def _header(given: Mapping[str, str]) -> dict[str, str]:
    header = {name: security.one_line(given.get(name, "")) for name in HEADER}
    for name, text in header.items():
        if not text:
            raise UserError(f"assignment: '{name}' is missing; give text for {', '.join(HEADER)}.")
    return header
