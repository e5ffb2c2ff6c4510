"""Numbers for the report, and verdicts on the paper's claims about Experiment 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from backprop.evidence.statistics import median_survival, quantile_of
from backprop.evidence.verdicts import NOT_JUDGED, by_share, share, together, verdict
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import RATIO, RESIDUAL
from backprop.experiments.symmetry.protocol import BOUNDS, CODINGS, PRINTED_SWEEPS, by_coding
from backprop.experiments.symmetry.stories import stories
from backprop.results.variant import Run

LAYOUTS = 24
"""Orders of three magnitudes times patterns of signs, the first positive."""

UNEVEN = 0.001
"""The p below which layouts do not count as equally common (claim S14)."""

GAP = 0.1
"""The smallest gap between half sums, over the largest weight, that counts as a difference (claim S12)."""

PLATEAU = 0.25
"""E is on a plateau while it falls by less than this share."""

WAY = (0.6, 0.8, 0.9, 1.0)
"""Moments of the traced network's training, as shares of the sweep at which it solves the task."""

SHARES = {
    "S6": "mirror", "S7": "opposite", "S8": "one_two_four", "S10": "signs", "S11": "states", "S12": "distinct",
    "S13": "as_figure_1",
}  # fmt: skip
"""Claims that the share rule judges, and the share that each is about."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `variants`: the numbers of each variant by its name; `codings`: those of the two target codings, each with its
        name as `coding`; `figure_1`: the printed weights under the same measures; `traced`: the network recorded on its
        way; `stories`: the networks that the
        report trains in the reader's browser; and the bounds of the rules.
    """
    variants = {name: _variant(run) for name, run in runs.items()}
    return {
        "printed_sweeps": PRINTED_SWEEPS,
        "bounds": list(BOUNDS),
        "cases": 2 ** runs["paper"].protocol["bits"],
        "rules": {"residual": RESIDUAL, "ratio": RATIO, "gap": GAP, "uneven": UNEVEN},
        "figure_1": _figure_1(),
        "variants": variants,
        "codings": [{"coding": CODINGS[name], **variants[name]} for name in CODINGS if name in variants],
        "families": _family_rows(by_coding(variants)),
        "typical_beats_closest": _typical_beats_closest(by_coding(variants)),
        "traced": _traced(by_coding(runs)),
        "stories": stories(runs),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on S1, S3 and S6 to S14, most of them under both target codings."""
    codings, paper, printed = values["codings"], values["variants"]["paper"], values["figure_1"]
    shares = {id_: together(by_share(own[key]) for own in codings) for id_, key in SHARES.items()}
    return shares | {
        "S1": verdict(paper["weights"] == 17 and paper["solved"]["count"] > 0),
        "S3": together(by_learning_time(own["middle"]) for own in codings),
        "S9": verdict(printed["correct"] == 64),
        "S14": by_layouts(paper["layouts"]),
    }


def by_learning_time(middle: list[float] | None) -> str:
    """Reproduced if the paper's sweeps are in `middle`, the middle 95% of the sweeps to solve the task."""
    if middle is None:
        return NOT_JUDGED
    return verdict(middle[0] <= PRINTED_SWEEPS <= middle[1])


def by_layouts(layouts: Mapping[str, Any]) -> str:
    """Reproduced if a chi-square test finds all layouts equally common, partly if each of them occurs."""
    if layouts["p_even"] is None:
        return NOT_JUDGED
    return verdict(layouts["p_even"] > UNEVEN, layouts["seen"] == layouts["possible"])


def _variant(run: Run) -> dict[str, Any]:
    table, protocol = run.table, run.protocol
    cap, mark = protocol["sweeps"], min(PRINTED_SWEEPS, protocol["sweeps"])
    by_mark = table["sweeps_0.5"] <= mark
    solved = table[table.solved]
    median = median_survival(table["sweeps_0.5"].fillna(cap), table.solved)
    times = table["sweeps_0.5"].to_numpy()
    return {
        "cap": cap,
        "mark": mark,
        "networks": len(table),
        "weights": int(run.arrays["layer_1"][0, 0].size + run.arrays["layer_2"][0, 0].size),
        "solved": share(table.solved),
        "by_mark": share(by_mark),
        "late": share(table.solved[~by_mark]),
        "by_bound": {f"{b:g}": share(table[f"sweeps_{b:g}"].notna()) for b in BOUNDS},
        "stricter_loses": float(table.solved.mean() - table[f"sweeps_{min(BOUNDS):g}"].notna().mean()),
        "median": median.value,
        "median_interval": [median.low, median.high],
        "middle": [float(q) for q in np.quantile(times[table.solved], [0.025, 0.975])] if len(solved) else None,
        "last": float(np.nanmax(times)) if len(solved) else None,
        "mark_quantile": quantile_of(mark, table["sweeps_0.5"].fillna(cap), table.solved),
        "mirror": share(solved.mirror_residual < RESIDUAL),
        "opposite": share(solved.opposite_residual < RESIDUAL),
        "one_two_four": share(_near_one_two_four(solved)),
        "signs": share(solved.signs_as_printed),
        "states": share((solved.palindromes_off == 1) & (solved.others_one_on == 1)),
        "distinct": share(solved.smallest_gap > GAP),
        "as_figure_1": share(solved.as_figure_1),
        "families": _families(solved),
        "named_families": [name for name in solved.family.value_counts().index if name != "other"],
        "layouts": _layouts(solved[solved.family == "1:2:4"]),
        "failures": _failures(run, table),
        "closest": _closest(table),
    }


def _near_one_two_four(table: pd.DataFrame) -> pd.Series:
    return (abs(table.ratio_middle / 2 - 1) < RATIO) & (abs(table.ratio_large / 4 - 1) < RATIO)


def _families(solved: pd.DataFrame) -> list[dict[str, Any]]:
    """Families of magnitude ratios among the solved, largest first, "other" last."""
    names = [name for name in solved.family.value_counts().index if name != "other"]
    rows = []
    for name in [*names, *(["other"] if (solved.family == "other").any() else [])]:
        members = solved[solved.family == name]
        rows.append(
            {
                "name": name,
                **share(solved.family == name),
                "middle": float(members.ratio_middle.median()),
                "large": float(members.ratio_large.median()),
                "gap": float(members.smallest_gap.median()),
            }
        )
    return rows


def _family_rows(codings: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The families under each coding, one row each, as the table prints them."""
    return [{"coding": coding, **family} for coding, own in codings.items() for family in own["families"]]


def _typical_beats_closest(codings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a typical network trained with .1 and .9 is closer to the print than any trained with 0 and 1."""
    closest = [codings[coding]["closest"] if coding in codings else None for coding in (".1/.9", "0/1")]
    return bool(closest[0] and closest[1] and closest[0]["typical_distance"] < closest[1]["distance"])


def _layouts(table: pd.DataFrame) -> dict[str, Any]:
    """How often the 24 layouts (order of magnitudes, sign pattern) occur; `table` is the family 1:2:4."""
    counts = table.groupby(["order", "signs"]).size()
    unseen = np.zeros(LAYOUTS - len(counts))
    even = stats.chisquare(np.r_[counts, unseen]) if len(table) else None
    orders, signs = (table[name].value_counts(normalize=True) for name in ("order", "signs"))
    return {
        "possible": LAYOUTS,
        "seen": len(counts),
        "printed": share((table.order == "3-1-2") & (table.signs == "+-+")),
        "orders": {str(key): float(value) for key, value in orders.sort_index().items()},
        "signs": {str(key): float(value) for key, value in signs.sort_index().items()},
        "chance": 1 / LAYOUTS,
        "p_even": float(even.pvalue) if even else None,
    }


def _failures(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    """The commonest level of E among the unsolved networks at the cap, and how many have it."""
    failed = table[~table.solved]
    finite = failed.error_at_cap.dropna()
    if finite.empty:
        return {"count": len(failed), "level": None}
    levels = finite.round(1).value_counts()
    level = float(levels.index[0])
    low, high = run.protocol["targets"]
    always_off, best_constant = measures.errors_of_constant_outputs(low, high, run.protocol["bits"])
    return {
        "count": len(failed),
        "diverged": int(failed.error_at_cap.isna().sum()),
        "level": level,
        "at_level": share(np.abs(finite - level) <= 0.05),
        "always_off": always_off,
        "is_always_off": abs(level - always_off) < 0.1,
        "best_constant": best_constant,
    }


def _closest(table: pd.DataFrame) -> dict[str, Any] | None:
    """The solved network closest to RHW Fig. 1 at sweep 1,425, and the middle one of its family."""
    family = table[(table.family == "1:2:4") & table.distance.notna()].sort_values("distance")
    if family.empty:
        return None
    best, middle = family.iloc[0], family.iloc[len(family) // 2]
    return {
        "seed": int(best.seed),
        "distance": float(best.distance),
        "typical_seed": int(middle.seed),
        "typical_distance": float(middle.distance),
    }


def _traced(coded: Mapping[str, Run]) -> dict[str, Any]:
    """Of the networks that were recorded on their way, one per coding, the one that ends nearest to RHW Fig. 1.

    `solved_at` is None if it does not solve the task on the recorded way. `moments` are six recorded sweeps: the
    first, the last, and four that lead to the solution, or are evenly spaced if there is none. The rest: see `_early`.
    """
    found = []
    for run in coded.values():
        seed = int(run.arrays["traced_seed"][0])
        row = run.table[run.table.seed == seed].iloc[0]
        found.append((not row.solved, float(np.nan_to_num(row.distance, nan=np.inf)), seed, row, run))
    *_, seed, row, run = min(found, key=lambda one: one[:2])
    recorded = run.arrays["traced_sweeps"]
    solved_at = int(row["sweeps_0.5"]) if row.solved and row["sweeps_0.5"] <= recorded[-1] else None
    way = np.array(WAY) * solved_at if solved_at else np.linspace(0, recorded[-1], len(WAY) + 2)[1:-1]
    nearby = [int(recorded[np.searchsorted(recorded, sweep).clip(max=len(recorded) - 1)]) for sweep in way]
    return {
        "variant": run.variant,
        "coding": CODINGS[run.variant],
        "seed": seed,
        "solved_at": solved_at,
        "last": int(recorded[-1]),
        "moments": [0, *nearby, int(recorded[-1])],
        **_early(run, solved_at),
    }


def _early(run: Run, solved_at: int | None) -> dict[str, bool]:
    """What the traced network does after a fifth of its way to the solution, and at the end of its record.

    `plateau`: from there to three fifths of the way E falls by less than PLATEAU; `all_off`: the output is off for
    every input; `gathered`: so are both hidden units; `mirrored`: mirror weights end equal and opposite. All are
    False if the network does not solve the task.
    """
    if solved_at is None:
        return dict.fromkeys(("plateau", "all_off", "gathered", "mirrored"), False)
    recorded, errors = run.arrays["traced_sweeps"], run.arrays["traced_errors"]
    early, later = (int(np.searchsorted(recorded, share * solved_at)) for share in (0.2, 0.6))
    layer_1, layer_2 = (run.arrays[f"traced_{name}"].astype(float) for name in ("layer_1", "layer_2"))
    inputs = measures.cases(run.protocol["bits"], *run.protocol["inputs"])
    output = measures.outputs(layer_1[[early]], layer_2[[early]], inputs)
    return {
        "plateau": bool(errors[later] > (1 - PLATEAU) * errors[early]),
        "all_off": bool((output < np.mean(run.protocol["targets"])).all()),
        "gathered": bool((measures.hidden_inputs(layer_1[[early]], inputs) < 0).all()),
        "mirrored": bool(measures.mirror_residual(layer_1[[-1]])[0] < RESIDUAL),
    }


def _figure_1() -> dict[str, Any]:
    """The same measures for the printed weights."""
    layer_1, layer_2 = (layer[None] for layer in measures.FIGURE_1)
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    output = measures.outputs(layer_1, layer_2, inputs)[0]
    middle, large = measures.magnitude_ratios(layer_1)
    return {
        "correct": int(((output > 0.5) == palindrome).sum()),
        "worst_error": float(np.abs(output - palindrome).max()),
        "lowest_palindrome": float(output[palindrome].min()),
        "highest_other": float(output[~palindrome].max()),
        "mirror_residual": float(measures.mirror_residual(layer_1)[0]),
        "opposite_residual": float(measures.opposite_residual(layer_1)[0]),
        "ratio_middle": float(middle[0]),
        "ratio_large": float(large[0]),
        "smallest_gap": float(measures.smallest_gap(layer_1)[0]),
    }
