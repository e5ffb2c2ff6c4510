"""Numbers for the report about learning case by case, and the verdicts on PDP Fig. 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.evidence.verdicts import NOT_JUDGED, share, verdict
from backprop.experiments.online.analyse import NAMES, PRINTS
from backprop.experiments.online.protocol import ORDERS, PDP_SWEEPS
from backprop.experiments.symmetry import measures
from backprop.results.variant import Run

NEAR, NEARBY = 0.01, 0.1
"""Distances, over the norm of the printed network, within which a network is the same and is similar (claim P1)."""

FAMILY = "1:2:4"
"""The family of both printed networks."""

ROUNDING = np.sqrt((15 * 0.005**2 + 2 * 0.05**2) / 3)
"""The root mean square norm of the rounding error of PDP Fig. 9: 15 weights to 0.01, two hidden biases to 0.1."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `variants`: the numbers of each variant by its name; `orders`: those of the variants in ORDERS, each with its
        name as `order`; `only_fixed`: whether the fixed order alone comes near PDP Fig. 9, beyond the intervals;
        `fits`: whether any network is as near to RHW Fig. 1 as a network must be to count as the same.
    """
    norm = np.sqrt(sum((layer**2).sum() for layer in measures.PDP_FIGURE_9))
    variants = {name: _variant(run) for name, run in runs.items()}
    orders = [{"order": order, **variants[name]} for name, order in ORDERS.items() if name in variants]
    fixed, others = variants["paper"]["pdp"], [own["pdp"] for own in orders[1:] if own["pdp"]["count"]]
    return {
        "mark": PDP_SWEEPS,
        "family": FAMILY,
        "rules": {"near": NEAR, "nearby": NEARBY},
        "rounding": float(ROUNDING / norm),
        "variants": variants,
        "orders": orders,
        "only_fixed": bool(others) and all(fixed["within"]["low"] > other["within"]["high"] for other in others),
        "fits": any(own["figure_1"]["within"]["count"] for own in orders),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on P1, the procedure behind PDP Fig. 9, and P2, the number of presentations."""
    fixed, *others = (own["pdp"] for own in values["orders"])
    return {
        "P1": by_distance(fixed["at_mark_closest"], [other["within"]["count"] for other in others]),
        "P2": by_presentations(fixed["sweeps"]),
    }


def by_distance(closest: float | None, others: Sequence[int]) -> str:
    """Whether the fixed order, and no other, gives the printed network.

    Args:
        closest: the smallest distance after the stated presentations in fixed order, over the norm; None without
            networks.
        others: for each other procedure, how many networks come within NEAR at any sweep.

    Returns:
        Reproduced if `closest` is below NEAR and no network of another procedure is, partly if it is below NEARBY.
    """
    if closest is None:
        return NOT_JUDGED
    return verdict(closest < NEAR and not any(others), closest < NEARBY)


def by_presentations(middle: Sequence[float] | None) -> str:
    """Reproduced if the stated presentations are in `middle`: low, median and high of 95% of the networks."""
    if middle is None:
        return NOT_JUDGED
    return verdict(middle[0] <= PDP_SWEEPS <= middle[2])


def _variant(run: Run) -> dict[str, Any]:
    return {
        "cap": run.protocol["sweeps"],
        "networks": len(run.table),
        "solved": share(run.table.solved),
        **{name: _nearness(run, name) for name in PRINTS},
    }


def _nearness(run: Run, name: str) -> dict[str, Any]:
    """Distances of the family's networks to a printed one: those of the closest, and when they are closest.

    `sweeps` are the 2.5 %, 50 % and 97.5 % quantiles of the sweep with the smallest distance. Without networks of the
    family the numbers are None.
    """
    table = run.table[(run.table.family == FAMILY) & run.table[f"{name}_closest"].notna()]
    best = table.iloc[int(np.argmin(table[f"{name}_at_mark"]))] if len(table) else None
    return {
        "name": NAMES[name],
        "count": len(table),
        "within": share(table[f"{name}_closest"] < NEAR),
        "at_mark_closest": None if best is None else float(best[f"{name}_at_mark"]),
        "at_mark_seed": None if best is None else int(best.seed),
        "closest": None if best is None else float(table[f"{name}_closest"].min()),
        "sweeps": None if best is None else [float(x) for x in table[f"{name}_sweep"].quantile([0.025, 0.5, 0.975])],
    }
