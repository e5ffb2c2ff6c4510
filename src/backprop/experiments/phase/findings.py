"""Numbers of the phase diagram, and verdicts on the paper's pair of epsilon and alpha and on momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import NOT_JUDGED, by_count, share, together, verdict
from backprop.experiments.phase.choice import best_of_each
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run

PAIRS = {
    "here": "the paper's pair",
    "without": "the paper's ε, no momentum",
    "best_without": "best pair without momentum",
    "best_with": "best pair with momentum",
}
"""The pairs that the report's table lists, and their names."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `variants`: by variant, the maps `solved` and `median` [alphas][epsilons] and the pairs that are compared; see
        `_diagram`; `codings`: those of the two target codings, each with its name as `coding`; `saves`:
        whether momentum saves sweeps under all of them; `rows`: the table of
        pairs; `paper`: the paper's pair, its `step`, and the rate that has the effect of the `mean_error`.
    """
    variants = {name: _diagram(run) for name, run in runs.items()}
    codings = [{"coding": coding, **own} for coding, own in by_coding(variants).items()]
    return {
        "paper": {
            "epsilon": Symmetry.epsilon,
            "alpha": Symmetry.alpha,
            "step": _step(Symmetry.epsilon, Symmetry.alpha),
            # the mean square instead of half the sum divides every derivative by half the number of cases
            "mean_error": 2 * Symmetry.epsilon / 2**Symmetry.bits,
        },
        "variants": variants,
        "saves": all(own["saved"] is not None for own in codings),
        "codings": codings,
        "rows": [
            {"coding": own["coding"], "what": what, **own[key]}
            for own in codings
            for key, what in PAIRS.items()
            if own[key]
        ],
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on S4 and M6, under both target codings."""
    codings = values["codings"]
    return {
        "S4": together(by_pair(own["here"], own["best"]) for own in codings),
        "M6": together(
            by_momentum(own["here"], own["without"], own["best_with"], own["best_without"]) for own in codings
        ),
    }


def by_pair(paper: Mapping[str, Any] | None, best: Mapping[str, Any] | None) -> str:
    """Reproduced unless the best pair solves more networks than the paper's, else partly if the paper's solves some."""
    if not paper or not best:
        return NOT_JUDGED
    return verdict(best["solved"]["low"] <= paper["solved"]["high"], paper["solved"]["count"] > 0)


def by_momentum(
    paper: Mapping[str, Any] | None,
    without: Mapping[str, Any] | None,
    best_with: Mapping[str, Any] | None,
    best_without: Mapping[str, Any] | None,
) -> str:
    """Reproduced if momentum helps at the paper's epsilon and at each one's best, partly if in one of the two.

    At the paper's epsilon it must solve more networks, at the best pairs it must be faster; intervals apart.
    """
    if not (paper and without and best_with and best_without):
        return NOT_JUDGED
    return by_count([paper["solved"]["low"] > without["solved"]["high"], is_faster(best_with, best_without)])


def is_faster(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether the median of `first` is below that of `second`, intervals apart; an end of None is beyond the cap."""
    high, low = first["median_interval"][1], second["median_interval"][0]
    return high is not None and (low is None or high < low)


def _diagram(run: Run) -> dict[str, Any]:
    """The numbers of one diagram.

    Returns:
        Besides the maps: `here` and `without`, the paper's pair and its epsilon without momentum (None if the diagram
        has no such pair); `best`, `best_with` and `best_without` momentum, on fresh seeds (None without fresh seeds);
        `better_pairs`: how many pairs have a solve rate above the interval of the paper's; `band`, see `_band`;
        `saved`: the share of sweeps that momentum saves between the best pairs (None unless it is faster);
        `at_alpha`: the highest share solved at the paper's alpha, and `momentum_hurts`: whether it is below that of the
        best pair without momentum (intervals apart).
    """
    cap, table = run.protocol["sweeps"], run.table[~run.table.fresh]
    epsilons, alphas = (list(run.protocol[name]) for name in ("epsilons", "alphas"))
    cells = {(epsilon, alpha): _cell(table, epsilon, alpha, cap) for epsilon in epsilons for alpha in alphas}
    grid = [[cells[epsilon, alpha] for epsilon in epsilons] for alpha in alphas]
    rates = np.array([[cell["solved"]["rate"] for cell in line] for line in grid])
    here = cells.get((Symmetry.epsilon, Symmetry.alpha))
    best = _best(run, epsilons, alphas, cap)
    own = [cells[epsilon, Symmetry.alpha]["solved"] for epsilon in epsilons if Symmetry.alpha in alphas]
    at_alpha = max(own, key=lambda solved: solved["rate"], default=None)
    with_momentum, without = best.get("momentum"), best.get("none")
    return {
        "cap": cap,
        "seeds": int(table.seed.nunique()),
        "pairs": len(cells),
        "epsilons": epsilons,
        "alphas": alphas,
        "solved": rates.tolist(),
        "median": [[cell["median"] for cell in line] for line in grid],
        "here": here,
        "without": cells.get((Symmetry.epsilon, 0.0)),
        "best": best.get("all"),
        "best_with": with_momentum,
        "best_without": without,
        "saved": _saved(with_momentum, without),
        "at_alpha": at_alpha,
        "momentum_hurts": _below(at_alpha, without),
        "better_pairs": int((rates > here["solved"]["high"]).sum()) if here else None,
        "band": _band(alphas, epsilons, rates),
    }


def _best(run: Run, epsilons: list[float], alphas: list[float], cap: int) -> dict[str, dict[str, Any]]:
    """The best pairs, chosen as training chose them, with their results on fresh seeds; empty without fresh seeds."""
    table, fresh = run.table[~run.table.fresh], run.table[run.table.fresh]
    if fresh.empty:
        return {}
    pairs = [(epsilon, alpha) for epsilon in epsilons for alpha in alphas]
    first = np.stack([_rows(table, *pair).sweeps.fillna(-1).to_numpy() for pair in pairs])
    return {name: _cell(fresh, *pair, cap) for name, pair in best_of_each(pairs, first, cap).items()}


def _cell(table: pd.DataFrame, epsilon: float, alpha: float, cap: int) -> dict[str, Any]:
    rows = _rows(table, epsilon, alpha)
    median = median_survival(rows.sweeps.fillna(cap), rows.solved)
    return {
        "epsilon": epsilon,
        "alpha": alpha,
        "step": _step(epsilon, alpha) if alpha < 1 else None,
        "solved": share(rows.solved),
        "median": median.value,
        "median_interval": [median.low, median.high],
    }


def _rows(table: pd.DataFrame, epsilon: float, alpha: float) -> pd.DataFrame:
    return table[(table.epsilon == epsilon) & (table.alpha == alpha)]


def _step(epsilon: float, alpha: float) -> float:
    """The effective step: to this, times a constant derivative, changes of a weight grow by equation (9)."""
    return round(epsilon / (1 - alpha), 10)  # 0.1 / (1 - 0.9) is a little above 1


def _saved(with_momentum: Mapping[str, Any] | None, without: Mapping[str, Any] | None) -> float | None:
    if not with_momentum or not without or None in (with_momentum["median"], without["median"]):
        return None
    return 1 - with_momentum["median"] / without["median"] if is_faster(with_momentum, without) else None


def _below(at_alpha: Mapping[str, Any] | None, without: Mapping[str, Any] | None) -> bool:
    return bool(at_alpha and without and at_alpha["high"] < without["solved"]["low"])


def _band(alphas: list[float], epsilons: list[float], rates: np.ndarray) -> dict[str, Any] | None:
    """The ranges of the best `epsilons` over all alphas, and of their effective `steps`; `rates` is [alphas, epsilons].

    Only alphas with which at least half of the networks solve the task count; None if there are fewer than two.
    """
    best = [
        (epsilons[int(line.argmax())], alpha)
        for alpha, line in zip(alphas, rates, strict=True)
        if alpha < 1 and line.max() >= 0.5
    ]
    if len(best) < 2:
        return None
    steps = [_step(epsilon, alpha) for epsilon, alpha in best]
    best_epsilons = [epsilon for epsilon, _ in best]
    return {"epsilons": [min(best_epsilons), max(best_epsilons)], "steps": [min(steps), max(steps)]}
