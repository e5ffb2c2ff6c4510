"""The numbers the text quotes about the digit classifiers, and the verdicts on what the lab says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import count, fixed, percent, significant, thousands
from backprop.experiments.mnist.analyse import confusion, most_wrong
from backprop.experiments.mnist.protocol import SCALES
from backprop.results.variant import Run

SHOWN = 20
"""How many of the most confidently wrong images are shown."""

READS = 0.9
"""The share of test images above which a network counts as reading digits."""

SAME = 1e-4
"""The largest difference between two losses in single precision that counts as rounding."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """What the text and the verdicts need; `softmax` and `dropout` are None where the variant is not trained."""
    paper = runs["paper"]
    arrays, table = paper.arrays, paper.table
    about = paper.about["provenance"]["MNIST"]
    matrix = confusion(arrays).mean(axis=0)
    errors = matrix - np.diag(np.diag(matrix))
    true, answered = np.unravel_index(errors.argmax(), errors.shape)
    worst = most_wrong(arrays, SHOWN)
    return {
        "data": {
            "stand_in": about["source"] == "bundled",
            "detail": about["detail"],
            "train": int(arrays["train_images_used"][0]),
            "test": len(arrays["labels"]),
        },
        "networks": len(table),
        "epochs": paper.protocol["epochs"],
        "accuracy": spread(table.accuracy),
        "accuracy_by_epoch": (arrays["correct"].mean(axis=0) / len(arrays["labels"])).tolist(),
        "loss": {
            "steps": arrays["losses"].shape[1],
            "first": float(table.loss_first.mean()),
            "last_epoch": float(table.loss_last_epoch.mean()),
        },
        "confidence": {key: _known(table[f"confidence_{key}"].mean()) for key in ("right", "wrong")},
        "confusion": {"true": int(true), "answered": int(answered), "count": float(errors.max())},
        "missed": {
            "any": len(arrays["missed"]),
            "all": int((arrays["answers"] != arrays["labels"]).all(axis=0).sum()),
            "shown": len(worst),
            "confidence": float(worst.confidence.max()) if len(worst) else 0.0,
        },
        "why_no_softmax": {
            "difference": float(arrays["softmax_difference"].max()),
            "scales": list(SCALES),
            "infinite_apart": arrays["infinite"][:, :, 0].mean(axis=0).tolist(),
            "infinite_within": arrays["infinite"][:, :, 1].mean(axis=0).tolist(),
            "floor": float(np.log1p(9 / np.e)),
        },
        "eval": {"difference": float(arrays["mode_difference"].max())},
        "no_grad": {
            "difference": float(arrays["grad_difference"].max()),
            "kept_with": int(arrays["kept_bytes"][:, 0].max()),
            "kept_without": int(arrays["kept_bytes"][:, 1].max()),
            "images": min(512, len(arrays["labels"])),
            "refused": bool(arrays["backward_refused"].all()),
        },
        "softmax": _compared(runs.get("softmax"), paper),
        "dropout": _compared(runs.get("dropout"), paper),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """D1 (the recipe), D2 (no softmax), D3 (eval), D4 (no_grad); D1 is not judged on stand-in data."""
    v, source = values, "lab 000, a simple MLP classifier"
    accuracy, plain = v["accuracy"], v["no_grad"]
    if v["data"]["stand_in"]:
        verdict = "not judged"
    elif accuracy["low"] > READS:
        verdict = "reproduced"
    else:
        verdict = "partly" if accuracy["high"] > READS else "not reproduced"
    where = "stand-in images" if v["data"]["stand_in"] else "test images"
    same = v["why_no_softmax"]["difference"]
    no_grad_holds = plain["difference"] == 0 and not plain["kept_without"] and plain["kept_with"] and plain["refused"]
    return [
        Claim(
            id="D1",
            source=source,
            claim="Trained by the lab's recipe, a 784-32-16-10 network learns to read handwritten digits",
            paper="no number printed",
            ours=f"{percent(accuracy['mean'], 2)} of the {where} on average over {count(v['networks'], 'network')}, "
            f"from {percent(accuracy['low'], 2)} to {percent(accuracy['high'], 2)}",
            verdict=verdict,
            rule=f"reproduced if every network recognises more than {percent(READS)} of MNIST's test images, partly if "
            "some do; not judged on stand-in data",
        ),
        Claim(
            id="D2",
            source=source,
            claim="The output needs no softmax, since the cross-entropy has it inside",
            paper="stated",
            ours=f"the two ways to the loss differ by at most {significant(same)}",
            verdict="reproduced" if same <= SAME else "not reproduced",
            rule=f"reproduced if no test image's loss differs by more than {significant(SAME, 1)}, wherever both ways "
            "give a finite number",
        ),
        Claim(
            id="D3",
            source=source,
            claim="eval() makes no difference to this network, and does to others",
            paper="stated",
            ours=_eval_told(v),
            verdict=_eval_judged(v),
            rule="reproduced if outputs are the same to the last bit in both modes here, and accuracy with dropout is "
            "not; partly if only one of the two",
        ),
        Claim(
            id="D4",
            source=source,
            claim="no_grad() makes an evaluation lighter and keeps it from training by mistake",
            paper="stated",
            ours=f"{thousands(plain['kept_with'])} bytes kept for a backward pass with gradients, "
            f"{thousands(plain['kept_without'])} without; a backward pass is "
            f"{'refused' if plain['refused'] else 'not refused'}",
            verdict="reproduced" if no_grad_holds else "not reproduced",
            rule="reproduced if outputs are the same, nothing is kept and a backward pass is refused",
        ),
    ]


def spread(sample: Any) -> dict[str, Any]:
    """Mean, standard deviation and extremes of a sample, and Student's 95 % interval of its mean (None if n = 1)."""
    x = np.asarray(sample, dtype=float)
    deviation = float(x.std(ddof=1)) if len(x) > 1 else None
    reach = stats.t.ppf(0.975, len(x) - 1) * deviation / np.sqrt(len(x)) if deviation is not None else None
    mean = float(x.mean())
    interval = None if reach is None else [float(mean - reach), float(mean + reach)]
    return {"mean": mean, "deviation": deviation, "interval": interval, "low": float(x.min()), "high": float(x.max())}


def _compared(run: Run | None, paper: Run) -> dict[str, Any] | None:
    """A variant beside the lab's own networks with the same seeds."""
    if run is None:
        return None
    both = run.table.merge(paper.table, on="seed", suffixes=("", "_paper"))
    return {
        "networks": len(run.table),
        "accuracy": spread(run.table.accuracy),
        "training_mode": spread(run.table.accuracy_training_mode),
        "behind": float((both.accuracy_paper - both.accuracy).mean()) if len(both) else None,
        "last_loss": float(run.table.loss_last_epoch.mean()),
        "rate": run.protocol["dropout"],
    }


def _eval_judged(v: Mapping[str, Any]) -> str:
    same = v["eval"]["difference"] == 0
    if v["dropout"] is None:
        return "partly" if same else "not reproduced"
    differs = v["dropout"]["training_mode"]["mean"] != v["dropout"]["accuracy"]["mean"]
    return {2: "reproduced", 1: "partly", 0: "not reproduced"}[same + differs]


def _eval_told(v: Mapping[str, Any]) -> str:
    difference = v["eval"]["difference"]
    here = f"outputs differ by up to {significant(difference)}" if difference else "the same outputs in both modes"
    if v["dropout"] is None:
        return here
    lost = 100 * (v["dropout"]["accuracy"]["mean"] - v["dropout"]["training_mode"]["mean"])
    return f"{here}; with dropout, leaving eval() out costs {fixed(lost)} percentage points"


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
