"""Where the lab's 0.9005 lies, how close descent comes to it, and what a decaying rate changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, interval, percent, significant, thousands
from backprop.evidence.statistics import wilson
from backprop.experiments.regression.protocol import LINE
from backprop.results.variant import Run

CLOSE, NEAR = 0.05, 0.2
"""Gaps, as shares of the least-squares error, that count as arrived and as approached."""

MIDDLE = (0.025, 0.975)
CERTAIN = 0.999
"""Two-sided level of the tests against theory: a correct program fails one in a thousand."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """The numbers by variant, the least-squares errors against theory, and pairs that differ in the decay alone."""
    return {
        "line": LINE,
        "close": CLOSE,
        "least_squares": least_squares(runs["paper"].table.least_squares_mse.to_numpy(), runs["paper"].protocol),
        "variants": {name: _variant(run) for name, run in runs.items()},
        "pairs": _pairs(runs),
    }


def least_squares(mse: np.ndarray, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """The least-squares errors [S] against theory: N/σ² of them is chi-square with N - P - 1 degrees of freedom."""
    cases, variance = protocol["cases"], protocol["noise"] ** 2
    freedom = cases - protocol["variables"] - 1
    theory = stats.chi2(freedom, scale=variance / cases)
    count, below = len(mse), int((mse < LINE).sum())
    low, high = wilson(below, count)
    mean, spread = float(mse.mean()), float(mse.std(ddof=1)) if count > 1 else None
    band = stats.chi2.interval(CERTAIN, max(count - 1, 1))
    error = theory.std() / np.sqrt(count)
    return {
        "cases": cases,
        "variables": protocol["variables"],
        "freedom": freedom,
        "data_sets": count,
        "mean": mean,
        "mean_error": float(error),
        "spread": spread,
        "range": [float(mse.min()), float(mse.max())],
        "theory_mean": float(theory.mean()),
        "theory_spread": float(theory.std()),
        "theory_range": [float(theory.ppf(share)) for share in MIDDLE],
        "z": float((mean - theory.mean()) / error),
        "spread_range": [float(theory.std() * np.sqrt(value / max(count - 1, 1))) for value in band],
        "below": {"count": below, "n": count, "rate": below / count, "low": float(low), "high": float(high)},
        "theory_below": float(theory.cdf(LINE)),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims Q1 to Q6."""
    found, lab = values["least_squares"], values["variants"]["paper"]
    below = found["below"]
    judged = [
        Claim(
            "Q1", "lab 000", "The least-squares error of the lab's data set", fixed(LINE, 4),
            f"{percent(below['rate'], 1)} of {thousands(below['n'])} data sets lie below it "
            f"({percent(below['low'])} to {percent(below['high'])}); by theory {percent(found['theory_below'], 1)}",
            "reproduced" if MIDDLE[0] <= below["rate"] <= MIDDLE[1] else "not reproduced",
            f"Reproduced if it lies in the middle {percent(MIDDLE[1] - MIDDLE[0])} of data sets of the same recipe.",
        ),
        Claim(
            "Q2", "theory", "The least-squares error is 1 − (P + 1)/N on average", fixed(found["theory_mean"], 4),
            f"{fixed(found['mean'], 4)} ± {fixed(found['mean_error'], 4)}",
            "reproduced" if abs(found["z"]) < stats.norm.ppf((1 + CERTAIN) / 2) else "not reproduced",
            "Reproduced if theory lies within the 99.9 % interval of the mean.",
        ),
        Claim(
            "Q3", "theory", f"Its spread is that of chi-square with N − P − 1 = {thousands(found['freedom'])} degrees",
            fixed(found["theory_spread"], 4),
            "one data set has none" if found["spread"] is None else fixed(found["spread"], 4),
            "not judged" if found["spread"] is None
            else "reproduced" if found["spread_range"][0] < found["spread"] < found["spread_range"][1]
            else "not reproduced",
            f"Reproduced if the spread lies where theory puts 99.9 % of samples of this size "
            f"({interval(found['spread_range'], 'fixed', 4)}).",
        ),
        Claim(
            "Q4", "lab 000", "The loss of descent decreases rapidly", "stated",
            "diverged" if lab["early"] is None else
            f"a tenth of the epochs removes {fixed(100 * lab['early'], 2)}% of the excess over least squares",
            "reproduced" if lab["early"] is not None and lab["early"] > 0.9 else "not reproduced",
            "Reproduced if the median data set loses more than 90% of its excess in the first tenth of the epochs.",
        ),
        Claim(
            "Q5", "lab 000", "It approaches the least-squares error", "stated",
            "diverged" if lab["gap"] is None else
            f"{fixed(100 * lab['relative_gap'], 1)}% above it after {thousands(lab['epochs'])} epochs (middle 95 % of "
            f"data sets: {interval([100 * share for share in lab['relative_gap_range']], 'fixed', 1)}%)",
            _approach(lab["relative_gap"]),
            f"Reproduced if the median data set ends within {percent(CLOSE)} of it, partly within {percent(NEAR)}.",
        ),
    ]  # fmt: skip
    for pair in values["pairs"]:
        if pair["learning_rate"] == max(p["learning_rate"] for p in values["pairs"]):
            judged.append(
                Claim(
                    "Q6", "lab 000", "A decaying rate is more precise around the minimum, after a large one at first",
                    "stated",
                    f"from rate {significant(pair['learning_rate'], 1)}, closer in {percent(pair['closer']['rate'])} "
                    f"({percent(pair['closer']['low'])} to {percent(pair['closer']['high'])}) of the data sets: gap "
                    f"{significant(pair['decaying_gap'])} instead of {significant(pair['constant_gap'])}",
                    "reproduced" if pair["closer"]["low"] > 0.5 else
                    "not reproduced" if pair["closer"]["high"] < 0.5 else "partly",
                    "On the same data sets and batches, from the largest rate tried both ways: reproduced if the 95 % "
                    "interval of the share that ends closer lies above one half, not reproduced if below, else partly.",
                )
            )  # fmt: skip
    return judged


def _variant(run: Run) -> dict[str, Any]:
    table, protocol = run.table, run.protocol
    fine = table[table.mse.notna()]
    relative = fine.gap / fine.least_squares_mse
    excess = (fine.early_mse - fine.least_squares_mse) / (fine.first_mse - fine.least_squares_mse)
    return {
        "learning_rate": protocol["learning_rate"],
        "decay": protocol["decay"],
        "epochs": protocol["epochs"],
        "last_epsilon": protocol["learning_rate"] * protocol["decay"] ** (protocol["epochs"] - 1),
        "diverged": len(table) - len(fine),
        "first_mse": _median(fine.first_mse),
        "mse": _median(fine.mse),
        "last_batch_mse": _median(fine.last_batch_mse),
        "gap": _median(fine.gap),
        "relative_gap": _median(relative),
        "relative_gap_range": [_quantile(relative, share) for share in MIDDLE],
        "unfinished": _median(table.unfinished),
        "unfinished_share": _median(fine.unfinished / fine.gap),
        "early": _median(1 - excess),
        "to_least_squares": _median(fine.to_least_squares),
        "to_truth": _median(fine.to_truth),
        "least_squares_to_truth": _median(table.least_squares_to_truth),
        "closer_to_truth": float((fine.to_truth < fine.least_squares_to_truth).mean()) if len(fine) else None,
        "slow": _slow(run),
    }


def _slow(run: Run) -> dict[str, Any]:
    """The directions descent is slow in: steps to shrink a distance to 1/e, along the median curvature."""
    curvatures, protocol = np.median(run.arrays["curvatures"], axis=0), run.protocol
    steps = 1 / (protocol["learning_rate"] * np.median(curvatures))
    return {
        "largest": float(curvatures[0]),
        "median": float(np.median(curvatures)),
        "smallest": float(curvatures[-1]),
        "epochs": float(steps * protocol["batch"] / protocol["cases"]),
    }


def _pairs(runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """Variants that differ in the decay alone, compared data set by data set, by rate."""
    pairs = []
    for constant in runs.values():
        for decaying in runs.values():
            ours, other = ({**run.protocol, "decay": None} for run in (constant, decaying))
            gaps = _median(constant.table.gap), _median(decaying.table.gap)
            if ours != other or None in gaps or not decaying.protocol["decay"] < constant.protocol["decay"] == 1:
                continue
            closer = decaying.table.gap.to_numpy() < constant.table.gap.fillna(np.inf).to_numpy()
            low, high = wilson(int(closer.sum()), closer.size)
            pairs.append(
                {
                    "learning_rate": constant.protocol["learning_rate"],
                    "decay": decaying.protocol["decay"],
                    "constant": constant.variant,
                    "decaying": decaying.variant,
                    "constant_gap": gaps[0],
                    "decaying_gap": gaps[1],
                    "closer": {"rate": float(closer.mean()), "low": float(low), "high": float(high)},
                }
            )
    return sorted(pairs, key=lambda pair: pair["learning_rate"])


def _approach(relative_gap: float | None) -> str:
    if relative_gap is None or relative_gap > NEAR:
        return "not reproduced"
    return "reproduced" if relative_gap <= CLOSE else "partly"


def _median(column: pd.Series) -> float | None:
    return _quantile(column, 0.5)


def _quantile(column: pd.Series, share: float) -> float | None:
    return float(column.quantile(share)) if column.notna().any() else None
