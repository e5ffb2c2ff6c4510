"""Where unsolved networks are: on a plateau that they leave, or in minima to which they return when displaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.evidence.verdicts import FEW, MOST, share
from backprop.experiments.long_run.analyse import KINDS
from backprop.experiments.long_run.protocol import EXPERIMENT_1_SWEEPS
from backprop.experiments.symmetry import measures
from backprop.results.variant import Run

BACK = 0.01
"""A displaced network returned if its E ends within this share of E before; levels of E differ by more."""

DROP = 0.05
"""Networks count as stuck only if E falls by less than this share in the second half of the run."""

LEVEL = 0.05
"""An E within this distance of the error of missing all palindromes counts as equal to it."""


def failures(run: Run) -> dict[str, Any]:
    """Networks unsolved at the cap: their errors, their E, and what Hessian and displacement show.

    Only `count` and `diverged` are present if no network is unsolved at a finite E.
    """
    failed = run.table[~run.table.solved]
    finite = failed[failed.error_at_cap.notna()]
    counts: dict[str, Any] = {"count": len(finite), "diverged": len(failed) - len(finite)}
    if finite.empty:
        return counts
    half = int(np.searchsorted(run.arrays["error_sweeps"], run.protocol["sweeps"] // 2))
    errors = run.arrays["errors"][finite.index].astype(float)
    drop = (errors[:, half] - errors[:, -1]) / errors[:, -1]
    displaced = knocks(run)
    return counts | {
        "low": float(finite.error_at_cap.min()),
        "high": float(finite.error_at_cap.max()),
        "missed": [int(finite.missed.min()), int(finite.missed.max())],
        "false_alarms": share(finite.false_alarms > 0),
        "drop_percent": {"median": 100 * float(np.median(drop)), "highest": 100 * float(drop.max())},
        "kinds": {kind.replace(" ", "_"): share(finite.kind == kind) for kind in KINDS},
        "most_negative": float((finite.lowest_eigenvalue / finite.highest_eigenvalue).min()),
        "smallest_knock": min(displaced, key=lambda knock: knock["size"], default=None),
        "largest_knock": max(displaced, key=lambda knock: knock["size"], default=None),
        "stuck": bool(drop.max() < DROP) and all(knock["solved"]["high"] < FEW for knock in displaced),
    }


def plateau(run: Run) -> dict[str, Any]:
    """Networks unsolved when Experiment 1 stops: their outputs, how flat E is around them, and their later success."""
    arrays = run.arrays
    kept = list(arrays["kept_sweeps"])
    sweep = EXPERIMENT_1_SWEEPS if EXPERIMENT_1_SWEEPS in kept else int(kept[0])
    column = kept.index(sweep)
    first = arrays["first_sweep"][:, 0]
    chosen = ((first < 0) | (first > sweep)) & np.isfinite(arrays["errors"][:, -1])
    later = share(first[chosen] >= 0)
    counts: dict[str, Any] = {"sweep": sweep, "count": int(chosen.sum()), "later": later}
    if not chosen.any():
        return counts
    inputs = measures.cases()
    layers = [arrays[name][chosen, column].astype(float) for name in ("layer_1", "layer_2")]
    output = measures.outputs(layers[0], layers[1], inputs)
    low, high = run.protocol["targets"]
    always_off = 0.5 * measures.is_palindrome(inputs).sum() * (high - low) ** 2
    eigenvalues = arrays["eigenvalues"][chosen, column]
    record = int(np.searchsorted(arrays["error_sweeps"], sweep))
    E = arrays["errors"][chosen, record]
    downwards = share(eigenvalues[:, 0] < 0)
    return counts | {
        "always_off": float(always_off),
        "E_median": float(np.median(E)),
        "at_level": share(np.abs(E - always_off) < LEVEL),
        "all_off": share((output < 0.5 * (low + high)).all(axis=1)),
        "highest_output_median": float(np.median(output.max(axis=1))),
        "gradient_median": float(np.median(arrays["gradient_norm"][chosen, column])),
        "curvature_median": float(np.median(np.abs(eigenvalues).max(axis=1))),
        "downwards": downwards,
        "escapes": downwards["rate"] > MOST and later["rate"] > MOST,
    }


def knocks(run: Run) -> list[dict[str, Any]]:
    """By size of the displacement: the shares of networks that then solve the task, or return to the same E."""
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
            }
        )
    return rows
