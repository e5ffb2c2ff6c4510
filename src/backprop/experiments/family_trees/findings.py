"""Numbers for the report, and verdicts on the paper's claims about the family trees (F2 to F17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import NOT_JUDGED, by_share, share, verdict
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import answers_first, encoding
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import NO_DECAY, PROLONGED, SEARCH, Protocol
from backprop.protocol import UserError, format_value
from backprop.results.variant import Run

PRINTED = {
    "cases": 104,
    "weights": 576,
    "biases": 54,
    "unseen": Protocol.defaults()["held_out"],
    "sweeps": Protocol.defaults()["sweeps"],
}
"""Counts that the paper states, or that follow from its figures: RHW p. 535, Figs. 3 and 4."""

FEATURES = {"F12": "nationality", "F13": "generation", "F14": "branch"}
"""Claims that a unit encodes a feature, and the feature."""

SHOWN = "Colin aunt"
"""The case of RHW Fig. 3."""

TWINS = 0.9
"""The correlation above which a person and the twin count as very similar (claim F15)."""

USEFUL = 0.5
"""The rank correlation above which the size of a weight shows how useful it is (claim F17)."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `variants`: the numbers of each variant by its name; `search` and `no_decay`: the settings that these variants
        tried; `printed`: what the units of RHW Fig. 4 encode, under the same measures; the counts of cases; and the
        bounds of the rules.
    """
    for name in (SEARCH, NO_DECAY):
        if name not in runs:
            raise UserError(f"family_trees: the report needs the variant '{name}', see config/config.yaml.")
    printed = {name: float(value[0]) for name, value in encoding(WEIGHTS[None]).items()}
    variants = {name: _variant(run, printed) for name, run in runs.items()}
    return {
        "rules": {"printed": PRINTED, "twins": TWINS, "useful": USEFUL},
        "cases": len(people.CASES),
        "triples": sum(len(case.answers) for case in people.CASES),
        "double": sum(len(case.answers) > 1 for case in people.CASES),
        "people": len(people.PEOPLE),
        "held_out": runs["paper"].protocol["held_out"],
        "printed": printed,
        "shown": _shown(),
        "variants": variants,
        "search": _search(runs[SEARCH]),
        "no_decay": _search(runs[NO_DECAY]),
        "blunter_than_printed": _sharper(printed, _medians(variants[SEARCH])),
        "sharper_with_decay": _sharper(_medians(variants[SEARCH]), _medians(variants[NO_DECAY])),
        "sharper_with_time": _sharper(_medians(variants.get(PROLONGED)), _medians(variants[SEARCH])),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on F2, F4, F5, F9 and F12 to F17; those after F5 are about the setting that learns."""
    stated, learner = values["variants"]["paper"], values["variants"][SEARCH]
    features = {id_: by_share(learner["features"][name]["as_printed"]) for id_, name in FEATURES.items()}
    return features | {
        "F2": verdict(values["cases"] == PRINTED["cases"]),
        "F4": verdict((learner["weights"], learner["biases"]) == (PRINTED["weights"], PRINTED["biases"])),
        "F5": by_share(stated["all_learned"]),
        "F9": by_share(learner["all_unseen"]),
        "F15": by_share(learner["twins"]["similar"]),
        "F16": by_share(learner["shown"]),
        "F17": by_usefulness(learner["usefulness"]),
    }


def by_usefulness(correlation: Mapping[str, float | None]) -> str:
    """Reproduced if the interval of the mean rank correlation is above USEFUL, partly if it is above zero."""
    low = correlation["low"]
    return NOT_JUDGED if low is None else verdict(low > USEFUL, low > 0)


def _variant(run: Run, printed: Mapping[str, float]) -> dict[str, Any]:
    table, arrays = run.table, run.arrays
    weights, biases = map(int, arrays["counts"])
    setting = dict(zip(("weight_range", "scale", "decay"), arrays["settings"][arrays["chosen"].item()], strict=True))
    done = (table.learned == 1).to_numpy()
    learned = table[done]
    unseen = run.protocol["held_out"]
    shown = [str(case) for case in people.CASES].index(SHOWN)
    return {
        "networks": len(table),
        "cap": run.protocol["sweeps"],
        "setting": {name: format_value(float(value)) for name, value in setting.items()},
        "weights": weights,
        "biases": biases,
        "learned": float(table.learned.mean()),
        "all_learned": share(done),
        "error": float(table.error.median()),
        "spread": float(np.median(arrays["outputs"].astype(float).std(axis=1))),
        "unseen": [share(learned.unseen_right == k) for k in range(unseen + 1)],
        "unseen_mean": float(learned.unseen_right.mean()) if len(learned) else None,
        "first_mean": float(learned.unseen_first.mean()) if len(learned) else None,
        "all_unseen": share(learned.unseen_right == unseen),
        "features": {
            name: {
                "median": float(learned[name].median()) if len(learned) else None,
                "as_printed": share(learned[name] >= printed[name]),
            }
            for name in people.FEATURES
        },
        "twins": {
            "median": float(learned.twins.median()) if len(learned) else None,
            "similar": share(learned.twins > TWINS),
        },
        "shown": share(answers_first(arrays["outputs"])[done, shown]),
        "usefulness": mean_interval(table.usefulness, -1, 1),
        "example": _example(table),
    }


def _example(table: pd.DataFrame) -> int | None:
    """The row of the network to show: the one with the median error among those that learned most."""
    best = table[table.learned == table.learned.max()].sort_values("error")
    return int(best.index[len(best) // 2]) if len(best) else None


def _shown() -> dict[str, Any]:
    case = next(case for case in people.CASES if str(case) == SHOWN)
    answers = [people.PEOPLE[answer] for answer in case.answers]
    return {"person": people.PEOPLE[case.person], "relation": people.RELATIONS[case.relation], "answers": answers}


def _search(run: Run) -> dict[str, Any]:
    """The settings that a variant tried, the share of the cases learned with each, and the one it chose."""
    rows = [
        {"weight_range": float(w), "scale": float(s), "decay": float(d), "learned": float(rate)}
        for (w, s, d), rate in zip(run.arrays["settings"], run.arrays["learned"], strict=True)
    ]
    at_stated_rates = [row["learned"] for row in rows if row["scale"] == 1 and np.isfinite(row["learned"])]
    return {
        "rows": rows,
        "seeds": run.protocol["search_seeds"],
        "chosen": rows[run.arrays["chosen"].item()],
        "ranges": len({row["weight_range"] for row in rows}),
        "best_at_stated_rates": max(at_stated_rates, default=None),
    }


def _medians(variant: Mapping[str, Any] | None) -> dict[str, float]:
    """The medians of a variant's features and twins; empty without a network that learned all its cases."""
    if variant is None or not variant["all_learned"]["count"]:
        return {}
    features = {name: feature["median"] for name, feature in variant["features"].items()}
    return features | {"twins": variant["twins"]["median"]}


def _sharper(first: Mapping[str, float], second: Mapping[str, float]) -> bool:
    """Whether all correlations of `first` are above those of `second`; no if one of the two has none."""
    return bool(first and second) and all(first[name] > value for name, value in second.items())
