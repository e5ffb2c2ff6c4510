"""What is recovered, how precisely it could be, and at which rate descent begins to diverge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, percent, significant, thousands
from backprop.experiments.line.protocol import METHODS
from backprop.results.variant import Run

CERTAIN = 0.999
"""Two-sided level of the test against theory: a correct program fails one in a thousand."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """The lab's own line, all lines by method, and the limit of the learning rate."""
    run = runs["paper"]
    table, arrays, protocol = run.table, run.arrays, run.protocol
    shown = table[table.seed == protocol["shown"]].set_index("method")
    precision = _precision(run)
    methods = {}
    for method in ("least_squares", *METHODS):
        rows = table[table.method == method]
        fine = rows[rows.a.notna()]
        known = bool(len(fine))
        methods[method] = {
            "a": _number(shown.a[method]),
            "b": _number(shown.b[method]),
            "diverged": int(rows.a.isna().sum()),
            "median_error_a": float(fine.error_a.abs().median()) if known else None,
            "median_error_b": float(fine.error_b.abs().median()) if known else None,
            "to_least_squares": float(fine.to_least_squares.median()) if known else None,
            "worst_to_least_squares": float(fine.to_least_squares.max()) if known else None,
            "overflow": int(rows.overflow[rows.overflow >= 0].median()) if (rows.overflow >= 0).any() else None,
        }
    return {
        "lines": len(arrays["seeds"]),
        "shown": protocol["shown"],
        "points": protocol["points"],
        "truth": {"a": float(arrays["truth"][0, 0]), "b": float(arrays["truth"][0, 1])},
        "rates": {method: protocol[f"{method}_rate"] for method in METHODS},
        "steps": {method: protocol[f"{method}_steps"] for method in METHODS},
        "mesh": protocol["mesh"],
        "methods": methods,
        "precision": precision,
        "limit": _limit(run),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims N1 to N5."""
    lines, precision, limit = thousands(values["lines"]), values["precision"], values["limit"]
    methods, rates = values["methods"], values["rates"]
    target = f"a = {fixed(values['truth']['a'], 4)}, b = {fixed(values['truth']['b'], 4)}"
    rule = (
        "Reproduced if, for the median line, (a, b) is closer to least squares than a tenth of the standard error of "
        f"b, {fixed(precision['b'], 4)}; partly if closer than the standard error."
    )

    def recovered(id_: str, method: str, claim: str) -> Claim:
        found = methods[method]
        distance = found["to_least_squares"]
        ours = "diverged" if distance is None or found["a"] is None else (
            f"a = {fixed(found['a'], 4)}, b = {fixed(found['b'], 4)} on the lab's data; over {lines} lines "
            f"{significant(distance)} from least squares"
        )  # fmt: skip
        return Claim(id_, "lab 002", claim, target, ours, _recovered(distance, precision["b"]), rule)

    share, overflow = methods["large"]["diverged"] / values["lines"], methods["large"]["overflow"]
    return [
        recovered("N1", "small", f"Descent by hand with rate {significant(rates['small'], 1)} recovers the line"),
        Claim(
            "N2", "lab 002", f"With rate {significant(rates['large'], 1)} it diverges", "stated",
            f"{percent(share)} of {lines} lines overflow"
            + ("" if overflow is None else f", half of them by step {overflow}"),
            "reproduced" if share == 1 else "not reproduced" if share == 0 else "partly",
            "Reproduced if every line overflows single precision within the lab's steps, partly if some do.",
        ),
        recovered("N3", "adam", f"Adam with rate {significant(rates['adam'], 1)} recovers it"),
        Claim(
            "N4", "theory", "Descent diverges above 2/λ, λ the largest curvature of the summed error",
            significant(limit["limit"], 3),
            f"at {percent(limit['margins'][0])} of it the steepest error is multiplied by at most "
            f"{fixed(limit['below'], 3)} a step on {lines} lines, at {percent_over(limit['margins'][1])} by "
            f"at least {fixed(limit['above'], 3)}",
            "reproduced" if limit["below"] < 1 < limit["above"] else "not reproduced",
            "Reproduced if every line shrinks its error below the limit and grows it above.",
        ),
        Claim(
            "N5", "theory", "Least squares misses (a, b) by σ/√Σx² and σ/√N", f"{fixed(precision['a'], 4)}, "
            f"{fixed(precision['b'], 4)}", f"{fixed(precision['ours_a'], 4)}, {fixed(precision['ours_b'], 4)}",
            "reproduced" if all(precision["low"] < precision[f"ratio_{name}"] < precision["high"] for name in "ab")
            else "not reproduced",
            f"Reproduced if both root mean square errors lie within the 99.9 % range around theory for {lines} lines.",
        ),
    ]  # fmt: skip


def percent_over(share: float) -> str:
    """A share that may exceed 1: "102%"."""
    return f"{100 * share:.0f}%"


def _precision(run: Run) -> dict[str, float]:
    """Standard errors of least squares by theory and by our lines, and the range chance leaves to their ratio."""
    rows = run.table[run.table.method == "least_squares"]
    x, noise = run.arrays["x"].astype(float), run.protocol["noise"]
    theory = {"a": noise / np.sqrt(((x - x.mean()) ** 2).sum()), "b": noise / np.sqrt(len(x))}
    ours = {name: float(np.sqrt((rows[f"error_{name}"] ** 2).mean())) for name in "ab"}
    low, high = np.sqrt(np.array(stats.chi2.interval(CERTAIN, len(rows))) / len(rows))
    return {
        **{name: float(value) for name, value in theory.items()},
        **{f"ours_{name}": value for name, value in ours.items()},
        **{f"ratio_{name}": ours[name] / float(theory[name]) if noise else 1.0 for name in "ab"},
        "low": float(low),
        "high": float(high),
    }


def _limit(run: Run) -> dict[str, Any]:
    """The largest rate that does not diverge, by curvature, by runs beside it, and by the scan."""
    arrays, protocol = run.arrays, run.protocol
    curvature = float(arrays["curvatures"][0])
    limit = 2 / curvature
    growth = arrays["margin_growth"]
    rates, distances = arrays["rates"], arrays["rate_distances"]
    start = float(np.linalg.norm(arrays["small"][0, 0] - arrays["least_squares"][0]))
    closer = distances < start
    return {
        "curvature": curvature,
        "flat_curvature": float(arrays["curvatures"][1]),
        "sum_x2": float((arrays["x"].astype(float) ** 2).sum()),
        "limit": limit,
        "margins": list(protocol["margins"]),
        "below": float(growth[:, 0].max()),
        "above": float(growth[:, 1].min()),
        "factors": {name: 1 - protocol[f"{name}_rate"] * curvature for name in ("small", "large")},
        "times_limit": protocol["large_rate"] / limit,
        "largest_converging": float(rates[closer].max()) if closer.any() else None,
        "smallest_diverging": float(rates[~closer].min()) if (~closer).any() else None,
        "best": float(rates[np.nanargmin(np.where(np.isfinite(distances), distances, np.inf))]),
        "best_by_theory": 2 / float(arrays["curvatures"].sum()),
        "scan_steps": protocol["rate_steps"],
    }


def _recovered(distance: float | None, error: float) -> str:
    if distance is None or distance >= error:
        return "not reproduced"
    return "reproduced" if distance < error / 10 else "partly"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
