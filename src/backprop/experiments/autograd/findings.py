"""Numbers for the report, and verdicts on what the labs say about autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from backprop.evidence.verdicts import verdict
from backprop.experiments.autograd.analyse import EPSILON
from backprop.experiments.autograd.protocol import FACTS, Fact
from backprop.results.variant import Run

BOUND = 4
"""Units of machine precision: the product of two rounded functions is off by less."""

CLAIMS = {
    "A1": "square", "A2": "sum", "A3": "log_squared", "A4": "intermediate", "A5": "two_calls", "A6": "cubic",
}  # fmt: skip
"""Claims about one derivative each, and the function that each is about."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `facts`: the rows of the table, by function; `worst`: by function, the largest relative difference in each
        precision, in units of machine precision; `largest`: over all functions and both precisions; `always_equal`:
        the number of functions for which `==` holds at every point; and the bound of the rules.
    """
    run = runs["paper"]
    first = int(run.arrays["seeds"][0])
    facts = [_fact(fact, run.table[run.table.fact == fact.name], first) for fact in FACTS]
    least = min(facts, key=lambda fact: fact["equal"])
    return {
        "points": len(run.arrays["seeds"]),
        "x": float(run.arrays["points"][0, 0]),
        "rules": {"bound": BOUND, "below": BOUND * EPSILON["single"]},
        "epsilon": EPSILON,
        "facts": facts,
        "worst": {fact["name"]: fact["worst"] for fact in facts},
        "largest": max(value for fact in facts for value in fact["worst"].values()),
        "always_equal": sum(fact["equal"] == 1 for fact in facts),
        "least_equal": {key: least[key] for key in ("name", "source", "function", "equal", "equal_at_lab")},
        "kept_unasked": bool(run.arrays["kept_unasked"][0]),
        "reset_works": bool((run.arrays["after_reset"][0] == run.arrays["after_reset"][1]).all()),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on A1 to A7."""
    also = {"A4": not values["kept_unasked"], "A5": values["reset_works"]}
    exact = {id_: by_rounding(values["worst"][name], also.get(id_, True)) for id_, name in CLAIMS.items()}
    return exact | {"A7": by_equality([fact["equal"] for fact in values["facts"]], values["largest"])}


def by_rounding(worst: Mapping[str, float], also: bool = True) -> str:
    """Reproduced if the largest relative difference of each precision is rounding and the second condition holds.

    `worst` is in units of machine precision; a difference of up to BOUND is rounding.
    """
    return verdict(max(worst.values()) <= BOUND and also)


def by_equality(shares: list[float], largest: float) -> str:
    """Reproduced if `==` holds at a share of 1 of the points for each function, partly if it fails by rounding only.

    `largest` is the largest relative difference of all functions, in units of machine precision.
    """
    return verdict(all(share == 1 for share in shares), largest <= BOUND)


def _fact(fact: Fact, rows: pd.DataFrame, first: int) -> dict[str, Any]:
    """The numbers of one function, and its rows of the table: one for each variable, at the point of the labs."""
    worst = rows.groupby("precision").relative.max()
    shown = rows[(rows.seed == first) & (rows.precision == "single")].sort_values("entry")
    return {
        "name": fact.name,
        "function": fact.function,
        "passes": fact.passes,
        "source": fact.source,
        "entries": len(shown),
        "shares_one": fact.entries == 0,
        "rows": [
            {"derivative": derivative, **{key: float(row[key]) for key in ("analytic", "autograd", "difference")}}
            for derivative, (_, row) in zip(fact.derivatives, shown.iterrows(), strict=False)
        ],
        "worst": {name: float(worst[name]) for name in EPSILON},
        "equal": float(rows[rows.precision == "single"].groupby("seed").equal.all().mean()),
        "equal_at_lab": bool(shown.equal.all()),
    }
