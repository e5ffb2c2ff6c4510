"""The numbers the text quotes about the long run, and the verdict on the reason given for targets .1 and .9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import percent, thousands
from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import share
from backprop.experiments.long_run.analyse import FLAT, KINDS, families_by_sweep, norms
from backprop.experiments.long_run.gaps import maxima
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run

PLATEAU = 5000
"""Sweeps after which Experiment 1 stops; here those unsolved then are looked at, and followed."""

STILL = 0.05
"""Weights count as standing still if their norm grows by less than this share over the last three quarters."""

QUARTILES = {"low": 0.25, "middle": 0.5, "high": 0.75}

BACK = 0.01
"""A displaced network came back if its E ends within this share of where it was: less than levels of E lie apart."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdict need, by variant, and the theory of the families."""
    return {
        "flat": FLAT,
        "still": STILL,
        "back": BACK,
        "knock_sweeps": runs["paper"].protocol["knock_sweeps"],
        "maxima": maxima(),
        "variants": {name: _variant(run) for name, run in runs.items()},
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claim P3, the reason for targets .1 and .9."""
    del runs
    coded = by_coding(values["variants"])
    growth = {label: found["growth"] for label, found in coded.items()}
    from_, to = (next(iter(coded.values()))["growth_sweeps"][end] for end in (0, 1))
    return [
        Claim(
            "P3", "companion chapter, unverified",
            "Targets .1 and .9 are used because 0 and 1 would need infinite weights", ".1 and .9",
            f"median growth of the norm of solved networks from sweep {thousands(from_)} to {thousands(to)}: "
            + "; ".join(
                f"targets {label}: {percent(g) if g is not None else 'none solved'}" for label, g in growth.items()
            ),
            _infinite(growth.get("0/1"), growth.get(".1/.9")),
            f"Reproduced if weights grow by {percent(STILL)} or more with targets 0/1 and by less with .1/.9; partly "
            "if they grow under both, but less with .1/.9.",
        ),
    ]  # fmt: skip


def _infinite(plain: float | None, inside: float | None) -> str:
    if plain is None or inside is None:
        return "not judged"
    if plain < STILL:
        return "not reproduced"
    if inside < STILL:
        return "reproduced"
    return "partly" if inside < plain else "not reproduced"


def _variant(run: Run) -> dict[str, Any]:
    table, arrays = run.table, run.arrays
    cap, kept = run.protocol["sweeps"], [int(sweep) for sweep in arrays["kept_sweeps"]]
    times = table["sweeps_0.5"]
    median = median_survival(times.fillna(cap), table.solved)
    growth_from, growth = _growth(run)
    return {
        "cap": cap,
        "networks": len(table),
        "solved": share(table.solved),
        "by_sweep": {str(sweep): share((times <= sweep).to_numpy()) for sweep in kept},
        "median": median.value,
        "last": float(times.max()) if table.solved.any() else None,
        "failures": _failures(run, table[~table.solved]),
        "plateau": _plateau(run),
        "knocks": _knocks(run),
        "families": {
            "moved": share(table.moved[table.first_family != ""]),
            "at_cap": {str(name): int(count) for name, count in table.family[table.solved].value_counts().items()},
            "comparisons": int(sum((row != "").sum() - 1 for row in families_by_sweep(arrays) if (row != "").any())),
        },
        "growth": growth,
        "growth_sweeps": [growth_from, cap],
        "norms": _norms(run),
        "gap": share((table.smallest_gap > 0.2)[table.solved]),
        "gap_median": float(table.smallest_gap[table.solved].median()) if table.solved.any() else None,
    }


def _failures(run: Run, failed: pd.DataFrame) -> dict[str, Any]:
    """Who has not solved the task at the cap: what is wrong, at which E, and what the Hessian says."""
    finite = failed[failed.error_at_cap.notna()]
    found: dict[str, Any] = {"count": len(failed), "diverged": len(failed) - len(finite)}
    if finite.empty:
        return found
    half = int(np.searchsorted(run.arrays["error_sweeps"], run.protocol["sweeps"] // 2))
    errors = run.arrays["errors"][finite.index].astype(float)
    drop = (errors[:, half] - errors[:, -1]) / errors[:, -1]
    groups = []
    for missed in sorted(finite.missed.unique()):
        E = finite.error_at_cap[finite.missed == missed]
        span = {"missed": int(missed), "E_low": float(E.min()), "E_high": float(E.max())}
        groups.append(span | share(finite.missed == missed))
    return found | {
        "groups": groups,
        "low": float(finite.error_at_cap.min()),
        "high": float(finite.error_at_cap.max()),
        "missed": [int(finite.missed.min()), int(finite.missed.max())],
        "no_false_alarm": share(finite.false_alarms == 0),
        "drop_median": float(np.median(drop)),
        "drop_highest": float(drop.max()),
        "gradient_median": float(finite.gradient_norm.median()),
        "gradient_highest": float(finite.gradient_norm.max()),
        "kinds": {kind.replace(" ", "_"): share(finite.kind == kind) for kind in KINDS},
        "most_negative": float((finite.lowest_eigenvalue / finite.highest_eigenvalue).min()),
        "highest_eigenvalue_median": float(finite.highest_eigenvalue.median()),
    }


def _plateau(run: Run) -> dict[str, Any]:
    """Those unsolved when Experiment 1 stops: where they are, how flat it is there, and what becomes of them."""
    arrays, cap = run.arrays, run.protocol["sweeps"]
    kept = list(arrays["kept_sweeps"])
    sweep = PLATEAU if PLATEAU in kept else int(kept[0])
    column = kept.index(sweep)
    first = arrays["first_sweep"][:, 0]
    chosen = ((first < 0) | (first > sweep)) & np.isfinite(arrays["errors"][:, -1])
    found: dict[str, Any] = {"sweep": sweep, "count": int(chosen.sum()), "later": share(first[chosen] >= 0), "cap": cap}
    if not chosen.any():
        return found
    inputs = measures.cases()
    layers = [arrays[name][chosen, column].astype(float) for name in ("layer_1", "layer_2")]
    output = measures.outputs(layers[0], layers[1], inputs)
    low, high = run.protocol["targets"]
    always_off = 0.5 * measures.is_palindrome(inputs).sum() * (high - low) ** 2
    eigenvalues = arrays["eigenvalues"][chosen, column]
    record = int(np.searchsorted(arrays["error_sweeps"], sweep))
    E = arrays["errors"][chosen, record]
    return found | {
        "always_off": float(always_off),
        "E_median": float(np.median(E)),
        "at_level": share(np.abs(E - always_off) < 0.05),
        "all_off": share((output < 0.5 * (low + high)).all(axis=1)),
        "highest_output_median": float(np.median(output.max(axis=1))),
        "gradient_median": float(np.median(arrays["gradient_norm"][chosen, column])),
        "curvature_median": float(np.median(np.abs(eigenvalues).max(axis=1))),
        "a_way_down": share(eigenvalues[:, 0] < 0),
    }


def _knocks(run: Run) -> list[dict[str, Any]]:
    """Per size of the displacement: how many then solve the task, and how many come back to the same E."""
    arrays, rows = run.arrays, []
    displaced = arrays["knocked_first_sweep"][:, 0] > -2 if run.protocol["knocks"] else np.zeros(0, bool)
    for column, size in enumerate(run.protocol["knocks"]):
        first = arrays["knocked_first_sweep"][displaced, column]
        before, after = arrays["errors"][displaced, -1], arrays["knocked_error"][displaced, column]
        rows.append(
            {
                "size": size,
                "solved": share(first >= 0),
                "back": share((first < 0) & (np.abs(after - before) <= BACK * before)),
                "lower": share((first < 0) & (after < (1 - BACK) * before)),
            }
        )
    return rows


def _growth(run: Run) -> tuple[int, float | None]:
    """By what share the norm of solved networks grows over the last three quarters of the run, in the median."""
    kept, cap = run.arrays["kept_sweeps"], run.protocol["sweeps"]
    column = int(np.argmin(np.abs(kept - cap / 4)))
    first = run.arrays["first_sweep"][:, 0]
    settled = (first >= 0) & (first <= kept[column])
    size = norms(run.arrays)[settled]
    return int(kept[column]), float(np.median(size[:, -1] / size[:, column]) - 1) if settled.any() else None


def _norms(run: Run) -> dict[str, dict[str, list[float]]]:
    """Quartiles of the norm at the kept sweeps, of networks that had solved the task by the first one, or never do."""
    first, kept = run.arrays["first_sweep"][:, 0], run.arrays["kept_sweeps"]
    size = norms(run.arrays)
    groups = {"solved": (first >= 0) & (first <= kept[0]), "failed": first < 0}
    return {
        name: {q: [float(x) for x in np.nanquantile(size[chosen], level, axis=0)] for q, level in QUARTILES.items()}
        for name, chosen in groups.items()
        if chosen.any()
    }
