"""Numbers for the report, and verdicts on the paper's statements about its procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.verdicts import NOT_CHECKABLE, share, verdict
from backprop.experiments.equations.analyse import METHODS
from backprop.experiments.equations.protocol import CHANGES, EARLY
from backprop.experiments.symmetry.protocol import CODINGS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.results.variant import Run

EXACT, ROUGH = 1e-9, 1e-5
"""Largest relative difference that rounding explains in double precision, and where rounding is amplified."""

BOUNDS = {"differences": ROUGH, "compiled": ROUGH}
"""Checks in which rounding is amplified: finite differences, and the passes in single precision."""

UNEVEN = 0.001
"""The p below which the initial weights do not count as uniform (claim S5)."""

CHECKS = (
    "forward", "error", "bias", "autograd", "differences", "batch", "one_change", "momentum", "no_momentum", "downward",
    "within", "skips", "compiled", "iterated", "averaged", "overwritten", "tied",
)  # fmt: skip
"""The checks that `checks.disagreements` computes, by name."""

CHECKED = {
    "M1": ("forward", "bias"),
    "M3": ("autograd", "differences", "compiled"),
    "M4": ("batch", "one_change"),
    "M5": ("momentum", "no_momentum"),
    "M9": ("downward", "within", "skips"),
    "R1": ("iterated",),
    "R3": ("averaged", "tied"),
}  # fmt: skip
"""Claims that are reproduced if these checks find agreement."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need.

    Returns:
        `checks`: the relative difference that each check found; `initial`: the initial weights; `second`: the
        comparison of the methods by variant; `rows`: the same, one row per coding and method; and the bounds of the
        rules.
    """
    arrays = runs["paper"].arrays
    second = {name: _second(run) for name, run in runs.items()}
    return {
        "rules": {"exact": EXACT, "rough": ROUGH, "uneven": UNEVEN},
        "changes": CHANGES,
        "early": EARLY,
        "checks": {name: arrays[name].item() for name in CHECKS},
        "initial": _initial(runs["paper"]),
        "second": second,
        "rows": [
            {"coding": coding, **method}
            for name, coding in CODINGS.items()
            if name in second
            for method in second[name]["methods"]
        ],
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on M1, M3 to M5, M8, M9, R1 to R3 and S5, and on G3 to G5, which no computation can check."""
    checks, second = values["checks"], values["second"]["paper"]
    return {id_: by_agreement({name: checks[name] for name in names}) for id_, names in CHECKED.items()} | {
        "M8": verdict(second["lower"] and second["as_often"], second["lower"] or second["as_often"]),
        "R2": by_stored_states(checks["averaged"], checks["overwritten"]),
        "S5": by_initial_weights(values["initial"]),
        **dict.fromkeys(("G3", "G4", "G5"), NOT_CHECKABLE),
    }


def by_agreement(checks: Mapping[str, float]) -> str:
    """Reproduced if every relative difference is below the bound of its check: EXACT, or what BOUNDS holds."""
    return verdict(all(difference < BOUNDS.get(name, EXACT) for name, difference in checks.items()))


def by_stored_states(stored: float, overwritten: float) -> str:
    """Reproduced if dE/dw is exact with stored states, and wrong with overwritten ones (claim R2)."""
    return verdict(stored < EXACT and overwritten > ROUGH)


def by_initial_weights(initial: Mapping[str, Any]) -> str:
    """Reproduced if the range is the paper's, no weight is outside, and the weights are uniform in it (claim S5)."""
    printed = Symmetry.defaults()["weight_range"]
    return verdict(
        initial["range"] == printed and initial["largest"] <= initial["range"] and initial["p_value"] > UNEVEN
    )


def _initial(run: Run) -> dict[str, Any]:
    drawn, half = run.arrays["initial"].ravel(), run.protocol["weight_range"]
    test = stats.kstest(drawn, "uniform", args=(-half, 2 * half))
    return {"count": drawn.size, "largest": float(np.abs(drawn).max()), "range": half, "p_value": float(test.pvalue)}


def _second(run: Run) -> dict[str, Any]:
    """The methods of one variant, and whether those that use second derivatives do better than descent."""
    table = run.table
    budget = min(run.protocol["sweeps"], run.protocol["evaluations"])
    methods: list[dict[str, Any]] = [
        {
            "method": label,
            "within": share(table[name] <= budget),
            "error": float(table[f"{name}_error"].median()),
        }
        for name, label in METHODS.items()
    ]
    descent, *others = methods
    return {
        "networks": len(table),
        "budget": budget,
        "methods": methods,
        "lower": all(method["error"] < descent["error"] for method in others),
        "as_often": all(method["within"]["rate"] >= descent["within"]["rate"] for method in others),
        "less_often": all(method["within"]["rate"] < descent["within"]["rate"] for method in others),
    }
