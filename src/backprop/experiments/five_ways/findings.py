"""Whether what computes the same gives the same losses, and what Adam and another start change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import count, percent, significant, thousands
from backprop.experiments.five_ways.protocol import PLAIN, WAYS
from backprop.results.variant import Run

SAME = {"double": 2.0**-26, "single": 2.0**-11.5}
"""Relative differences of losses in half of the digits of a precision: √(machine precision)."""

SIMILAR = 0.1
"""Relative difference below which losses are at least alike."""

FITTED = 1e-3
"""A network has fitted its data if less than this share of the first loss is left."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """By precision: the largest difference of each version from NumPy's; and what each version's loss came down to."""
    paper = runs["paper"]
    return {
        "precisions": {run.protocol["precision"]: _differences(run) for run in runs.values()},
        "ways": {way: _losses(paper.table[paper.table.way == way]) for way in WAYS},
        "same": SAME,
        "fitted": FITTED,
        "seeds": len(paper.arrays["seeds"]),
        "sizes": {name: paper.protocol[name] for name in ("cases", "inputs", "hidden", "outputs")},
        "steps": paper.protocol["steps"],
        "learning_rate": paper.protocol["learning_rate"],
        "library_learning_rate": paper.protocol["library_learning_rate"],
        "adam_reach": paper.protocol["steps"] * paper.protocol["library_learning_rate"],
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims W1 to W5; W5 only where a variant in single precision was trained."""
    seeds, steps, ways = count(values["seeds"], "data set"), thousands(values["steps"]), values["ways"]

    def same(id_: str, source: str, claim: str, precision: str, names: tuple[str, ...]) -> Claim:
        found = values["precisions"][precision]["relative"]
        worst = None if any(found[name] is None for name in names) else max(found[name] for name in names)
        ours = "diverged" if worst is None else f"relative difference at most {significant(worst)}"
        return Claim(
            id_, source, claim, "the same losses", f"{ours} in {precision} precision, {steps} steps, {seeds}",
            "not reproduced" if worst is None or worst > SIMILAR
            else "reproduced" if worst <= SAME[precision] else "partly",
            "Reproduced if half of the digits agree at every step (relative difference at most "
            f"{significant(SAME[precision])}), partly if the difference is below {percent(SIMILAR)}.",
        )  # fmt: skip

    def fits(id_: str, claim: str, names: tuple[str, ...]) -> Claim:
        left = [ways[name]["left"] for name in names]
        fitted = [share is not None and share < FITTED for share in left]
        ours = "; ".join(
            "diverged" if share is None else f"{significant(share)} of the first loss left" for share in left
        )
        return Claim(
            id_, "lab 001", claim, "stated", ours,
            "reproduced" if all(fitted) else "partly" if any(fitted) else "not reproduced",
            f"Reproduced if less than {percent(FITTED, 1)} of the first loss is left on every data set.",
        )  # fmt: skip

    found = []
    if "double" in values["precisions"]:
        found += [
            same("W1", "lab 001", "NumPy, tensors, autograd and nn compute the same", "double", PLAIN[1:4]),
            same("W2", "our own question", "So does optim, with plain descent", "double", PLAIN[4:]),
        ]
    found += [
        fits("W3", "The network fits random data, by hand", ("numpy",)),
        fits("W4", "It does with nn and with Adam, from the library's start, at a larger rate", WAYS[-2:]),
    ]
    if "single" in values["precisions"]:
        found.append(same("W5", "lab 001", "The same in single precision, torch's default", "single", PLAIN[1:]))
    return found


def _differences(run: Run) -> dict[str, Any]:
    rows = run.table[run.table.way.isin(PLAIN[1:])].groupby("way")
    return {
        "variant": run.variant,
        "difference": {way: _largest(group.difference) for way, group in rows},
        "relative": {way: _largest(group.relative) for way, group in rows},
    }


def _losses(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "first": float(rows.first_loss.median()),
        "last": float(rows.last_loss.median()) if rows.last_loss.notna().all() else None,
        "left": _largest(rows.last_loss / rows.first_loss),
    }


def _largest(column: pd.Series) -> float | None:
    return float(column.max()) if column.notna().all() else None
