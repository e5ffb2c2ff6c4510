"""Numbers for the report about the long run, and the verdict on the reason given for targets .1 and .9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import NOT_JUDGED, share, verdict
from backprop.experiments.long_run.analyse import FLAT, norms
from backprop.experiments.long_run.gaps import maxima
from backprop.experiments.long_run.stationary import BACK, DROP, LEVEL, failures, knocks, plateau
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, by_coding
from backprop.results.variant import Run

STILL = 0.05
"""Weights have stopped growing if their norm grows by less than this share over the last three quarters (claim P3)."""

QUARTILES = {"low": 0.25, "middle": 0.5, "high": 0.75}


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdict need.

    Returns:
        `variants`: the numbers of each variant by its name; `codings`: those of the two target codings, each with its
        name as `coding`; `on_plateau`: the codings that have unsolved networks when Experiment 1 stops; `summary`: by
        coding, the cap, the networks solved by then, and how many of those unsolved at the paper's sweep are among
        them; `moved`: solved networks that change family, over both codings; `maxima`: the families by theory;
        `threshold`: the median bias of the hidden units of solved networks, see `_threshold`.
    """
    variants = {name: _variant(run) for name, run in runs.items()}
    coded = by_coding(variants)
    codings = [{"coding": coding, **own} for coding, own in coded.items()]
    return {
        "printed_sweeps": PRINTED_SWEEPS,
        "knock_sweeps": runs["paper"].protocol["knock_sweeps"],
        "rules": {"still": STILL, "back": BACK, "drop": DROP, "level": LEVEL, "flat": FLAT},
        "maxima": maxima(),
        "threshold": _threshold(runs),
        "variants": variants,
        "codings": codings,
        "on_plateau": [own for own in codings if own["plateau"]["count"]],
        "moved": share(np.concatenate([_moved(run.table) for run in by_coding(runs).values()])),
        "growth_sweeps": variants["paper"]["growth_sweeps"],
        "summary": {coding: {key: own[key] for key in ("cap", "solved", "late")} for coding, own in coded.items()},
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """The verdict on P3, the reason for targets .1 and .9."""
    growth = {own["coding"]: own["growth"] for own in values["codings"]}
    return {"P3": by_growth(growth.get("0/1"), growth.get(".1/.9"))}


def by_growth(plain: float | None, inside: float | None) -> str:
    """Reproduced if weights grow with targets 0/1 and have stopped with .1/.9, partly if they grow less with .1/.9.

    `plain` and `inside` are the growth with targets 0/1 and .1/.9, as a share of the norm; None without networks.
    """
    if plain is None or inside is None:
        return NOT_JUDGED
    return verdict(plain >= STILL > inside, plain >= STILL and inside < plain)


def _variant(run: Run) -> dict[str, Any]:
    table = run.table
    cap, kept = run.protocol["sweeps"], [int(sweep) for sweep in run.arrays["kept_sweeps"]]
    times = table["sweeps_0.5"]
    on_plateau = plateau(run)
    growth_from, growth = _growth(run)
    return {
        "cap": cap,
        "networks": len(table),
        "solved": share(table.solved),
        "by_mark": share(times <= PRINTED_SWEEPS),
        "late": share(table.solved[~(times <= PRINTED_SWEEPS)]),
        "by_plateau": share(times <= on_plateau["sweep"]),
        "by_sweep": {str(sweep): share((times <= sweep).to_numpy()) for sweep in kept},
        "median": median_survival(times.fillna(cap), table.solved).value,
        "last": float(times.max()) if table.solved.any() else None,
        "failures": failures(run),
        "plateau": on_plateau,
        "knocks": knocks(run),
        "families": [
            {"name": str(name), "count": int(count)}
            for name, count in table.family[table.solved].value_counts().items()
        ],
        "growth": growth,
        "growth_percent": None if growth is None else 100 * growth,
        "growth_sweeps": [growth_from, cap],
        "norms": _norms(run),
        "gap_median": float(table.smallest_gap[table.solved].median()) if table.solved.any() else None,
    }


def _threshold(runs: Mapping[str, Run]) -> float | None:
    """The median of −bias over the largest weight, of hidden units of solved networks at the first kept sweep.

    A hidden unit is more on than off if the signed sum of its magnitudes, over the largest, exceeds it.
    """
    shares = []
    for run in by_coding(runs).values():
        first = run.arrays["first_sweep"][:, 0]
        units = run.arrays["layer_1"][(first >= 0) & (first <= run.arrays["kept_sweeps"][0]), 0].astype(float)
        shares.append((-units[..., -1] / np.abs(units[..., :-1]).max(axis=2)).ravel())
    every = np.concatenate(shares)
    return float(np.median(every)) if every.size else None


def _moved(table: pd.DataFrame) -> np.ndarray:
    """Whether each network that ever belonged to a family changed it."""
    return table.moved[table.first_family != ""].to_numpy()


def _growth(run: Run) -> tuple[int, float | None]:
    """The first sweep of the last three quarters, and the median growth of the norm of solved networks from there."""
    kept, cap = run.arrays["kept_sweeps"], run.protocol["sweeps"]
    column = int(np.argmin(np.abs(kept - cap / 4)))
    first = run.arrays["first_sweep"][:, 0]
    settled = (first >= 0) & (first <= kept[column])
    size = norms(run.arrays)[settled]
    return int(kept[column]), float(np.median(size[:, -1] / size[:, column]) - 1) if settled.any() else None


def _norms(run: Run) -> dict[str, dict[str, list[float]]]:
    """Quartiles of the norm at the kept sweeps, for networks solved by the first of them and for unsolved networks."""
    first, kept = run.arrays["first_sweep"][:, 0], run.arrays["kept_sweeps"]
    size = norms(run.arrays)
    groups = {"solved": (first >= 0) & (first <= kept[0]), "failed": first < 0}
    return {
        name: {q: [float(x) for x in np.nanquantile(size[chosen], level, axis=0)] for q, level in QUARTILES.items()}
        for name, chosen in groups.items()
        if chosen.any()
    }
