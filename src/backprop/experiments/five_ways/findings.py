"""Numbers for the report, and verdicts on whether the five versions of lab 001 compute the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from backprop.evidence.verdicts import NOT_JUDGED, NOT_REPRODUCED, by_count, verdict
from backprop.experiments.five_ways.protocol import OTHERS, PLAIN, WAYS
from backprop.results.variant import Run

SAME = {"double": 2.0**-26, "single": 2.0**-11.5}
"""Relative difference of losses that agree in half of the digits of a precision: √(machine precision)."""

SIMILAR = 0.1
"""Relative difference below which losses are at least similar."""

FITTED = 1e-3
"""A network has fitted its data if less than this share of the first loss is left."""

LAG = 100
"""Adam lags behind plain descent if it leaves more than this many times the share of the loss."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `precisions`: for double and single, the largest differences from the losses of NumPy, or None if no variant
        has that precision; `ways`: the losses of each version; `rows`: the versions whose losses the text compares;
        and the constants of the rules.
    """
    paper = runs["paper"]
    protocol = paper.protocol
    by_precision = {run.protocol["precision"]: _differences(run) for run in runs.values()}
    ways = {way: _losses(paper.table[paper.table.way == way]) for way in WAYS}
    lefts = ways["numpy"]["left"], ways["adam"]["left"]
    return {
        "precisions": {name: by_precision.get(name) for name in SAME},
        "ways": ways,
        "rows": _rows(ways, protocol),
        "rules": {"same": SAME, "similar": SIMILAR, "fitted": FITTED},
        "seeds": len(paper.arrays["seeds"]),
        "weights_per_case": (protocol["inputs"] + protocol["outputs"]) * protocol["hidden"] // protocol["cases"],
        "steps": protocol["steps"],
        "adam_reach": protocol["steps"] * protocol["library_learning_rate"],
        "adam_lags": None not in lefts and lefts[1] > LAG * lefts[0],
        "fits_by_hand": by_fit([lefts[0]]),
        "fits_from_the_library": by_fit(ways[name]["left"] for name in OTHERS[1:]),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on W1 to W5; those on a precision that no variant has are not judged."""
    double, single = values["precisions"]["double"], values["precisions"]["single"]
    return {
        "W1": by_difference(double["in_torch"], SAME["double"]) if double else NOT_JUDGED,
        "W2": by_difference(double["relative"]["optim"], SAME["double"]) if double else NOT_JUDGED,
        "W3": values["fits_by_hand"],
        "W4": values["fits_from_the_library"],
        "W5": by_difference(single["largest"], SAME["single"]) if single else NOT_JUDGED,
    }


def by_difference(relative: float | None, same: float) -> str:
    """Reproduced if the largest relative difference is at most `same`, partly if at most SIMILAR.

    It is None if a version diverged.
    """
    if relative is None:
        return NOT_REPRODUCED
    return verdict(relative <= same, relative <= SIMILAR)


def by_fit(left: Iterable[float | None]) -> str:
    """Reproduced if each version leaves less than FITTED of its first loss, partly if one does; None: it diverged."""
    return by_count(share is not None and share < FITTED for share in left)


def _differences(run: Run) -> dict[str, Any]:
    """The largest relative difference of each version from NumPy's losses, over data sets and steps."""
    relative = {way: _largest(run.table[run.table.way == way].relative) for way in PLAIN[1:]}
    return {
        "relative": relative,
        "cells": list(relative.values()),
        "in_torch": _largest(pd.Series([relative[way] for way in PLAIN[1:4]], dtype=float)),
        "largest": _largest(pd.Series(relative, dtype=float)),
    }


def _losses(rows: pd.DataFrame) -> dict[str, Any]:
    """Median losses of one version, and the largest share of the first loss that is left; None if it diverged."""
    return {
        "first": float(rows.first_loss.median()),
        "last": float(rows.last_loss.median()) if rows.last_loss.notna().all() else None,
        "left": _largest(rows.last_loss / rows.first_loss),
    }


def _rows(ways: Mapping[str, Mapping[str, Any]], protocol: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The versions that differ in update rule or initial weights, one row each, as the table prints them."""
    versions = (
        ("numpy", "plain descent", "standard normal", "learning_rate"),
        ("adam", "Adam", "standard normal", "library_learning_rate"),
        ("library_descent", "plain descent", "default of `nn.Linear`", "library_learning_rate"),
        ("library_adam", "Adam", "default of `nn.Linear`", "library_learning_rate"),
    )
    return [
        {"update": update, "start": start, "rate": protocol[rate], **ways[way]} for way, update, start, rate in versions
    ]


def _largest(column: pd.Series) -> float | None:
    return float(column.max()) if column.notna().all() else None
