"""Whether the lab's printed run is typical of our seeds, how activations compare, and whether gradients are right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop.datasets import is_stand_in
from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import NOT_JUDGED, by_count, verdict
from backprop.experiments.functions.protocol import PRINTED, Protocol
from backprop.results.variant import Run

LAST = max(PRINTED)
"""The epoch after which the lab prints its result."""

EXACT = 1e-12
"""The largest relative difference between two gradients in double precision that counts as rounding (claim B3)."""

LABELS = {"sigmoid": "sigmoid", "relu": "ReLU", "requ": "ReQU", "squareplus": "squareplus"}


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need; `printed` is None without an epoch that the lab prints."""
    paper = runs["paper"]
    about = paper.about["provenance"]["FashionMNIST"]
    activations = {name: _activation(run) for name, run in runs.items()}
    ranking = _ranking(activations)
    cost, accuracy = PRINTED[LAST]
    return {
        "rules": {"exact": EXACT},
        "lab": {"epochs": LAST, "images": Protocol().images, "cost": cost, "accuracy": accuracy},
        "data": {
            "stand_in": is_stand_in(about),
            "detail": about["detail"],
            "train": int(paper.arrays["images"][0]),
            "test": int(paper.arrays["images"][1]),
        },
        "epochs": paper.protocol["epochs"],
        "hidden_units": paper.protocol["hidden_units"],
        "networks": sum(len(run.table) for run in runs.values()),
        "diverged": sum(activation["diverged"] for activation in activations.values()),
        "printed": _printed(paper),
        "activations": activations,
        "ranking": ranking,
        "slowest": ranking[-1]["label"] if ranking else None,
        "traversal_difference": max(float(run.table.traversal_difference.max()) for run in runs.values()),
        "gradcheck": {
            "functions": list(dict.fromkeys(["Linear", *(own["label"] for own in activations.values())])),
            "passed": bool(all(run.arrays["gradcheck"].all() for run in runs.values())),
        },
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on B1 (the printed run), B2 (functions of our own) and B3 (the backward traversal by hand)."""
    return {
        "B1": by_printed(values["printed"], values["data"]["stand_in"]),
        "B2": verdict(values["gradcheck"]["passed"]),
        "B3": verdict(values["traversal_difference"] <= EXACT),
    }


def by_printed(printed: Mapping[str, Any] | None, stand_in: bool) -> str:
    """Reproduced if cost and accuracy as printed are both typical of our networks, partly if one of them is.

    Not judged on stand-in data, under another protocol than the lab's, and where the ranges are unknown.
    """
    if stand_in or printed is None or not printed["judged"] or printed["cost"]["typical"] is None:
        return NOT_JUDGED
    return by_count([printed["cost"]["typical"], printed["accuracy"]["typical"]])


def prediction_range(sample: npt.ArrayLike) -> list[float] | None:
    """Student's 95% range for one more value like the finite ones of `sample`; None below three of them."""
    from scipy import stats  # slow to import

    known = np.asarray(sample, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 3:
        return None
    mean, deviation = float(known.mean()), float(known.std(ddof=1))
    reach = float(stats.t.ppf(0.975, known.size - 1) * deviation * np.sqrt(1 + 1 / known.size))
    return [mean - reach, mean + reach]


def _activation(run: Run) -> dict[str, Any]:
    """Cost and accuracy at the end, over the networks that did not diverge."""
    table = run.table[run.table.cost.notna()]
    return {
        "label": LABELS[run.protocol["activation"]],
        "networks": len(run.table),
        "diverged": len(run.table) - len(table),
        "cost": mean_interval(table.cost),
        "accuracy": mean_interval(table.accuracy, 0.0, 1.0),
        "extremes": [float(table.accuracy.min()), float(table.accuracy.max())] if len(table) else None,
    }


def _ranking(activations: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The activations with a network that did not diverge, the best accuracy first."""
    known = [own for own in activations.values() if own["extremes"]]
    return sorted(known, key=lambda own: -own["accuracy"]["mean"])


def _printed(run: Run) -> dict[str, Any] | None:
    """The lab's run beside ours at the last epoch that both have; None if they have none in common.

    `judged` is whether that epoch is the lab's last and everything but the seeds is as in the lab.
    """
    recorded = run.arrays["epochs"].tolist()
    common = [epoch for epoch in PRINTED if epoch in recorded]
    if not common:
        return None
    epoch = max(common)
    cost, accuracy = PRINTED[epoch]
    costs = run.arrays["costs"][:, epoch - 1].astype(float)
    accuracies = run.arrays["accuracy"][:, recorded.index(epoch)].astype(float)
    defaults, free = Protocol(), ("seeds", "threads", "record_every")
    same = all(getattr(defaults, key) == value for key, value in run.protocol.items() if key not in free)
    return {
        "epoch": epoch,
        "networks": len(costs),
        "cost": _beside(cost, costs),
        "accuracy": _beside(accuracy, accuracies, 0.0, 1.0),
        "judged": bool(same and epoch == LAST),
    }


def _beside(printed: float, sample: np.ndarray, least: float = -np.inf, most: float = np.inf) -> dict[str, Any]:
    """A printed number, ours, the range of one more network of ours within [least, most], and how many are below."""
    likely = prediction_range(sample)
    return {
        "printed": printed,
        "ours": mean_interval(sample, least, most),
        "range": None if likely is None else [max(least, likely[0]), min(most, likely[1])],
        "typical": None if likely is None else bool(likely[0] <= printed <= likely[1]),
        # accuracies are single-precision shares: equal ones may differ in the last bit
        "lower": int((sample < printed - 1e-6).sum()),
    }
