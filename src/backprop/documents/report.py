"""The report and the labs: sections, claims and results -> Markdown -> HTML and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from backprop import strict_yaml
from backprop.documents import claims as claim_files
from backprop.documents import glossary, live, pages, provenance, security, software, templates
from backprop.documents import kit as kit_files
from backprop.documents.tables import claims_table, protocol_table, scoreboard
from backprop.evidence.verdicts import FEW, MOST
from backprop.protocol import UserError
from backprop.results.store import write_bytes, write_text

DOCUMENTS = "documents.yaml"
"""The file that lists the documents with their sections and titles."""

SHARED = {
    "claims_table": claims_table,
    "protocol_table": protocol_table,
    "scoreboard": scoreboard,
    "share_rule": {"most": MOST, "few": FEW},
}
"""What every section can use besides the results and the claims."""


def build(
    byline: Mapping[str, Any],
    findings: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, Path],
    folder: Path,
    kit: Path = pages.KIT,
) -> None:
    """Write every document as HTML and PDF.

    Args:
        byline: `author` (text or a list), and whatever else templates may print.
        findings: by experiment, what its findings.json holds; templates use it by the experiment's name.
        figures: "experiment/name" -> SVG file; each must appear in one of the documents and be referred to.
        folder: where the files go; each is one file that loads nothing.
        kit: folder of sections, claims, templates, filters, fonts and references.

    Raises:
        UserError: one sentence with the file and the name, for every error of an author. Nothing is written then.
    """
    kit_files.check(kit)
    context = {
        **_inert(byline), **findings, **SHARED, "stored": stored(kit),
        **_claims(findings, kit / "claims"), **_origins(findings),
    }  # fmt: skip
    documents = _documents(kit / DOCUMENTS)
    texts = {name: templates.render_folder(kit / known["sections"], context) for name, known in documents.items()}
    with ThreadPoolExecutor() as pool:  # pandoc and Typst work outside Python
        parsed = dict(zip(texts, pool.map(pages.parse, texts.values()), strict=True))
    for document in parsed.values():
        pages.check(document, figures, kit)
    shown = {name: set(pages.inventory(document).images) for name, document in parsed.items()}
    for figure in figures:
        if not any(figure in images for images in shown.values()):
            raise UserError(f"the figure {figure} is drawn but no section shows it (figure:{figure}).")
    begun: dict[Path, Future[str] | Future[bytes]] = {}
    with ThreadPoolExecutor() as pool:
        for name, document in parsed.items():
            own = {figure: path for figure, path in figures.items() if figure in shown[name]}
            titles = {
                key: templates.render_text(documents[name][key], context, f"{DOCUMENTS}, {key} of {name}")
                for key in ("title", "subtitle")
            }
            about = {**byline, **titles}
            begun[folder / f"{name}.pdf"] = pool.submit(pages.to_pdf, document, about, own, kit)
            linked = provenance.with_sources(document, provenance.Sources(findings, own, folder))
            page = live.with_live_network(glossary.with_terms(linked, kit), context, kit)
            begun[folder / f"{name}.html"] = pool.submit(pages.to_html, page, about, own, kit)
    written = {path: future.result() for path, future in begun.items()}
    for path, content in written.items():
        write_text(path, content) if isinstance(content, str) else write_bytes(path, content)


def stored(kit: Path = pages.KIT) -> dict[str, Any]:
    """The summaries of studies that a run does not repeat, by name, as templates use them: `stored.million`."""
    return {path.stem: strict_yaml.load(path) for path in sorted((kit / "stored").glob("*.yaml"))}


def _documents(path: Path) -> dict[str, dict[str, str]]:
    """The documents by name, each with the folder of its `sections`, its `title` and its `subtitle`."""
    documents = strict_yaml.load(path)
    if not isinstance(documents, dict) or not documents:
        raise UserError(f"{path}: expected a mapping of documents.")
    for name, known in documents.items():
        if not isinstance(known, dict) or set(known) != {"sections", "title", "subtitle"}:
            raise UserError(f"{path}: the document {name} must hold sections, title and subtitle.")
    return documents


def _inert(byline: Mapping[str, Any]) -> dict[str, Any]:
    """The byline as Markdown that shows it as it is, for templates."""
    return {
        name: security.as_markdown(text) if isinstance(text, str) else list(map(security.as_markdown, text))
        for name, text in byline.items()
    }


def _claims(findings: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """What templates know about claims: the parts and gaps of the numbering, claims by kind, counts of verdicts."""
    claims = claim_files.by_kind(claim_files.read_claims(findings, folder))
    return {
        "parts": claim_files.read_parts(folder),
        "gaps": claim_files.read_gaps(claims["paper"], folder),
        "claims": claims,
        "verdict_counts": {kind: claim_files.count_verdicts(own) for kind, own in claims.items()},
    }


def _origins(findings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What templates know about the origin of the results: `software`, and `data_sets` as rows of name and detail."""
    known = {name: about for content in findings.values() for name, about in content.get("provenance", {}).items()}
    rows = [{"name": name, "detail": about["detail"]} for name, about in sorted(known.items())]
    return {"software": software.describe(), "data_sets": rows}
