"""The numbers the text quotes, and the verdicts on the paper's claims about Experiment 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, median_with_cap, percent, thousands
from backprop.evidence.judging import SHARE_RULE, by_share, share, together, told
from backprop.evidence.statistics import median_survival, quantile_of
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import RATIO, RESIDUAL
from backprop.experiments.symmetry.protocol import BOUNDS, WHERE
from backprop.results.variant import Run

MARK = 1425
"""Sweeps after which the paper shows its network."""

LAYOUTS = 24
"""Orders of three magnitudes times patterns of signs, the first positive."""

UNEVEN = 0.001
"""The p below which layouts do not count as equally common."""

CODINGS = {"paper": "0/1", "targets_0.1_0.9": ".1/.9"}
"""The variants that differ in target coding alone, and how the text calls them."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdicts need, by variant; plus Figure 1's own printed weights, measured."""
    return {
        "mark": MARK,
        "bounds": list(BOUNDS),
        "residual": RESIDUAL,
        "ratio": RATIO,
        "protocol": _protocol(runs["paper"].protocol),
        "figure_1": _figure_1(),
        "variants": {name: _variant(run) for name, run in runs.items()},
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims S1 and S3 to S14, judged on the networks with the paper's protocol, mostly under both target codings."""
    del runs
    coded = {label: values["variants"][name] for name, label in CODINGS.items() if name in values["variants"]}
    ours = values["variants"]["paper"]

    def both(key: str) -> str:
        return "; ".join(f"targets {label}: {told(found[key])}" for label, found in coded.items())

    def by_key(id_: str, claim: str, paper: str, key: str, source: str = "paper, p. 534 and Figure 1") -> Claim:
        verdict = together(by_share(found[key]) for found in coded.values())
        return Claim(id_, source, claim, paper, both(key), verdict, SHARE_RULE)

    within = percent(RESIDUAL)
    printed = values["figure_1"]
    return [
        Claim(
            "S1", "paper, Figure 1", "Six inputs, two hidden units and one output, without skipping, suffice",
            "6-2-1, 17 weights", f"{told(ours['solved'])} solve it with {ours['weights']} weights",
            "reproduced" if ours["weights"] == 17 and ours["solved"]["count"] else "not reproduced",
            "Reproduced if a network of that shape, 17 weights, solves all 64 cases.",
        ),
        Claim(
            "S3", "paper, p. 534", "How long learning takes", f"{thousands(MARK)} sweeps",
            "; ".join(
                f"targets {label}: median {median_with_cap(found['median'], found['cap'])}, "
                f"{percent(found['by_mark']['rate'], 1)} by {thousands(found['mark'])}" + _middle_told(found["middle"])
                for label, found in coded.items()
            ),
            together(_within(found["middle"]) for found in coded.values()),
            f"Reproduced if {thousands(MARK)} lies within the middle 95% of the sweeps of the networks that solve it, "
            "under both codings.",
        ),
        by_key("S6", f"Mirror weights of a hidden unit are equal and opposite (within {within} of the largest)",
               f"{percent(printed['mirror_residual'], 1)} off", "mirror"),
        by_key("S7", f"The two hidden units have the same weights with opposite signs (within {within})",
               f"{percent(printed['opposite_residual'], 1)} off", "opposite"),
        by_key("S8", f"The magnitudes on one side are as 1:2:4 (within {percent(RATIO)})",
               f"1:{fixed(printed['ratio_middle'], 2)}:{fixed(printed['ratio_large'], 2)}", "one_two_four"),
        Claim(
            "S9", "paper, Figure 1", "The printed weights solve the problem", "the weights of Figure 1",
            f"{printed['correct']} of 64 outputs on the right side; the worst |error| is "
            f"{fixed(printed['worst_error'], 3)} for targets 0/1",
            "reproduced" if printed["correct"] == 64 else "not reproduced",
            "Reproduced if all 64 outputs, recomputed from the printed numbers, lie on the right side of 0.5.",
        ),
        by_key("S10", "Hidden biases and output weights are negative, the output bias positive",
               "all so", "signs"),
        by_key("S11", "Palindromes switch both hidden units off; any other input switches exactly one on",
               "stated", "states"),
        by_key("S12", "The eight patterns of one half have eight different sums (gaps over 10% of the largest weight)",
               f"gap {percent(printed['smallest_gap'])} of the largest", "distinct"),
        by_key("S13", "All of it together: S6, S7, S8 and S10", "its one network", "as_figure_1", "our own question"),
        Claim(
            "S14", "our own question", "Which position has which magnitude, and the pattern of signs, are arbitrary",
            "outer 4, middle 1, inner 2; signs + - +",
            f"{ours['layouts']['seen']} of {ours['layouts']['possible']} layouts occur among networks of ratio 1:2:4; "
            f"the printed one in {told(ours['layouts']['printed'])}{_even(ours['layouts'])}",
            _arbitrary(ours["layouts"]),
            f"Reproduced if a chi-square test of all layouts against equal shares gives p above {UNEVEN:g}, partly if "
            "every layout occurs, else not.",
        ),
    ]  # fmt: skip


def _protocol(ours: Mapping[str, Any]) -> list[dict[str, str]]:
    """The protocol, row by row: what it is, what the paper says, what we took, and where the paper says it."""
    words: dict[str, str] = {
        "bits": f"{ours['bits']} inputs, {2 ** ours['bits']} vectors",
        "hidden_units": f"{ours['hidden_units']} hidden units, one output",
        "targets": " and ".join(f"{target:g}" for target in ours["targets"]),
        "hidden": ours["hidden"],
        "error": ours["error"].replace("_", " "),
        "epsilon": f"{ours['epsilon']:g}",
        "alpha": f"{ours['alpha']:g}",
        "weight_range": f"uniform in ±{ours['weight_range']:g}, one generator per seed",
        "bias_range": "as the weights" if ours["bias_range"] is None else f"±{ours['bias_range']:g}",
        "per_case": "after every case" if ours["per_case"] else "after every sweep",
        "sweeps": f"{ours['sweeps']:,} for every network, solved or not",
    }
    names = {
        "bits": "Cases", "hidden_units": "Network", "targets": "Targets", "hidden": "Units", "error": "Error",
        "epsilon": "Learning rate ε", "alpha": "Momentum α", "weight_range": "Initial weights",
        "bias_range": "Initial biases", "per_case": "Weights change", "sweeps": "Sweeps",
    }  # fmt: skip
    return [
        {"name": names[key], "paper": stated, "ours": words[key], "where": where}
        for key, (stated, where) in WHERE.items()
    ]


def _variant(run: Run) -> dict[str, Any]:
    table, protocol = run.table, run.protocol
    cap, mark = protocol["sweeps"], min(MARK, protocol["sweeps"])
    solved = table[table.solved]
    median = median_survival(table["sweeps_0.5"].fillna(cap), table.solved)
    times = table["sweeps_0.5"].to_numpy()
    return {
        "cap": cap,
        "mark": mark,
        "networks": len(table),
        "weights": int(run.arrays["layer_1"][0, 0].size + run.arrays["layer_2"][0, 0].size),
        "solved": share(table.solved),
        "by_mark": share(times <= mark),
        "by_bound": {f"{b:g}": share(table[f"sweeps_{b:g}"].notna()) for b in BOUNDS},
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
        "distinct": share(solved.smallest_gap > 0.1),
        "as_figure_1": share(solved.as_figure_1),
        "families": _families(solved),
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


def _layouts(table: pd.DataFrame) -> dict[str, Any]:
    """How the 24 layouts (order of magnitudes, sign pattern) are spread; `table` is the 1:2:4 family."""
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
    """Where the unsolved networks stand at the cap: the commonest level of E and how many are there."""
    failed = table[~table.solved]
    finite = failed.error_at_cap.dropna()
    if finite.empty:
        return {"count": len(failed), "level": None}
    levels = finite.round(1).value_counts()
    level = float(levels.index[0])
    low, high = run.protocol["targets"]
    palindromes, others = 2 ** (run.protocol["bits"] // 2), 2 ** run.protocol["bits"]
    constant = low + (high - low) * palindromes / others
    return {
        "count": len(failed),
        "diverged": int(failed.error_at_cap.isna().sum()),
        "level": level,
        "at_level": share(np.abs(finite - level) <= 0.05),
        "always_off": 0.5 * palindromes * (high - low) ** 2,
        "best_constant": 0.5 * (palindromes * (high - constant) ** 2 + (others - palindromes) * (constant - low) ** 2),
    }


def _closest(table: pd.DataFrame) -> dict[str, Any] | None:
    """The solved network closest to Figure 1 at the mark, and the middle one of its family."""
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


def _figure_1() -> dict[str, Any]:
    """The printed weights under the same measures as our networks."""
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


def _middle_told(middle: list[float] | None) -> str:
    if middle is None:
        return ", no network solves it"
    return f", those that solve it after {thousands(middle[0])} to {thousands(middle[1])} (middle 95%)"


def _within(middle: list[float] | None) -> str:
    if middle is None:
        return "not judged"
    return "reproduced" if middle[0] <= MARK <= middle[1] else "not reproduced"


def _even(layouts: Mapping[str, Any]) -> str:
    return "" if layouts["p_even"] is None else f"; all equally common: p = {layouts['p_even']:.2f}"


def _arbitrary(layouts: Mapping[str, Any]) -> str:
    if layouts["p_even"] is None:
        return "not judged"
    if layouts["p_even"] > UNEVEN:
        return "reproduced"
    return "partly" if layouts["seen"] == layouts["possible"] else "not reproduced"
