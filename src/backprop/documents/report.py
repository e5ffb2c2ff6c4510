"""The report and the labs: sections, claims and results -> Markdown -> HTML and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backprop import strict_yaml
from backprop.documents import claims as claim_files
from backprop.documents import live, pages, templates
from backprop.documents.tables import claims_table, protocol_table
from backprop.evidence.verdicts import FEW, MOST
from backprop.protocol import UserError
from backprop.results.store import write_bytes, write_text

DOCUMENTS = "documents.yaml"
"""The file that lists the documents with their sections and titles."""

SHARED = {
    "claims_table": claims_table,
    "protocol_table": protocol_table,
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
    context = {**byline, **findings, **SHARED, "stored": stored(kit), **_claims(findings, kit / "claims")}
    documents = strict_yaml.load(kit / DOCUMENTS)
    texts = {name: templates.render_folder(kit / known["sections"], context) for name, known in documents.items()}
    parsed = {name: pages.parse(text) for name, text in texts.items()}
    for document in parsed.values():
        pages.check(document, figures, kit)
    shown = {name: set(pages.inventory(document).images) for name, document in parsed.items()}
    for figure in figures:
        if not any(figure in images for images in shown.values()):
            raise UserError(f"the figure {figure} is drawn but no section shows it (figure:{figure}).")
    written: dict[Path, str | bytes] = {}
    for name, document in parsed.items():
        own = {figure: path for figure, path in figures.items() if figure in shown[name]}
        titles = {
            key: templates.render_text(documents[name][key], context, f"{DOCUMENTS}, {key} of {name}")
            for key in ("title", "subtitle")
        }
        shown_live = live.with_live_network(document, context, kit)
        written[folder / f"{name}.html"] = pages.to_html(shown_live, {**byline, **titles}, own, kit)
        written[folder / f"{name}.pdf"] = pages.to_pdf(document, {**byline, **titles}, own, kit)
    for path, content in written.items():
        write_text(path, content) if isinstance(content, str) else write_bytes(path, content)


def stored(kit: Path = pages.KIT) -> dict[str, Any]:
    """The summaries of studies that a run does not repeat, by name, as templates use them: `stored.million`."""
    return {path.stem: strict_yaml.load(path) for path in sorted((kit / "stored").glob("*.yaml"))}


def _claims(findings: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """What templates know about claims: the parts of the numbering, claims by kind, how many have each verdict."""
    parts = claim_files.read_parts(folder)
    claims = claim_files.by_kind(claim_files.read_claims(findings, folder), parts)
    return {
        "parts": parts,
        "claims": claims,
        "verdict_counts": {kind: claim_files.count_verdicts(own) for kind, own in claims.items()},
    }
