"""Where the lab's printed run lies among our seeds, how activations compare, and whether gradients by hand hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import count, fixed, percent, significant
from backprop.experiments.functions.protocol import PRINTED, Protocol
from backprop.results.variant import Run

LAST = max(PRINTED)
"""The epoch after which the lab prints its result."""

EXACT = 1e-12
"""The largest relative difference between two gradients in double precision that counts as rounding."""

LABELS = {"sigmoid": "sigmoid", "relu": "ReLU", "requ": "ReQU", "squareplus": "squareplus"}


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """What the text and the verdicts need; `printed` is None where too few epochs were trained to compare."""
    paper = runs["paper"]
    about = paper.about["provenance"]["FashionMNIST"]
    activations = {name: _activation(run) for name, run in runs.items()}
    return {
        "data": {
            "stand_in": about["source"] == "bundled",
            "detail": about["detail"],
            "train": int(paper.arrays["images"][0]),
            "test": int(paper.arrays["images"][1]),
        },
        "epochs": paper.protocol["epochs"],
        "hidden_units": paper.protocol["hidden_units"],
        "printed": _printed(paper),
        "activations": activations,
        "traversal_difference": max(float(run.table.traversal_difference.max()) for run in runs.values()),
        "exact": EXACT,
        "gradcheck": {
            "functions": ["Linear", *(LABELS[run.protocol["activation"]] for run in runs.values())],
            "passed": bool(all(run.arrays["gradcheck"].all() for run in runs.values())),
        },
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """B1 (the printed run), B2 (own functions), B3 (the backward traversal by hand)."""
    cost, share = PRINTED[LAST]
    found = values["printed"]
    worst, check = values["traversal_difference"], values["gradcheck"]
    return [
        Claim(
            id="B1",
            source="lab 003, run training",
            claim=f"After {LAST} epochs on 1,000 images the sigmoid network has this cost and test accuracy",
            paper=f"cost {fixed(cost, 4)}, {percent(share, 1)}",
            ours=_printed_told(found, values["data"]["stand_in"]),
            verdict=_printed_judged(found, values["data"]["stand_in"]),
            rule="reproduced if both printed numbers lie within the 95 % range in which one more of our networks would "
            "fall, partly if one does; not judged on stand-in data, on other protocols or below three networks",
        ),
        Claim(
            id="B2",
            source="lab 003, implement own module",
            claim="Linear, ReLU and ReQU can be given to autograd as functions with a derivative of one's own",
            paper="set as a task",
            ours=f"finite differences {'confirm' if check['passed'] else 'contradict'} the derivatives of "
            f"{', '.join(dict.fromkeys(check['functions']))}",
            verdict="reproduced" if check["passed"] else "not reproduced",
            rule="reproduced if torch's gradcheck passes for every function, in double precision",
        ),
        Claim(
            id="B3",
            source="lab 003, implement backward traversal",
            claim="A forward and a backward traversal written by hand give autograd's gradients",
            paper="set as a task",
            ours=f"they differ by at most {significant(worst)} of the largest entry, over "
            f"{count(sum(len(run.table) for run in runs.values()), 'network')}, before and after training",
            verdict="reproduced" if worst <= EXACT else "not reproduced",
            rule=f"reproduced if no difference exceeds {significant(EXACT, 1)}, in double precision",
        ),
    ]


def spread(sample: Any) -> dict[str, Any]:
    """Mean, deviation and extremes of a sample's finite values, and the 95 % range of one more (None below three)."""
    x = np.asarray(sample, dtype=float)
    x = x[np.isfinite(x)]
    if not len(x):
        return {"mean": None, "deviation": None, "range": None, "low": None, "high": None, "n": 0}
    mean, deviation = float(x.mean()), float(x.std(ddof=1)) if len(x) > 1 else None
    reach = None
    if len(x) > 2 and deviation is not None:
        reach = float(stats.t.ppf(0.975, len(x) - 1) * deviation * np.sqrt(1 + 1 / len(x)))
    interval = None if reach is None else [mean - reach, mean + reach]
    low, high = float(x.min()), float(x.max())
    return {"mean": mean, "deviation": deviation, "range": interval, "low": low, "high": high, "n": len(x)}


def _activation(run: Run) -> dict[str, Any]:
    return {
        "label": LABELS[run.protocol["activation"]],
        "networks": len(run.table),
        "diverged": int(run.table.cost.isna().sum()),
        "cost": spread(run.table.cost),
        "accuracy": spread(run.table.accuracy),
    }


def _printed(run: Run) -> dict[str, Any] | None:
    """The lab's run among ours at the last epoch both have; None if they have none in common or protocols differ.

    `judged` is whether that epoch is the lab's last and everything but seeds is as in the lab.
    """
    recorded = run.arrays["epochs"].tolist()
    common = [epoch for epoch in PRINTED if epoch in recorded]
    if not common:
        return None
    epoch = max(common)
    cost, share = PRINTED[epoch]
    costs = run.arrays["costs"][:, epoch - 1].astype(float)
    shares = run.arrays["accuracy"][:, recorded.index(epoch)].astype(float)
    defaults, free = Protocol(), ("seeds", "threads", "record_every")
    same = all(getattr(defaults, key) == value for key, value in run.protocol.items() if key not in free)
    return {
        "epoch": epoch,
        "networks": len(costs),
        "cost": {"printed": cost, "ours": spread(costs), "lower": int((costs < cost).sum())},
        "accuracy": {"printed": share, "ours": spread(shares), "lower": int((shares < share - 1e-6).sum())},
        "judged": bool(same and epoch == LAST),
    }


def _within(found: Mapping[str, Any]) -> bool:
    interval = found["ours"]["range"]
    return interval is not None and interval[0] <= found["printed"] <= interval[1]


def _printed_judged(found: Mapping[str, Any] | None, stand_in: bool) -> str:
    if stand_in or found is None or not found["judged"] or found["cost"]["ours"]["range"] is None:
        return "not judged"
    return {2: "reproduced", 1: "partly", 0: "not reproduced"}[_within(found["cost"]) + _within(found["accuracy"])]


def _printed_told(found: Mapping[str, Any] | None, stand_in: bool) -> str:
    if found is None or found["cost"]["ours"]["mean"] is None:
        return "too few epochs to compare"
    cost, share = found["cost"]["ours"], found["accuracy"]["ours"]
    text = f"cost {fixed(cost['mean'], 4)}, {percent(share['mean'], 1)} on average"
    if cost["range"] is not None and share["range"] is not None:
        low, high = (max(0.0, min(1.0, bound)) for bound in share["range"])
        text += f"; one more network: {fixed(cost['range'][0], 4)} to {fixed(cost['range'][1], 4)}, "
        text += f"{percent(low, 1)} to {percent(high, 1)}"
    where = " on stand-in images" if stand_in else ""
    return f"{text} (epoch {found['epoch']}{where})"
