"""How long the jobs of a run took, from the benchmark files that Snakemake writes beside the logs.

Times differ between runs, so they are in no result and in no document; `backprop times` prints them on demand.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

LOGS = "logs"
"""The folder of logs and benchmark files in the results."""


@dataclass(frozen=True)
class Spent:
    """The jobs of an experiment, or of a document.

    Attributes:
        name: of the experiment, or of the document.
        jobs: how many.
        seconds: their run times together.
        longest: the run time of the longest job, in seconds.
        memory: the largest resident memory of a job, in MB; 0 if it was not measured.
    """

    name: str
    jobs: int
    seconds: float
    longest: float
    memory: float


def read(results: Path) -> list[Spent]:
    """What the jobs of each experiment took, the longest first."""
    known: dict[str, list[tuple[float, float]]] = {}
    folder = results / LOGS
    for path in sorted(folder.rglob("*.tsv")):
        parts = path.relative_to(folder).with_suffix("").parts
        # logs/<stage>/<experiment>/<variant>, logs/<stage>/<experiment>, or logs/<document>
        name = parts[1] if len(parts) > 1 else parts[0]
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                known.setdefault(name, []).append((_number(row.get("s")), _number(row.get("max_rss"))))
    spent = [
        Spent(name, len(jobs), sum(s for s, _ in jobs), max(s for s, _ in jobs), max(rss for _, rss in jobs))
        for name, jobs in known.items()
    ]
    return sorted(spent, key=lambda own: -own.seconds)


def table(spent: list[Spent]) -> str:
    """The rows as text, with a sum."""
    rows = [("", "jobs", "seconds", "longest", "MB")]
    rows += [(s.name, f"{s.jobs}", f"{s.seconds:,.0f}", f"{s.longest:,.0f}", f"{s.memory:,.0f}") for s in spent]
    jobs, seconds = sum(s.jobs for s in spent), sum(s.seconds for s in spent)
    rows.append(("all", f"{jobs}", f"{seconds:,.0f}", f"{max(s.longest for s in spent):,.0f}", ""))
    return "\n".join(f"{name:<18}" + "".join(f"{cell:>10}" for cell in cells) for name, *cells in rows)


def _number(text: str | None) -> float:
    """A number of a benchmark file; Snakemake writes "-" or "NA" for what it could not measure."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
