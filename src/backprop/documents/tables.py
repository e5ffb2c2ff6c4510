"""Tables that several sections print: claims with their verdicts, the scoreboard, and an experiment's protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from backprop.documents.claims import Claim


def claims_table(claims: Iterable[Claim], caption: str, label: str = "tbl:claims", source: str = "Paper") -> str:
    """Claims as a table in Markdown, one row each, with badges.

    `caption` is Markdown, `label` the table's cross-reference, `source` the heading over the values that are judged.
    """
    lines = [
        f"| | Claim | {source} | Ours | Verdict |",
        "|" + "".join(f":{'-' * n}|" for n in (5, 30, 16, 61, 18)),
    ]
    for claim in claims:
        cells = [
            claim.id,
            f"{claim.claim} [{claim.source}]{{.aside}}",
            claim.paper,
            f"{claim.ours} [{claim.rule}]{{.aside}} {sources(claim.experiment)}",
            badge(claim.verdict),
        ]
        lines.append(_row(cells))
    return "\n".join(lines) + f"\n\n: {caption} {{#{label} .claims .wide}}\n"


def scoreboard(claims: Iterable[Claim], caption: str, label: str = "tbl:scoreboard") -> str:
    """The claims in a few words as a table in Markdown, one row each, so that all of them are on one page."""
    lines = ["| | Claim | Paper | Ours | Verdict |", "|" + "".join(f":{'-' * n}|" for n in (5, 44, 24, 43, 19))]
    lines += [_row([claim.id, claim.short, claim.paper, claim.brief, badge(claim.verdict)]) for claim in claims]
    return "\n".join(lines) + f"\n\n: {caption} {{#{label} .claims .scoreboard .wide}}\n"


def sources(experiment: str) -> str:
    """Where `provenance.with_sources` puts links to the code and the data of an experiment."""
    return f"[]{{.sources experiment={experiment}}}"


def protocol_table(
    experiment: Mapping[str, Any],
    caption: str,
    label: str,
    source: str = "The paper",
    dense: bool = False,
    codings: Iterable[Mapping[str, Any]] = (),
) -> str:
    """The protocol of an experiment as a table in Markdown: what the source states, where, and what we use.

    `experiment` is what its findings.json holds, `dense` prints in small type; `codings` are those of variants that
    differ in the targets alone; the other arguments are those of `claims_table`.
    """
    lines = [
        f"| | {source} | Ours | Where |",
        "|---------------|------------------------|----------------------|-----------------|",
    ]
    both = " and ".join(own["coding"] for own in codings)
    for row in experiment["protocol"]:
        ours = both if both and row["label"] == "Targets" else row["ours"]
        lines.append(_row([row["label"], row["stated"], ours, row["where"]]))
    return "\n".join(lines) + f"\n\n: {caption} {{#{label}{' .dense' if dense else ''}}}\n"


def badge(verdict: str) -> str:
    """A verdict as a badge: colour, sign and word."""
    return f"[{verdict}]{{.badge .{verdict.replace(' ', '-')}}}"


def _row(cells: Iterable[str]) -> str:
    return "|" + "|".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + "|"
