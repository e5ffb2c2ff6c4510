"""Numbers for the report, and verdicts on what lab 002 and theory say about learning a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from backprop.evidence.verdicts import by_count, verdict
from backprop.experiments.line.protocol import METHODS
from backprop.results.variant import Run

CERTAIN = 0.999
"""Two-sided level of the test against theory: a correct program fails one in a thousand."""

NEGLIGIBLE = 0.1
"""The share of a standard error below which a distance is negligible."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `truth`: the true parameters of the lab's line; `methods`: by method, its parameters on that line and its
        distances over all lines; `rows`: the same for the table; `precision`: the standard errors of least squares;
        `limit`: the learning rate at which descent begins to diverge; and the constants of the rules.
    """
    run = runs["paper"]
    protocol, truth = run.protocol, run.arrays["truth"][0].tolist()
    methods = {method: _method(run, method) for method in ("least_squares", *METHODS)}
    precision = _precision(run)
    return {
        "lines": len(run.arrays["seeds"]),
        "shown": protocol["shown"],
        "points": protocol["points"],
        "mesh": protocol["mesh"],
        "rules": {"negligible": NEGLIGIBLE, "certain": CERTAIN},
        "truth": {"a": truth[0], "b": truth[1]},
        "rates": {method: protocol[f"{method}_rate"] for method in METHODS},
        "steps": {method: protocol[f"{method}_steps"] for method in METHODS},
        "methods": methods,
        "rows": _rows(methods, protocol),
        "recovered": {method: by_recovery(methods[method]["to_least_squares"], precision["b"]) for method in METHODS},
        "adam_is_slow": methods["adam"]["worst_to_least_squares"] is not None
        and methods["adam"]["worst_to_least_squares"] > precision["b"],
        "precision": precision,
        "limit": _limit(run),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on N1 to N5."""
    limit, precision = values["limit"], values["precision"]
    ratios = [precision["ratio_a"], precision["ratio_b"]]
    return {
        "N1": values["recovered"]["small"],
        "N2": by_overflow(values["methods"]["large"]["diverged"], values["lines"]),
        "N3": values["recovered"]["adam"],
        "N4": by_limit(limit["below"], limit["above"]),
        "N5": by_precision(ratios, precision["low"], precision["high"]),
    }


def by_recovery(distance: float | None, error: float) -> str:
    """Reproduced if the distance to least squares is negligible beside a standard error, partly if it is smaller.

    `distance` is None if every line diverged.
    """
    if distance is None:
        return verdict(False)
    return verdict(distance < NEGLIGIBLE * error, distance < error)


def by_overflow(diverged: int, lines: int) -> str:
    """Reproduced if all lines overflow single precision, partly if some do."""
    return verdict(diverged == lines, diverged > 0)


def by_limit(below: float, above: float) -> str:
    """Reproduced if the factor per step is less than 1 below the limit and greater than 1 above it, for every line."""
    return verdict(below < 1 < above)


def by_precision(ratios: list[float], low: float, high: float) -> str:
    """Reproduced if all ratios of measured to theoretical errors are in the range that theory expects."""
    return verdict(by_count(low < ratio < high for ratio in ratios) == "reproduced")


def _method(run: Run, method: str) -> dict[str, Any]:
    """A method's parameters on the lab's line, and its errors over the lines on which it did not diverge."""
    rows = run.table[run.table.method == method]
    shown = rows[rows.seed == run.protocol["shown"]].iloc[0]
    finite = rows[rows.a.notna()]
    overflowed = rows.overflow[rows.overflow >= 0]
    return {
        "a": float(shown.a) if np.isfinite(shown.a) else None,
        "b": float(shown.b) if np.isfinite(shown.b) else None,
        "diverged": len(rows) - len(finite),
        "median_error_a": _median(finite.error_a.abs()),
        "median_error_b": _median(finite.error_b.abs()),
        "to_least_squares": _median(finite.to_least_squares),
        "worst_to_least_squares": float(finite.to_least_squares.max()) if len(finite) else None,
        "overflow": int(overflowed.median()) if len(overflowed) else None,
    }


def _rows(methods: Mapping[str, Mapping[str, Any]], protocol: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The methods that are trained, one row each, as the table prints them."""
    names = {"small": "Descent", "large": "Descent", "adam": "Adam"}
    errors = {"small": "sum", "large": "sum", "adam": "mean"}
    return [
        {
            "name": names[method],
            "error": errors[method],
            "rate": protocol[f"{method}_rate"],
            "steps": protocol[f"{method}_steps"],
            **methods[method],
        }
        for method in METHODS
    ]


def _precision(run: Run) -> dict[str, float]:
    """Standard errors of least squares by theory and by our lines, and the range that chance allows their ratio."""
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
    """The largest rate at which descent converges: by curvature, by runs beside it, and by the scan."""
    arrays, protocol = run.arrays, run.protocol
    curvature = float(arrays["curvatures"][0])
    limit = 2 / curvature
    growth = arrays["margin_growth"]
    rates, distances = arrays["rates"], arrays["rate_distances"]
    closer = distances < float(np.linalg.norm(arrays["small"][0, 0] - arrays["least_squares"][0]))
    below, above = float(growth[:, 0].max()), float(growth[:, 1].min())
    return {
        "curvature": curvature,
        "flat_curvature": float(arrays["curvatures"][1]),
        "sum_x2": float((arrays["x"].astype(float) ** 2).sum()),
        "limit": limit,
        "margins_percent": [100 * margin for margin in protocol["margins"]],
        "below": below,
        "above": above,
        "runs_agree": below < 1 < above,
        "factors": {name: 1 - protocol[f"{name}_rate"] * curvature for name in ("small", "large")},
        "times_limit": protocol["large_rate"] / limit,
        "largest_converging": float(rates[closer].max()) if closer.any() else None,
        "smallest_diverging": float(rates[~closer].min()) if (~closer).any() else None,
        "best_by_theory": 2 / float(arrays["curvatures"].sum()),
        "scan_steps": protocol["rate_steps"],
    }


def _median(column: pd.Series) -> float | None:
    return float(column.median()) if len(column) else None
