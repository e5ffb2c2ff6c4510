"""Numbers for the report, and verdicts on the paper's claims about the family trees (F2 to F17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from backprop.evidence.verdicts import NOT_JUDGED, by_share, together, verdict
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import correlation, encoding, unit_weights
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import (
    EDGES,
    LATE,
    LATE_BIASES,
    NO_DECAY,
    RANGES,
    SEARCH,
    STATED_1,
    UNDECAYED,
    Protocol,
)
from backprop.experiments.family_trees.regimes import EARLY, PROLONGED, SHOWN, TWINS, regime
from backprop.experiments.family_trees.stall import stall
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

USEFUL = 0.5
"""The rank correlation above which the size of a weight shows how useful it is (claim F17)."""

NEEDED = (RANGES, STATED_1, SEARCH, NO_DECAY, *EDGES, UNDECAYED, LATE, LATE_BIASES)
"""The variants that the report compares with the stated protocol."""

JUDGED = (SEARCH, LATE)
"""The variants whose networks are judged: what learns within the stated sweeps, and what learns at the stated rates."""


ROWS = ("paper", SEARCH, UNDECAYED, LATE)
"""The variants in the table of the text."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `variants`: the numbers of each variant by its name, and as rows of the two regimes, `early` and `prolonged`;
        `search`, `no_decay` and `ranges`: the settings that these variants tried; `stall`: the numbers on the plateau;
        `printed`: what the units of RHW Fig. 4 encode, under the same measures; `pairs`: which of its units encodes
        each feature, and which of the network shown; `judged`: shares that the verdicts compare; `rows`: of the table
        in the text; the counts of cases; and the bounds of the rules.
    """
    for name in NEEDED:
        if name not in runs:
            raise UserError(f"family_trees: the report needs the variant '{name}', see config/config.yaml.")
    printed = {name: float(value[0]) for name, value in encoding(WEIGHTS[None]).items()}
    variants = {name: regime(run, printed) for name, run in runs.items()}
    early, late = (_medians(variants[name]) for name in JUDGED)
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
        "early": [variants[name] for name in EARLY],
        "prolonged": [variants[name] for name in PROLONGED],
        "decay_from": runs[LATE].protocol["decay_from"],
        "search": _search(runs[SEARCH]),
        "no_decay": _search(runs[NO_DECAY]),
        "ranges": _search(runs[RANGES]),
        "stall": stall(runs),
        "pairs": pair_units(_example_units(runs[LATE], variants[LATE])),
        "rows": [variants[name] for name in ROWS],
        "judged": _judged(variants),
        "sharper_late": _sharper(late, early),
        "late_reaches_printed": [name for name in late if late[name] >= printed[name]],
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on F2, F4, F5, F9 and F12 to F17; those after F5 are about networks that learned, in two regimes."""
    stated = values["variants"]["paper"]
    judged = [values["variants"][name] for name in JUDGED]
    features = {
        id_: together(by_share(own["features"][name]["as_printed"]) for own in judged) for id_, name in FEATURES.items()
    }
    return features | {
        "F2": verdict(values["cases"] == PRINTED["cases"]),
        "F4": verdict((stated["weights"], stated["biases"]) == (PRINTED["weights"], PRINTED["biases"])),
        "F5": by_share(stated["all_learned"]),
        "F9": together(by_share(own["all_unseen"]) for own in judged),
        "F15": together(by_share(own["twins"]["similar"]) for own in judged),
        "F16": together(by_share(own["shown"]) for own in judged),
        "F17": together(by_usefulness(own["usefulness"]) for own in judged),
    }


def by_usefulness(correlation: Mapping[str, float | None]) -> str:
    """Reproduced if the interval of the mean rank correlation is above USEFUL, partly if it is above zero."""
    low = correlation["low"]
    return NOT_JUDGED if low is None else verdict(low > USEFUL, low > 0)


def pair_units(units: np.ndarray) -> list[dict[str, Any]]:
    """For each feature the unit of RHW Fig. 4 and the one of `units` [6, 24] that encode it best, no unit twice.

    Returns:
        Rows of `feature`, `printed` and `ours`, the row of the unit in either, and their correlations with the feature,
        `printed_correlation` and `correlation`, which may be negative: a unit may say the same with the other sign.
    """
    encoded = [correlation(own[None], np.stack([*people.FEATURES.values()])[:, None]) for own in (WEIGHTS, units)]
    chosen = [linear_sum_assignment(-np.abs(matrix))[1] for matrix in encoded]
    return [
        {
            "feature": feature,
            "printed": int(theirs),
            "printed_correlation": float(encoded[0][k, theirs]),
            "ours": int(own),
            "correlation": float(encoded[1][k, own]),
        }
        for k, (feature, theirs, own) in enumerate(zip(people.FEATURES, *chosen, strict=True))
    ]


def _judged(variants: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By what is judged, the shares that the scoreboard prints, by regime."""
    regimes = {"faster": variants[SEARCH], "late decay": variants[LATE]}
    return {
        "complete": {"as stated": variants["paper"]["all_learned"], "late decay": variants[LATE]["all_learned"]},
        "all_unseen": {name: own["all_unseen"] for name, own in regimes.items()},
        "shown": {name: own["shown"] for name, own in regimes.items()},
        "twins": {name: own["twins"]["similar"] for name, own in regimes.items()},
        **{
            feature: {name: own["features"][feature]["as_printed"] for name, own in regimes.items()}
            for feature in people.FEATURES
        },
    }


def _example_units(run: Run, variant: Mapping[str, Any]) -> np.ndarray:
    row = variant["example"]
    return unit_weights(run.arrays["weights"][row : row + 1])[0]


def _shown() -> dict[str, Any]:
    case = next(case for case in people.CASES if str(case) == SHOWN)
    answers = [people.PEOPLE[answer] for answer in case.answers]
    return {"person": people.PEOPLE[case.person], "relation": people.RELATIONS[case.relation], "answers": answers}


def _search(run: Run) -> dict[str, Any]:
    """The settings that a variant tried, the share of the cases learned with each, and the one it chose."""
    arrays = run.arrays
    rows = [
        {
            "weight_range": float(w),
            "scale": float(s),
            "decay": float(d),
            "learned": float(rate),
            "complete": float(all_),
        }
        for (w, s, d), rate, all_ in zip(arrays["settings"], arrays["learned"], arrays["complete"], strict=True)
    ]
    ranges = sorted({row["weight_range"] for row in rows})
    return {
        "rows": rows,
        "seeds": run.protocol["search_seeds"],
        "chosen": rows[arrays["chosen"].item()],
        "ranges": len(ranges),
        "least_range": format_value(ranges[0]),
        "widest_range": format_value(ranges[-1]),
        "any_complete": any(row["complete"] > 0 for row in rows),
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
