"""The numbers the text quotes about learning case by case, and the verdicts on PDP's symmetry network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import median_with_cap, percent, thousands
from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import share, told
from backprop.experiments.online.analyse import PRINTS
from backprop.experiments.symmetry import measures
from backprop.results.variant import Run

ORDERS = {"paper": "fixed order", "shuffled": "shuffled order", "batch": "sweep by sweep"}
"""The variants, and how the text calls them."""

NEAR, NEARBY = 0.01, 0.1
"""Distances, over the norm of the printed network, that count as the same network and as a similar one."""

ROUNDING = np.sqrt((15 * 0.005**2 + 2 * 0.05**2) / 3)
"""The norm that PDP's rounding error has in the root mean square: 15 weights to 0.01, two hidden biases to 0.1."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdicts need, by variant."""
    norm = np.sqrt(sum((layer**2).sum() for layer in measures.PDP_FIGURE_9))
    return {
        "mark": PRINTS["pdp"][1],
        "near": NEAR,
        "rounding": float(ROUNDING / norm),
        "variants": {name: _variant(run) for name, run in runs.items()},
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims P1 and P2."""
    del runs
    found = {word: values["variants"][name] for name, word in ORDERS.items() if name in values["variants"]}
    ours, mark = values["variants"]["paper"], values["mark"]
    pdp = ours["pdp"]
    passing = "no network of its family"
    if pdp["count"]:
        low, middle, high = map(thousands, pdp["sweeps"])
        passing = f"closest to the printed weights after {middle} ({low} to {high}) presentations"
    return [
        Claim(
            "P1", "companion chapter, Figure 9", "The weights of its symmetry network come out of changes case by case",
            "15 weights printed to 0.01, two to 0.1",
            "; ".join(
                f"{word}: closest {percent(f['pdp']['at_mark_closest'], 1)} away at sweep {thousands(mark)}, typical "
                f"{percent(f['pdp']['at_mark_median'], 1)}, {told(f['pdp']['within'])} within {percent(NEAR)} at some "
                "sweep" if f["pdp"]["count"] else f"{word}: none of that family"
                for word, f in found.items()
            ),
            _near(pdp.get("at_mark_closest"), [f["pdp"] for f in found.values() if f is not ours]),
            f"Reproduced if a network is within {percent(NEAR)} of the printed one after {thousands(mark)} "
            "presentations in fixed order, and none of the other procedures at any time, partly if within "
            f"{percent(NEARBY)}; distances are over the norm of the printed weights, up to symmetries.",
        ),
        Claim(
            "P2", "companion chapter, unverified", "How many presentations of each pattern that took", thousands(mark),
            f"fixed order: {told(ours['solved'])} solve it, median "
            f"{median_with_cap(ours['median'], ours['cap'])}; {passing}",
            "not judged" if not pdp["count"] else
            "reproduced" if pdp["sweeps"][0] <= mark <= pdp["sweeps"][2] else "not reproduced",
            f"Reproduced if {thousands(mark)} lies within the middle 95% of the presentations at which the networks of "
            "its family come closest to the printed weights.",
        ),
    ]  # fmt: skip


def _near(closest: float | None, others: Sequence[Mapping[str, Any]]) -> str:
    if closest is None:
        return "not judged"
    alone = not any(other["count"] and other["within"]["count"] for other in others)
    return "reproduced" if closest < NEAR and alone else "partly" if closest < NEARBY else "not reproduced"


def _variant(run: Run) -> dict[str, Any]:
    table, cap = run.table, run.protocol["sweeps"]
    median = median_survival(table.sweeps.fillna(cap), table.solved)
    mark = min(PRINTS["pdp"][1], cap)
    return {
        "cap": cap,
        "networks": len(table),
        "solved": share(table.solved),
        "by_mark": share(table.sweeps.to_numpy() <= mark),
        "last": float(table.sweeps.max()) if table.solved.any() else None,
        "median": median.value,
        "median_of_solved": float(table.sweeps.median()) if table.solved.any() else None,
        "families": {str(name): int(count) for name, count in table.family[table.solved].value_counts().items()},
        **{name: _nearness(run, name) for name in PRINTS},
    }


def _nearness(run: Run, name: str) -> dict[str, Any]:
    """How near the networks of the print's family come to it, when, and which comes nearest."""
    table = run.table[(run.table.family == "1:2:4") & run.table[f"{name}_closest"].notna()]
    if table.empty:
        return {"count": 0}
    best = table.iloc[int(table[f"{name}_at_mark"].argmin())]
    return {
        "count": len(table),
        "at_mark_closest": float(best[f"{name}_at_mark"]),
        "at_mark_seed": int(best.seed),
        "at_mark_median": float(table[f"{name}_at_mark"].median()),
        "within": share(table[f"{name}_closest"] < NEAR),
        "closest": float(table[f"{name}_closest"].min()),
        "closest_median": float(table[f"{name}_closest"].median()),
        "sweeps": [float(x) for x in table[f"{name}_sweep"].quantile([0.025, 0.5, 0.975])],
    }
