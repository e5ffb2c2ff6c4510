"""The verdicts on the paper's statements about its procedure, from checks computed in the training job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, median_with_cap, percent, significant
from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import share
from backprop.experiments.equations.analyse import METHODS
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run

EXACT, ROUGH = 1e-9, 1e-5
"""Largest relative disagreement that rounding explains in double precision, and where it is multiplied."""

BOUNDS = {"differences": ROUGH, "compiled": ROUGH}
"""The checks for which that is so: finite differences, and the passes in single precision."""

CHECKS = (
    "forward", "error", "bias", "autograd", "differences", "batch", "one_change", "momentum", "no_momentum", "downward",
    "within", "skips", "compiled", "iterated", "averaged", "overwritten", "tied",
)  # fmt: skip


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """The disagreements of every check, the initial weights, and the comparison by variant."""
    arrays = runs["paper"].arrays
    return {
        "exact": EXACT,
        "rough": ROUGH,
        "checks": {name: arrays[name].item() for name in CHECKS},
        "initial": _initial(runs["paper"]),
        "second": {name: _second(run) for name, run in runs.items()},
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims M1, M3 to M5, M8, M9, S5, and G3 to G5, which no computation can judge."""
    del runs
    found = values["checks"]

    def by_check(id_: str, claim: str, paper: str, what: str, *names: str, source: str = "paper, p. 533") -> Claim:
        bounds = [BOUNDS.get(name, EXACT) for name in names]
        holds = all(found[name] < bound for name, bound in zip(names, bounds, strict=True))
        ours = what.format(*(significant(found[name], 1) for name in names))
        rule = f"Reproduced if every relative difference is below {significant(EXACT, 1)}"
        rule += (
            f" (finite differences and single precision: {significant(ROUGH, 1)})."
            if BOUNDS.keys() & set(names)
            else "."
        )
        return Claim(id_, source, claim, paper, ours, "reproduced" if holds else "not reproduced", rule)

    return [
        by_check("M1", "Linear total input, logistic output; a bias is the weight from a unit fixed at 1",
                 "equations (1), (2)", "our forward pass differs from written-out sums by {}, a bias from such a "
                 "weight by {}",
                 "forward", "bias"),
        by_check("M3", "The backward pass gives the derivatives of E", "equations (4) to (7)",
                 "dE/dw, skipped layers included, differs from automatic differentiation by {}, from finite "
                 "differences by {}; as compiled for training, in single precision, by {}",
                 "autograd", "differences", "compiled", source="paper, p. 534"),
        by_check("M4", "dE/dw is summed over all cases before the weights change", "equation (8)",
                 "dE/dw differs from the sum over single cases by {}, the change in one sweep from equation (8) by {}",
                 "batch", "one_change",
                 source="paper, p. 535"),
        by_check("M5", "Each change is −ε dE/dw plus α times the last change", "equation (9)",
                 "after 100 sweeps the weights differ from torch's SGD with momentum by {}, without by {}", "momentum",
                 "no_momentum", source="paper, p. 535"),
        _second_derivatives(values["second"]),
        by_check("M9", "Connections may skip layers; there are none within a layer or from higher to lower ones",
                 "architecture", "higher weights change lower units by {}, a unit's weights its neighbours by {}; "
                 "skipping connections differ from direct ones by {}", "downward", "within", "skips"),
        by_check("R1", "A synchronous iterative network run three times is a layered one with equal weights",
                 "Figure 5", "states and outputs differ by {}", "iterated", source="paper, p. 535 and Figure 5"),
        _stored(found),
        by_check("R3", "Changes by the average over corresponding weights keep these equal",
                 "average", "the average differs from a third of the derivative through the iterations by {}; after a "
                 "hundred changes copies differ by {}", "averaged", "tied", source="paper, p. 536"),
        _drawn(values["initial"]),
        *(
            Claim(id_, "paper, p. 536", claim, "stated", reason, "not checkable", "No computation could decide it.")
            for id_, claim, reason in (
                ("G3", "The procedure is not a plausible model of learning in brains",
                 "a statement about brains; nothing is measured on brains here"),
                ("G4", "Gradient descent by local computations suits parallel hardware",
                 "a judgement about hardware; our networks train in parallel, but that shows only that it can be done"),
                ("G5", "Variants were found independently by others", "history, to be looked up, not computed"),
            )
        ),
    ]  # fmt: skip


def _stored(found: Mapping[str, float]) -> Claim:
    return Claim(
        "R2", "paper, p. 535", "The states of every iteration have to be stored for the backward pass", "stated",
        f"with the last states in place of the earlier ones dE/dw is off by {fixed(100 * found['overwritten'], 0)}% of "
        f"its largest entry, with those stored by {significant(found['averaged'], 1)}",
        "reproduced" if found["overwritten"] > 1e3 * EXACT > found["averaged"] else "not reproduced",
        f"Reproduced if the derivative is exact (relative difference below {significant(EXACT, 1)}) with stored states "
        "and not without.",
    )  # fmt: skip


def _second_derivatives(second: Mapping[str, Any]) -> Claim:
    coded = by_coding(second)
    told = [
        f"targets {label}: " + ", ".join(
            f"{METHODS[name]} {percent(m['within']['rate'])} solved, E {fixed(m['error'], 2)}"
            for name, m in found["methods"].items()
        )
        for label, found in coded.items()
    ]  # fmt: skip
    ours = second["paper"]["methods"]
    descent, others = ours["descent"], [ours[name] for name in METHODS if name != "descent"]
    lower = all(m["error"] < descent["error"] for m in others)
    as_often = all(m["within"]["rate"] >= descent["within"]["rate"] for m in others)
    return Claim(
        "M8", "paper, p. 535", "Methods that use second derivatives take fewer sweeps, but are more complicated",
        "qualitative", f"within {second['paper']['budget']} sweeps, and E after 100: " + "; ".join(told),
        "reproduced" if lower and as_often else "partly" if lower or as_often else "not reproduced",
        "Reproduced if, from the same weights and with targets 0/1, both methods have a lower median E after 100 "
        "sweeps than gradient descent and solve at least as many networks; partly if only one of the two holds. A "
        "sweep is one evaluation of E or its derivatives.",
    )  # fmt: skip


def _drawn(initial: Mapping[str, Any]) -> Claim:
    fits = initial["largest"] <= initial["range"] and initial["p_value"] > 0.001
    return Claim(
        "S5", "paper, Figure 1", "Initial weights are uniform between −0.3 and 0.3", "±0.3",
        f"{initial['count']:,} weights and biases drawn, the largest {fixed(initial['largest'], 4)}; "
        f"Kolmogorov–Smirnov p = {fixed(initial['p_value'], 2)}",
        "reproduced" if fits and initial["range"] == 0.3 else "not reproduced",
        "Reproduced if no weight or bias is drawn outside and a Kolmogorov–Smirnov test against the uniform "
        "distribution gives p above 0.001: a statement about our protocol, which follows the paper's.",
    )  # fmt: skip


def _initial(run: Run) -> dict[str, Any]:
    drawn, half = run.arrays["initial"].ravel(), run.protocol["weight_range"]
    test = stats.kstest(drawn, "uniform", args=(-half, 2 * half))
    return {"count": drawn.size, "largest": float(np.abs(drawn).max()), "range": half, "p_value": float(test.pvalue)}


def _second(run: Run) -> dict[str, Any]:
    table = run.table
    caps = {name: run.protocol["sweeps" if name == "descent" else "evaluations"] for name in METHODS}
    budget = min(caps.values())
    methods = {}
    for name, cap in caps.items():
        times = table[name]
        median = median_survival(times.fillna(cap), times.notna())
        methods[name] = {
            "cap": cap,
            "solved": share(times.notna()),
            "median": median.value,
            "told": median_with_cap(median.value, cap),
            "within": share(times <= budget),
            "error": float(table[f"{name}_error"].median()),
            "median_of_solved": float(times.median()) if times.notna().any() else None,
        }
    return {"networks": len(table), "budget": budget, "methods": methods}
