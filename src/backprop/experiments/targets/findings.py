"""The numbers the text quotes about the targets behind Figure 1, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed
from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import share
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.targets.analyse import best_target, gradient_norms
from backprop.experiments.targets.prints import PRINTS, rounding
from backprop.results.variant import Run

AT = (0.0, 0.05, 0.1, 0.15)
MOVED = (10, 100, 1000)
ALIKE = 0.02
"""Mean outputs count as those of the printed network within this distance."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdict need."""
    run = runs["paper"]
    kept = run.arrays["kept_sweeps"]
    return {
        "at_mark": int(kept[np.argmin(np.abs(kept - PRINTED_SWEEPS))]),
        "cap": run.protocol["sweeps"],
        "networks": int(run.table.seed.nunique()),
        "draws": run.protocol["draws"],
        "alike": ALIKE,
        "prints": {name: _printed(run, row) for row, name in enumerate(PRINTS)},
        "moved": {name: _moved(run, row) for row, name in enumerate(PRINTS)},
        "trained": [_trained(run, t, 0.0) for t in run.protocol["off_targets"]],
        "margins": [_trained(run, 0.0, margin) for margin in run.protocol["margins"]],
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claim S15, our own question."""
    del runs
    first, second = values["prints"]["figure_1"], values["prints"]["pdp"]

    def told(found: Mapping[str, Any]) -> str:
        return f"t = {fixed(found['t'], 3)} ({fixed(found['low'], 3)} to {fixed(found['high'], 3)})"

    return [
        Claim(
            "S15", "our own question",
            "Targets .1 and .9, not 0 and 1, made Figure 1: for them its printed weights are a stationary point of E",
            "targets not stated",
            f"smallest gradient for targets t and 1 − t at {told(first)} for Figure 1, {told(second)} for PDP's "
            f"Figure 9; {_alike(values['trained'])}",
            _made_by(first),
            "Reproduced if the 95 % range of t that the rounding of Figure 1 leaves contains .1 and not 0; not "
            "reproduced if it contains 0 and not .1; else partly.",
        )
    ]  # fmt: skip


def _alike(trained: list[dict[str, Any]]) -> str:
    """Of networks trained with each target, how many answer as the printed one does."""
    shares = "; ".join(
        f"{row['alike']['count']} of {row['alike']['n']} with t = {row['t']:g}" for row in trained if row["count"]
    )
    return f"mean outputs like Figure 1's: {shares}" if shares else "no network solved the task"


def _made_by(found: Mapping[str, Any]) -> str:
    inside, plain = (found["low"] <= t <= found["high"] for t in (0.1, 0.0))
    return "reproduced" if inside and not plain else "not reproduced" if plain and not inside else "partly"


def _printed(run: Run, row: int) -> dict[str, Any]:
    """The best t for one printed network, with the range its rounding leaves, and the gradient at some t."""
    gradients, drawn = run.arrays["printed_gradients"][row], run.arrays["drawn_gradients"][row]
    t, norm = best_target(gradients[:, None])
    ts, norms = best_target(drawn)
    at = np.array(AT)
    here, around = gradient_norms(gradients[:, None], at)[0], gradient_norms(drawn, at)
    layers = list(PRINTS.values())[row]
    layer_1, layer_2 = layers
    output = measures.outputs(layer_1[None], layer_2[None], measures.cases())[0]
    palindrome = measures.is_palindrome(measures.cases())
    return {
        "t": float(t[0]),
        "gradient": float(norm[0]),
        "low": float(np.quantile(ts, 0.025)),
        "high": float(np.quantile(ts, 0.975)),
        "drawn_gradient": [float(x) for x in np.quantile(norms, (0.025, 0.5, 0.975))],
        "at": {
            f"{target:g}": {"norm": float(here[k]), "low": float(np.quantile(around[:, k], 0.025)),
                            "high": float(np.quantile(around[:, k], 0.975))}
            for k, target in enumerate(AT)
        },
        "rounding": float(
            np.sqrt((rounding(layers) ** 2).sum() / 3) / np.sqrt((layer_1**2).sum() + (layer_2**2).sum())
        ),
        "palindromes": float(output[palindrome].mean()),
        "others": float(output[~palindrome].mean()),
        "lowest_other": float(output[~palindrome].min()),
        "highest_other": float(output[~palindrome].max()),
    }  # fmt: skip


def _moved(run: Run, row: int) -> list[dict[str, Any]]:
    """How far training moves a printed network, over its norm, after some sweeps under each coding."""
    path, sweeps = run.arrays["path"][row], run.arrays["path_sweeps"]
    start = path[0, list(sweeps).index(0)]
    shown = [sweep for sweep in MOVED if sweep in sweeps]
    rows = []
    for t, way in zip(run.arrays["path_targets"], path, strict=True):
        distance = np.linalg.norm(way - start, axis=1) / np.linalg.norm(start)
        rows.append({"t": float(t), "after": {str(s): float(distance[list(sweeps).index(s)]) for s in shown}})
    return rows


def _trained(run: Run, t: float, margin: float) -> dict[str, Any]:
    """What came of the networks trained with one coding."""
    table, cap = run.table, run.protocol["sweeps"]
    table = table[(table.off_target == t) & (table.margin == margin)]
    found = table[table.solved_at_mark & table.inferred.notna()]
    median = median_survival(table.sweeps.fillna(cap), table.solved)
    own = {
        "t": t,
        "margin": margin,
        "solved": share(table.solved),
        "at_mark": share(table.solved_at_mark),
        "median": median.value,
        "median_interval": [median.low, median.high],
        "count": len(found),
    }
    if found.empty:
        return own | {"inferred": None}
    nearest = table.iloc[int(np.nanargmin(table.closest))]
    print_ = _printed(run, 0)
    alike = (abs(found.palindromes - print_["palindromes"]) < ALIKE) & (abs(found.others - print_["others"]) < ALIKE)
    at_print = gradient_norms(run.arrays["printed_gradients"][0][:, None], np.array([t]))[0, 0]
    return own | {
        "inferred": [float(x) for x in found.inferred.quantile([0.025, 0.5, 0.975])],
        "gradient": [float(x) for x in found.gradient.quantile([0.025, 0.5, 0.975])],
        "gradient_highest": float(found.gradient.max()),
        "gradient_at_print": float(at_print),
        "beyond_print": share(found.gradient >= at_print),
        "alike": share(alike),
        "distance_at_mark": float(found.distance_at_mark.min()),
        "closest": float(nearest.closest),
        "closest_sweep": float(nearest.closest_sweep),
    }
