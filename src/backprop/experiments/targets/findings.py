"""Numbers for the report about the targets of RHW Fig. 1, and the verdict on S15."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.verdicts import REPRODUCED, share, verdict
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.targets.analyse import best_target, gradient_norms
from backprop.experiments.targets.prints import NAMES, PRINTS, rounding
from backprop.experiments.targets.protocol import INSIDE, PLAIN, label
from backprop.results.variant import Run

AT = (PLAIN, INSIDE)
"""Targets at which the gradient of the printed networks is reported."""

MIDDLE = (0.025, 0.975)
"""The quantiles that bound a 95% range."""

ALIKE = 0.02
"""Mean outputs within this distance of the printed network's count as equal to them."""

MOVED = 10
"""The distance from the print is reported at the kept sweep nearest to this one."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdict need.

    Returns:
        `prints`: the gradient at each printed network; `trained` and `margins`: the networks trained with each target
        and with each margin, `rows` both together; `plain` and `inside`: the rows of `trained` for t = 0 and t = .1;
        `summary`: by their t, the share of networks with the mean outputs of RHW Fig. 1, or None if
        none solved the task; `others_alike`: that share for all rows but t = .1; `closest`: the row with the network
        closest to RHW Fig. 1, or None; `easiest` and `hardest`: the rows with the highest and the lowest solve rate.
    """
    run = runs["paper"]
    kept = run.arrays["kept_sweeps"]
    prints = {name: _printed(run, row) for row, name in enumerate(PRINTS)}
    trained = [_trained(run, t, 0.0, prints["figure_1"]) for t in run.protocol["off_targets"]]
    margins = [_trained(run, 0.0, margin, prints["figure_1"]) for margin in run.protocol["margins"]]
    plain, inside = (next(row for row in trained if row["t"] == t) for t in AT)
    rows = [*trained, *margins]
    return {
        "at_mark": int(kept[np.argmin(np.abs(kept - PRINTED_SWEEPS))]),
        "cap": run.protocol["sweeps"],
        "networks": int(run.table.seed.nunique()),
        "draws": run.protocol["draws"],
        "rules": {"plain": label(PLAIN), "inside": label(INSIDE), "alike": ALIKE},
        "prints": prints,
        "points_inside": by_range(prints["figure_1"]) == REPRODUCED,
        "moved": _moved(run),
        "trained": trained,
        "margins": margins,
        "rows": rows,
        "plain": plain,
        "inside": inside,
        "summary": {f"{row['t']:g}": row["alike"] if row["count"] else None for row in (plain, inside)},
        "others_alike": _pooled([row["alike"] for row in rows if row is not inside]),
        "closest": min((row for row in trained if row["count"]), key=lambda row: row["closest"], default=None),
        "easiest": max(trained, key=lambda row: row["solved"]["count"]),
        "hardest": min(trained, key=lambda row: row["solved"]["count"]),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """The verdict on S15, our own question."""
    return {"S15": by_range(values["prints"]["figure_1"])}


def by_range(best: Mapping[str, float]) -> str:
    """Reproduced if the range of t, `low` to `high`, contains .1 and not 0, not reproduced if only 0, else partly."""
    inside, plain = (best["low"] <= t <= best["high"] for t in (INSIDE, PLAIN))
    return verdict(inside and not plain, inside or not plain)


def _printed(run: Run, row: int) -> dict[str, Any]:
    """The best t for one printed network, its range due to rounding, the gradient at some t, and the outputs."""
    gradients, drawn = run.arrays["printed_gradients"][row], run.arrays["drawn_gradients"][row]
    t, norm = best_target(gradients[:, None])
    low, high = np.quantile(best_target(drawn)[0], MIDDLE)
    name, layers = list(PRINTS.items())[row]
    layer_1, layer_2 = layers
    output = measures.outputs(layer_1[None], layer_2[None], measures.cases())[0]
    palindrome = measures.is_palindrome(measures.cases())
    return {
        "name": NAMES[name],
        "t": float(t[0]),
        "gradient": float(norm[0]),
        "low": float(low),
        "high": float(high),
        "at": {f"{target:g}": _at(gradients, drawn, target) for target in AT},
        "rounding": float(
            np.sqrt((rounding(layers) ** 2).sum() / 3) / np.sqrt((layer_1**2).sum() + (layer_2**2).sum())
        ),
        "palindromes": float(output[palindrome].mean()),
        "others": float(output[~palindrome].mean()),
    }


def _at(gradients: np.ndarray, drawn: np.ndarray, t: float) -> dict[str, Any]:
    """The norm of the gradient at a printed network for target t, and of the networks drawn within its rounding."""
    norm = float(gradient_norms(gradients[:, None], np.array([t]))[0, 0])
    norms = gradient_norms(drawn, np.array([t]))[:, 0]
    low, high = (float(x) for x in np.quantile(norms, MIDDLE))
    return {"norm": norm, "low": low, "high": high, "smaller": share(norms < norm), "below_rounding": norm < low}


def _moved(run: Run) -> dict[str, Any] | None:
    """How far training moves RHW Fig. 1 under the two codings, in percent of its norm; None if no sweep is kept."""
    sweeps = [int(sweep) for sweep in run.arrays["path_sweeps"]]
    later = [sweep for sweep in sweeps if sweep > 0]
    if not later:
        return None
    after = min(later, key=lambda sweep: abs(sweep - MOVED))
    codings = list(run.arrays["path_targets"])
    percents = {}
    for name, t in (("plain", PLAIN), ("inside", INSIDE)):
        path = run.arrays["path"][0, codings.index(t)]
        start = path[sweeps.index(0)]
        percents[name] = 100 * float(np.linalg.norm(path[sweeps.index(after)] - start) / np.linalg.norm(start))
    return {"after": after, **percents}


def _trained(run: Run, t: float, margin: float, figure_1: Mapping[str, Any]) -> dict[str, Any]:
    """Networks trained with one coding: how many solve the task, and how they compare with RHW Fig. 1.

    `count` networks solved it by the paper's sweep; without any, the numbers about their weights are None.
    """
    table = run.table
    table = table[(table.off_target == t) & (table.margin == margin)]
    solved = table[table.solved_at_mark & table.inferred.notna()]
    at_print = gradient_norms(run.arrays["printed_gradients"][0][:, None], np.array([t]))[0, 0]
    alike = _near(solved.palindromes, figure_1["palindromes"]) & _near(solved.others, figure_1["others"])
    nearest = table.iloc[int(np.nanargmin(table.closest))] if table.closest.notna().any() else None
    return {
        "t": t,
        "margin": margin,
        "label": f"{label(t)}, margin {label(margin)}" if margin else label(t),
        "solved": share(table.solved),
        "at_mark": share(table.solved_at_mark),
        "count": len(solved),
        "inferred": _quantiles(solved.inferred),
        "gradient": _quantiles(solved.gradient),
        "gradient_highest": float(solved.gradient.max()) if len(solved) else None,
        "gradient_at_print": float(at_print),
        "beyond_print": share(solved.gradient >= at_print),
        "print_is_below_all": bool(len(solved)) and bool((solved.gradient > at_print).all()),
        "alike": share(alike),
        "closest": None if nearest is None else float(nearest.closest),
        "closest_sweep": None if nearest is None else int(nearest.closest_sweep),
    }


def _near(outputs: pd.Series, printed: float) -> pd.Series:
    return abs(outputs - printed) < ALIKE


def _quantiles(x: pd.Series) -> list[float] | None:
    """The median between the bounds of the 95% range, or None without values."""
    return [float(q) for q in x.quantile([MIDDLE[0], 0.5, MIDDLE[1]])] if len(x) else None


def _pooled(shares: list[Mapping[str, Any]]) -> dict[str, Any]:
    """One share from several."""
    count, n = (sum(own[key] for own in shares) for key in ("count", "n"))
    return share(np.arange(n) < count)
