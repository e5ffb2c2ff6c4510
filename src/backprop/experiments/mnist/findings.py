"""The numbers that the text prints about the digit classifiers, and verdicts on the lab's statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop.datasets import is_stand_in
from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import NOT_JUDGED, by_count, verdict
from backprop.experiments.mnist.analyse import confusion, most_wrong
from backprop.experiments.mnist.protocol import EVALUATION_BATCH
from backprop.results.variant import Run

SHOWN = 20
"""How many of the most confidently wrong images are shown."""

READS = 0.9
"""The share of test images above which a network counts as reading digits (claim D1)."""

ALIKE = 0.01
"""The standard deviation of the accuracy over the seeds below which the choice of the seed matters little."""

SAME = 1e-4
"""The largest difference between two losses in single precision that counts as rounding (claim D2)."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need; `softmax` and `dropout` are None without their variants."""
    paper = runs["paper"]
    arrays, table = paper.arrays, paper.table
    about = paper.about["provenance"]["MNIST"]
    images = len(arrays["labels"])
    return {
        "rules": {"reads": READS, "same": SAME},
        "data": {
            "stand_in": is_stand_in(about),
            "detail": about["detail"],
            "train": int(arrays["train_images_used"][0]),
            "test": images,
        },
        "shape": "-".join(map(str, (28 * 28, *paper.protocol["hidden_units"], 10))),
        "networks": len(table),
        "epochs": paper.protocol["epochs"],
        "accuracy": _accuracy(table.accuracy),
        "after_first_epoch": float(arrays["correct"][:, 1].mean() / images),
        "loss": {
            "steps": arrays["losses"].shape[1],
            "first": float(table.loss_first.mean()),
            "last_epoch": float(table.loss_last_epoch.mean()),
        },
        "confidence": {
            "right": _known(table.confidence_right.mean()),
            "wrong": _known(table.confidence_wrong.mean()),
            "lower": _known((table.confidence_right - table.confidence_wrong).mean()),
        },
        "confusion": _most_confused(arrays),
        "missed": _missed(arrays),
        "why_no_softmax": {
            "difference": float(arrays["softmax_difference"].max()),
            "infinite_apart": float(arrays["infinite"][:, -1, 0].mean()),
            "infinite_within": float(arrays["infinite"][:, -1, 1].mean()),
            "floor": float(np.log1p(9 / np.e)),
        },
        "eval": {"difference": float(arrays["mode_difference"].max())},
        "no_grad": {
            "difference": float(arrays["grad_difference"].max()),
            "kept_with": int(arrays["kept_bytes"][:, 0].max()),
            "kept_per_image": int(arrays["kept_bytes"][:, 0].max()) // min(EVALUATION_BATCH, images),
            "kept_without": int(arrays["kept_bytes"][:, 1].max()),
            "refused": bool(arrays["backward_refused"].all()),
        },
        "softmax": _compared(runs.get("softmax"), paper),
        "dropout": _compared(runs.get("dropout"), paper),
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on D1 (the recipe), D2 (no softmax), D3 (eval) and D4 (no_grad)."""
    return {
        "D1": by_accuracy(values["accuracy"], values["data"]["stand_in"]),
        "D2": verdict(values["why_no_softmax"]["difference"] <= SAME),
        "D3": by_mode(values["eval"]["difference"], values["dropout"]),
        "D4": by_no_grad(values["no_grad"]),
    }


def by_accuracy(accuracy: Mapping[str, Any], stand_in: bool) -> str:
    """Reproduced if every network recognises more than READS of MNIST's test images, partly if some do."""
    if stand_in:
        return NOT_JUDGED
    return verdict(accuracy["lowest"] > READS, accuracy["highest"] > READS)


def by_mode(difference: float, dropout: Mapping[str, Any] | None) -> str:
    """Reproduced if eval() changes no output here (`difference` is 0) and changes accuracy with dropout; partly if one.

    `dropout` holds the numbers of that variant, None if it was not trained.
    """
    return by_count([difference == 0, dropout is not None and dropout["lost"] != 0])


def by_no_grad(measured: Mapping[str, Any]) -> str:
    """Reproduced if outputs are the same, nothing is kept for a backward pass and such a pass is refused."""
    lighter = measured["kept_with"] > 0 and measured["kept_without"] == 0
    return verdict(measured["difference"] == 0 and lighter and measured["refused"])


def _accuracy(sample: npt.ArrayLike) -> dict[str, float | None]:
    """Mean, deviation and interval of the mean, the lowest and the highest value, and whether all are `alike`."""
    found = mean_interval(sample, 0.0, 1.0)
    alike = found["deviation"] is not None and found["deviation"] < ALIKE
    return found | {"lowest": float(np.min(sample)), "highest": float(np.max(sample)), "alike": alike}


def _compared(run: Run | None, paper: Run) -> dict[str, Any] | None:
    """A variant beside the lab's networks with the same seeds."""
    if run is None:
        return None
    both = run.table.merge(paper.table, on="seed", suffixes=("", "_paper"))
    return {
        "networks": len(run.table),
        "accuracy": _accuracy(run.table.accuracy),
        "training_mode": _accuracy(run.table.accuracy_training_mode),
        "lost": float((run.table.accuracy - run.table.accuracy_training_mode).mean()),
        "behind": float((both.accuracy_paper - both.accuracy).mean()) if len(both) else None,
        "last_loss": float(run.table.loss_last_epoch.mean()),
        "rate": run.protocol["dropout"],
    }


def _most_confused(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The most frequent mistake, and how often it occurs in the test images on average over the networks."""
    matrix = confusion(arrays).mean(axis=0)
    errors = matrix - np.diag(np.diag(matrix))
    true, answered = np.unravel_index(errors.argmax(), errors.shape)
    return {"true": int(true), "answered": int(answered), "count": float(errors.max())}


def _missed(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """How many test images are misclassified by all networks, and how many of them are shown."""
    worst = most_wrong(arrays, SHOWN)
    return {
        "all": int((arrays["answers"] != arrays["labels"]).all(axis=0).sum()),
        "shown": len(worst),
        "confidence": float(worst.confidence.max()) if len(worst) else 0.0,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
