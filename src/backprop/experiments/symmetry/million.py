"""What a million networks show that a few thousand cannot: rare families, the tail of learning times, rare failures.

The summary is a few kilobytes and is kept in the project, so that the report can print it without the million networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import wilson
from backprop.evidence.verdicts import share
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS

COMMAND = "uv run snakemake --cores all million --configfile config/million.yaml"
"""The command that makes the summary."""

VARIANT = "million"
"""The variant of Experiment 1 that config/million.yaml trains."""

TIME, STRICT = "sweeps_0.5", "sweeps_0.1"
"""The sweep at which a network solves the task, and at which it meets the strictest criterion."""

COLUMNS = ("seed", "solved", TIME, STRICT, "error_at_cap", "ratio_middle", "ratio_large", "family", "distance")
"""The columns that the summary reads."""

QUANTILES = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
"""Shares of the solved networks whose learning times are stated."""

BINS = 10
"""Intervals of the sweeps up to the cap, in each of which the rate of solving is stated."""

EARLY = 2
"""The interval, from 0, that the text compares with the last one: during the first two, networks still start."""

LEVELS = 6
"""The commonest values of E among unsolved networks that are listed."""


def summary(table: pd.DataFrame, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of the page, from the rows of all networks and the protocol of their training.

    Every share has its count, its n and Wilson's 95% interval; every kind of network has the seed of an example.
    Families are those of the `settled` networks, which meet the strictest criterion: a network that has just solved
    the task still changes its ratios, and belongs to no family on its way.
    """
    solved = table[table.solved]
    settled = solved[solved[STRICT].notna()]
    moving = solved[solved[STRICT].isna()]
    hazard, families = _hazard(table[TIME].to_numpy(), protocol["sweeps"]), _families(settled)
    return {
        "command": COMMAND,
        "protocol": dict(protocol),
        "networks": len(table),
        "solved": share(table.solved),
        "by_print": share(table[TIME] <= PRINTED_SWEEPS),
        "printed_sweeps": PRINTED_SWEEPS,
        "quantiles": [
            {"share": q, "sweeps": float(np.quantile(solved[TIME], q, method="inverted_cdf"))} for q in QUANTILES
        ]
        if len(solved)
        else [],
        "fastest": _extreme(solved.sort_values([TIME, "seed"]).head(1)),
        "slowest": _extreme(solved.sort_values([TIME, "seed"]).tail(1)),
        "hazard": hazard,
        "early": hazard[EARLY],
        "late": hazard[-1],
        "settled": share(solved[STRICT].notna()),
        "families": families,
        "common": [row["name"] for row in families if not row["rare"]],
        "other": share(settled.family == "other"),
        "moving": share(moving.family == "other"),
        "levels": _levels(table[~table.solved]),
        "diverged": share(table.error_at_cap.isna()),
        "closest": _closest(solved),
    }


def _extreme(row: pd.DataFrame) -> dict[str, Any] | None:
    return {"seed": int(row.seed.iloc[0]), "sweeps": float(row[TIME].iloc[0])} if len(row) else None


def _hazard(times: np.ndarray, cap: int) -> list[dict[str, Any]]:
    """In each interval of sweeps: the networks that are unsolved at its begin, and the share of them that it solves."""
    edges = np.linspace(0, cap, BINS + 1).round().astype(int)
    rows = []
    for low, high in pairwise(edges):
        at_risk = int((~(times <= low)).sum())
        count = int(((times > low) & (times <= high)).sum())
        bounds = wilson(count, at_risk)
        rows.append(
            {
                "after": int(low), "first": int(low) + 1, "to": int(high),
                "at_risk": at_risk, "count": count,
                "rate": count / at_risk if at_risk else None, "low": float(bounds[0]), "high": float(bounds[1]),
            }
        )  # fmt: skip
    return rows


def _families(settled: pd.DataFrame) -> list[dict[str, Any]]:
    """The families of the settled networks, largest first; rare ones are found among those that belong to no other."""
    names = settled.family.to_numpy(dtype=object).copy()
    common = set(names) - {"other"}
    rest = names == "other"
    found, _ = measures.families(settled.ratio_middle.to_numpy()[rest], settled.ratio_large.to_numpy()[rest])
    names[rest] = [name if name not in common else "other" for name in found]
    rows = []
    for name, count in pd.Series(names[names != "other"]).value_counts().items():
        members = settled[names == name]
        middle, large = float(members.ratio_middle.median()), float(members.ratio_large.median())
        away = np.hypot(np.log2(members.ratio_middle / middle), np.log2(members.ratio_large / large))
        rows.append(
            {
                "name": str(name), **share(names == name), "rare": name not in common,
                "middle": middle, "large": large, "seed": int(members.seed.iloc[int(away.argmin())]),
            }
        )  # fmt: skip
        assert count == rows[-1]["count"]
    return rows


def _levels(unsolved: pd.DataFrame) -> list[dict[str, Any]]:
    """The commonest values of E at the cap among unsolved networks, to one decimal."""
    rounded = unsolved.error_at_cap.round(1)
    rows = []
    for level in rounded.value_counts().index[:LEVELS]:
        members = unsolved[rounded == level]
        rows.append({"level": float(level), **share(rounded == level), "seed": int(members.seed.iloc[0])})
    return rows


def _closest(solved: pd.DataFrame) -> dict[str, Any] | None:
    known = solved[solved.distance.notna()]
    if known.empty:
        return None
    best = known.iloc[int(known.distance.to_numpy().argmin())]
    return {"seed": int(best.seed), "distance": float(best.distance)}
