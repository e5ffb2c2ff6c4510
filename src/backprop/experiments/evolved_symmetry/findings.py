"""How many symmetry networks learn from losses alone, and how many with the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import signed, thousands
from backprop.evidence.statistics import median_survival, paired_difference
from backprop.evidence.verdicts import share, told
from backprop.results.variant import Run

NEAR = 0.1
"""How far below the gradient's share of solved networks still counts as equally good."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """One row per setting, the exact gradient first; differences are seed by seed."""
    exact = runs["paper"]
    cap = exact.protocol["sweeps"]
    rows = []
    for name, run in runs.items():
        for samples in run.arrays["samples"]:
            table = run.table[run.table.samples == samples].sort_values("seed")
            row: dict[str, Any] = {
                "variant": name,
                "samples": int(samples),
                "cap": run.protocol["sweeps"],
                "solved": share(table.solved),
                "median": median_survival(table.sweeps.fillna(run.protocol["sweeps"]), table.solved).value,
                "evaluations": int(samples) * run.protocol["sweeps"],
            }
            if name != "paper":
                own = exact.table.sort_values("seed").solved.to_numpy()
                found = paired_difference(table.solved.to_numpy(), own)
                row["difference"] = [found.difference, found.low, found.high]
            rows.append(row)
    return {
        "parameters": int(exact.arrays["parameters"][0]),
        "networks": len(exact.arrays["seeds"]),
        "cap": cap,
        "exact": rows[0],
        "search": [row for row in rows if row["samples"]],
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """E10, on the setting with the most samples."""
    if not values["search"]:
        return []
    most = max(values["search"], key=lambda row: row["samples"])
    difference, low, high = most["difference"]
    if not np.isfinite(difference) or not most["solved"]["count"]:
        verdict = "not reproduced"
    else:
        verdict = "reproduced" if low > -NEAR else "not reproduced" if high < -NEAR else "not judged"
    return [
        Claim(
            "E10", "our own question", "Evolution Search trains the paper's symmetry network as well as the gradient",
            f"with the gradient {told(values['exact']['solved'])} by {thousands(values['cap'])} sweeps",
            f"with N = {most['samples']}: {told(most['solved'])}; difference {signed(100 * difference, 0)} points "
            f"({signed(100 * low, 0)} to {signed(100 * high, 0)})",
            verdict,
            f"With the most samples, on the same seeds: reproduced if the 95% interval of the difference lies above "
            f"{signed(-100 * NEAR, 0)} points, not reproduced if below or if no network learns; else the networks are "
            "too few to judge.",
        )
    ]  # fmt: skip
