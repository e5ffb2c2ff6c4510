"""How many symmetry networks solve the task when trained from losses alone, and how many with the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.evidence.statistics import median_survival, paired_difference
from backprop.evidence.verdicts import NOT_JUDGED, NOT_REPRODUCED, REPRODUCED, share
from backprop.results.variant import Run

NEAR = 0.1
"""How far below the gradient's share of solved networks still counts as equally good (claim E10)."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """One row per setting; differences are to the exact gradient on the same seeds, in percentage points.

    `most` is the row with the most samples, None without a search; `noise_hurts` is whether the search with the fewest
    samples solves the task in clearly fewer networks than the gradient.
    """
    exact = runs["paper"]
    rows = [_row(name, run, int(samples), exact) for name, run in runs.items() for samples in run.arrays["samples"]]
    searches = [row for row in rows if row["samples"]]
    fewest = min(searches, key=lambda row: row["samples"], default=None)
    return {
        "rules": {"near": NEAR},
        "parameters": int(exact.arrays["parameters"][0]),
        "by_differences": int(exact.arrays["parameters"][0]) + 1,
        "networks": len(exact.arrays["seeds"]),
        "cap": exact.protocol["sweeps"],
        "exact": rows[0],
        "search": searches,
        "most": max(searches, key=lambda row: row["samples"], default=None),
        "noise_hurts": fewest is not None and rows[0]["solved"]["rate"] > fewest["solved"]["rate"] + NEAR,
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """The verdict on E10, from the setting with the most samples."""
    return {"E10": by_difference(values["most"])}


def by_difference(row: Mapping[str, Any] | None) -> str:
    """Reproduced if the interval of the difference is above -NEAR, not if below or if no network learns.

    Otherwise, and without a search, the claim is not judged: there are too few networks.
    """
    if row is None:
        return NOT_JUDGED
    if not row["solved"]["count"]:
        return NOT_REPRODUCED
    if row["difference"]["low"] > -100 * NEAR:
        return REPRODUCED
    return NOT_REPRODUCED if row["difference"]["high"] < -100 * NEAR else NOT_JUDGED


def _row(name: str, run: Run, samples: int, exact: Run) -> dict[str, Any]:
    table = run.table[run.table.samples == samples].sort_values("seed")
    own = exact.table.sort_values("seed").solved.to_numpy()
    paired = paired_difference(table.solved.to_numpy(), own)
    return {
        "variant": name,
        "samples": samples,
        "cap": run.protocol["sweeps"],
        "solved": share(table.solved),
        "median": median_survival(table.sweeps.fillna(run.protocol["sweeps"]), table.solved).value,
        "evaluations": samples * run.protocol["sweeps"],
        "difference": {"mean": 100 * paired.difference, "low": 100 * paired.low, "high": 100 * paired.high},
    }
