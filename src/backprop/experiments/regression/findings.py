"""Numbers for the report, and verdicts on what lab 000 and theory say about regression by descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from backprop.evidence.formatting import significant
from backprop.evidence.verdicts import NOT_JUDGED, NOT_REPRODUCED, PARTLY, REPRODUCED, share, verdict
from backprop.experiments.regression.protocol import LINE
from backprop.results.variant import Run

CLOSE, NEAR = 0.05, 0.2
"""Gaps, as shares of the least-squares error, up to which descent counts as arrived and as approaching."""

EARLY = 0.9
"""The share of the excess error that a rapid decrease removes in the first tenth of the epochs."""

MIDDLE = (0.025, 0.975)
CENTRAL = (0.25, 0.75)
"""Quantiles between which a value is not unusual, and between which it is typical."""

CERTAIN = 0.999
"""Two-sided level of the tests against theory: a correct program fails one in a thousand."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `least_squares`: its errors against theory; `variants`: the numbers of each variant by its name; `rows`: the
        same for the table, by learning rate; `pairs`: variants that differ in the decay alone; `decay`: the learning
        rates from which a decay helps, hurts, or does neither; `pair`: the one with the largest rate, or None; and the
        constants of the rules.
    """
    variants = {name: _variant(run) for name, run in runs.items()}
    pairs = _pairs(runs)
    return {
        "line": LINE,
        "rules": {
            "middle": MIDDLE[1] - MIDDLE[0], "certain": CERTAIN, "close": CLOSE, "near": NEAR, "early": EARLY,
        },
        "least_squares": least_squares(runs["paper"].table.least_squares_mse.to_numpy(), runs["paper"].protocol),
        "variants": variants,
        "rows": _rows(variants, pairs),
        "pairs": pairs,
        "decay": {
            name: [significant(pair["learning_rate"], 1) for pair in pairs if by_decay(pair["closer"]) == outcome]
            for name, outcome in (("helps", REPRODUCED), ("hurts", NOT_REPRODUCED), ("neither", PARTLY))
        },
        "pair": pairs[-1] if pairs else None,
    }  # fmt: skip


def least_squares(mse: np.ndarray, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """The least-squares errors [S] against theory: N/σ² of them is chi-square with N - P - 1 degrees of freedom."""
    cases, variance = protocol["cases"], protocol["noise"] ** 2
    freedom = cases - protocol["variables"] - 1
    theory = stats.chi2(freedom, scale=variance / cases)
    count = len(mse)
    below = share(mse < LINE)
    mean = float(mse.mean())
    band = stats.chi2.interval(CERTAIN, max(count - 1, 1))
    error = theory.std() / np.sqrt(count)
    return {
        "cases": cases,
        "variables": protocol["variables"],
        "freedom": freedom,
        "data_sets": count,
        "mean": mean,
        "mean_error": float(error),
        "spread": float(mse.std(ddof=1)) if count > 1 else None,
        "range": [float(mse.min()), float(mse.max())],
        "theory_mean": float(theory.mean()),
        "theory_spread": float(theory.std()),
        "z": float((mean - theory.mean()) / error),
        "spread_range": [float(theory.std() * np.sqrt(value / max(count - 1, 1))) for value in band],
        "below": below,
        "is_unusual": not MIDDLE[0] <= below["rate"] <= MIDDLE[1],
        "is_central": CENTRAL[0] < below["rate"] < CENTRAL[1],
        "theory_below": float(theory.cdf(LINE)),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on Q1 to Q6."""
    errors, lab, pair = values["least_squares"], values["variants"]["paper"], values["pair"]
    return {
        "Q1": verdict(not errors["is_unusual"]),
        "Q2": by_mean(errors["z"]),
        "Q3": by_spread(errors["spread"], errors["spread_range"]),
        "Q4": verdict(lab["early"] is not None and lab["early"] > EARLY),
        "Q5": by_gap(lab["relative_gap"]),
        "Q6": by_decay(pair["closer"] if pair else None),
    }


def by_mean(z: float) -> str:
    """Reproduced if the mean is within the interval of theory at the level CERTAIN; `z` is in standard errors."""
    return verdict(abs(z) < stats.norm.ppf((1 + CERTAIN) / 2))


def by_spread(spread: float | None, allowed: list[float]) -> str:
    """Reproduced if the standard deviation is between the two bounds of theory; one data set has none."""
    if spread is None:
        return NOT_JUDGED
    return verdict(allowed[0] < spread < allowed[1])


def by_gap(relative_gap: float | None) -> str:
    """Reproduced if the gap is at most CLOSE, partly if at most NEAR; it is None if descent diverged."""
    if relative_gap is None:
        return NOT_REPRODUCED
    return verdict(relative_gap <= CLOSE, relative_gap <= NEAR)


def by_decay(closer: Mapping[str, Any] | None) -> str:
    """Reproduced if the interval of the share that a decay brings closer is above one half, not if it is below."""
    if closer is None:
        return NOT_JUDGED
    return verdict(closer["low"] > 0.5, closer["high"] >= 0.5)


def _variant(run: Run) -> dict[str, Any]:
    """Medians over the data sets on which descent did not diverge."""
    table, protocol = run.table, run.protocol
    finite = table[table.mse.notna()]
    relative = finite.gap / finite.least_squares_mse
    excess = (finite.early_mse - finite.least_squares_mse) / (finite.first_mse - finite.least_squares_mse)
    early, gap, unfinished_share = _median(1 - excess), _median(relative), _median(finite.unfinished / finite.gap)
    middle, unfinished = _median(finite.gap), _median(table.unfinished)
    return {
        "learning_rate": protocol["learning_rate"],
        "decay": protocol["decay"],
        "epochs": protocol["epochs"],
        "diverged": len(table) - len(finite),
        "gap": middle,
        "relative_gap": gap,
        "relative_gap_percent": None if gap is None else 100 * gap,
        "relative_gap_range_percent": [100 * _quantile(relative, q) for q in MIDDLE] if len(finite) else None,
        "unfinished": unfinished,
        "unfinished_of_gap": unfinished / middle if unfinished is not None and middle else None,
        "mostly_unfinished": unfinished_share is not None and unfinished_share > 0.5,
        "early": early,
        "early_percent": None if early is None else 100 * early,
        "to_least_squares": _median(finite.to_least_squares),
        "to_truth": _median(finite.to_truth),
        "least_squares_to_truth": _median(table.least_squares_to_truth),
        "slow": _slow(run),
    }


def _slow(run: Run) -> dict[str, Any]:
    """Curvatures of the loss, the rate limit 2/λ of the steepest, and the epochs to shrink a distance to 1/e.

    `epochs` is for the direction of median curvature; None if the learning rate is 0.
    """
    curvatures, protocol = np.median(run.arrays["curvatures"], axis=0), run.protocol
    per_epoch = protocol["learning_rate"] * np.median(curvatures) * protocol["cases"] / protocol["batch"]
    epochs = float(1 / per_epoch) if per_epoch else None
    return {
        "largest": float(curvatures[0]),
        "median": float(np.median(curvatures)),
        "times": float(curvatures[0] / np.median(curvatures)),
        "limit": float(2 / curvatures[0]),
        "epochs": epochs,
        "is_slow": epochs is None or epochs > protocol["epochs"] / 4,
    }


def _rows(variants: Mapping[str, Mapping[str, Any]], pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The variants by learning rate, the constant one first, as the table prints them."""
    closer = {pair["decaying"]: pair["closer"] for pair in pairs}
    rows = [
        {**numbers, "is_lab": name == "paper", "closer": closer.get(name)} for name, numbers in variants.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["learning_rate"], -row["decay"]))


def _pairs(runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """Variants that differ in the decay alone, compared data set by data set; sorted by learning rate."""
    pairs = []
    for constant in runs.values():
        for decaying in runs.values():
            same = {**constant.protocol, "decay": None} == {**decaying.protocol, "decay": None}
            gaps = _median(constant.table.gap), _median(decaying.table.gap)
            if not same or None in gaps or not decaying.protocol["decay"] < constant.protocol["decay"] == 1:
                continue
            closer = decaying.table.gap.to_numpy() < constant.table.gap.fillna(np.inf).to_numpy()
            far, near = (_median(run.table.to_least_squares) for run in (decaying, constant))
            pairs.append(
                {
                    "learning_rate": constant.protocol["learning_rate"],
                    "decay": decaying.protocol["decay"],
                    "constant": constant.variant,
                    "decaying": decaying.variant,
                    "constant_gap": gaps[0],
                    "decaying_gap": gaps[1],
                    "closer": share(closer),
                    "weights_are_farther": far is not None and near is not None and far > near,
                }
            )
    return sorted(pairs, key=lambda pair: pair["learning_rate"])


def _median(column: pd.Series) -> float | None:
    return _quantile(column, 0.5) if column.notna().any() else None


def _quantile(column: pd.Series, q: float) -> float:
    return float(column.quantile(q))
