"""The report: sections, claims and results -> Markdown -> HTML and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backprop.documents import claims as claim_files
from backprop.documents import pages, templates
from backprop.documents.tables import claims_table, protocol_table
from backprop.evidence.verdicts import FEW, MOST
from backprop.results.store import write_bytes, write_text


def build(
    context: Mapping[str, Any],
    findings: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, Path],
    html: Path,
    pdf: Path,
    kit: Path = pages.KIT,
) -> None:
    """Write the report as HTML and PDF.

    Args:
        context: `title` and optionally `subtitle` and `author` (text or a list), for pages and templates.
        findings: by experiment, what its findings.json holds; templates use it by the experiment's name.
        figures: "experiment/name" -> SVG file; each must appear in the text and be referred to.
        html: the HTML file to write; one file that loads nothing.
        pdf: the PDF file to write.
        kit: folder of sections, claims, templates, filters, fonts and references.

    Raises:
        UserError: one sentence with the file and the name, for every error of an author.
    """
    text = templates.render_folder(kit / "sections", {**context, **findings, **_claims(findings, kit / "claims")})
    document = pages.parse(text)
    pages.check(document, figures, kit)
    write_text(html, pages.to_html(document, context, figures, kit))
    write_bytes(pdf, pages.to_pdf(document, context, figures, kit))


def _claims(findings: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """What templates know about claims: the parts of the numbering, claims by kind, how many have each verdict."""
    parts = claim_files.read_parts(folder)
    claims = claim_files.by_kind(claim_files.read_claims(findings, folder), parts)
    return {
        "parts": parts,
        "claims": claims,
        "verdict_counts": {kind: claim_files.count_verdicts(own) for kind, own in claims.items()},
        "claims_table": claims_table,
        "protocol_table": protocol_table,
        "share_rule": {"most": MOST, "few": FEW},
    }
