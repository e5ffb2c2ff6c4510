"""What it takes Evolution Search to train the lab's network, in accuracy and in loss evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, percent, thousands
from backprop.evidence.statistics import mean_interval
from backprop.results.variant import Run

WITHIN = 0.02
"""How far below the baseline's accuracy counts as having reached it."""

MODEL = 0.05
"""Largest difference in mean accuracy between a search and the gradient with noise that counts as agreement."""

DIVERGED = 100
"""A network whose loss ends this many times above its start has diverged, as has one without a loss."""

ABOVE_CHANCE = 0.3
"""The accuracy that shows learning: three times that of guessing among ten classes."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Everything the text and the verdicts need: one row per setting, and what follows from them."""
    baseline = runs["paper"]
    about = baseline.about["provenance"]["FashionMNIST"]
    rows = [row for name, run in runs.items() for row in _rows(name, run, baseline)]
    same = [row for row in rows if row["same_network"]]
    searches = [row for row in same if row["method"] == "evolution" and row["kind"] != "plain"]
    return {
        "data": {"stand_in": about["source"] == "bundled", "detail": about.get("detail", "")},
        "seeds": len(baseline.arrays["seeds"]),
        "parameters": int(baseline.arrays["parameters"][0]),
        "within": WITHIN,
        "baseline": next(row for row in rows if row["variant"] == "paper"),
        "backpropagation": [row for row in same if row["method"] == "backpropagation"],
        "plain": [row for row in same if row["method"] == "evolution" and row["kind"] == "plain"],
        "search": searches,
        "noise": [row for row in same if row["method"] == "noisy_gradient"],
        "thresholds": [row for row in rows if row["hidden"] == "threshold"],
        "needed": _needed(searches),
        "model": _model(same),
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """E6 to E9."""
    stand_in, baseline, needed, model = (values[key] for key in ("data", "baseline", "needed", "model"))
    unknown = bool(stand_in["stand_in"])
    found = []
    for plain in values["plain"][:1]:
        found.append(
            Claim(
                "E6", "lab 003, ES_grad and ES_step", "Evolution Search as written trains the network",
                f"N = {plain['samples']}, σ = {plain['sigma']:g}, learning rate {plain['learning_rate']:g}",
                f"{plain['diverged']} of {plain['networks']} networks diverged"
                + ("" if plain["accuracy"]["mean"] is None else f"; accuracy {_told(plain['accuracy'])}"),
                "not judged" if unknown else
                "reproduced" if _within(plain) else "not reproduced",
                f"Reproduced if its accuracy is within {percent(WITHIN)} of the baseline's (low end of the interval).",
            )
        )  # fmt: skip
    found.append(
        Claim(
            "E7", "our own question",
            f"With the mean loss subtracted it comes within {fixed(100 * WITHIN, 0)} points of backpropagation",
            f"backpropagation {_told(baseline['accuracy'])} with {thousands(baseline['evaluations'])} gradients",
            "no setting did" if needed is None else
            f"{_told(needed['accuracy'])} with N = {needed['samples']}, σ = {needed['sigma']:g}, learning rate "
            f"{needed['learning_rate']:g}: {thousands(needed['evaluations'])} loss evaluations",
            "not judged" if unknown else "not reproduced" if needed is None else "reproduced",
            "Reproduced if the interval of the difference on the same seeds lies above the bound for some setting; the "
            "one with the fewest evaluations is shown.",
        )
    )  # fmt: skip
    if model["pairs"]:
        found.append(
            Claim(
                "E8", "theory", "The search is the gradient plus isotropic noise of |g| / √N per weight",
                "the same accuracy with such noise added to the gradient",
                "; ".join(f"N = {p['samples']}: {percent(p['search'], 1)} and {percent(p['noise'], 1)}"
                          for p in model["pairs"]),
                "not judged" if unknown else "reproduced" if model["worst"] <= MODEL else
                "partly" if model["least"] <= MODEL else "not reproduced",
                f"Reproduced if mean accuracies at every shared N differ by {fixed(100 * MODEL, 0)} points at most, "
                "partly if at some.",
            )
        )  # fmt: skip
    for row in values["thresholds"][:1]:
        found.append(
            Claim(
                "E9", "lab 003, Evolution Search", "The search works for costs without a derivative",
                "stated",
                f"threshold units, trained on the share of errors: accuracy {_told(row['accuracy'])}, from "
                f"{percent(row['start'], 1)} at the start",
                "not judged" if unknown or row["accuracy"]["low"] is None else
                "reproduced" if row["accuracy"]["low"] > ABOVE_CHANCE else "not reproduced",
                f"Reproduced if the interval of the mean accuracy lies above {percent(ABOVE_CHANCE)}, thrice chance.",
            )
        )  # fmt: skip
    return found


def _rows(name: str, run: Run, baseline: Run) -> list[dict[str, Any]]:
    protocol, own = run.protocol, baseline.protocol
    same = all(protocol[key] == own[key] for key in ("image_size", "hidden_units", "hidden", "objective", "centred"))
    target = baseline.table.set_index("seed").accuracy
    rows = []
    for g, (samples, sigma) in enumerate(zip(run.arrays["samples"], run.arrays["sigma"], strict=True)):
        table = run.table[(run.table.samples == samples) & (run.table.sigma == sigma)].set_index("seed")
        start = dict(zip(run.arrays["seeds"], run.arrays["loss"][:, g, 0], strict=True))
        diverged = ~(table.loss <= DIVERGED * table.index.map(start))  # nan counts too
        table = table.mask(diverged)
        rows.append(
            {
                "variant": name,
                "same_network": same,
                "method": protocol["method"],
                "kind": protocol["kind"],
                "hidden": protocol["hidden"],
                "samples": int(samples),
                "sigma": float(sigma),
                "learning_rate": protocol["learning_rate"],
                "epochs": protocol["epochs"],
                "parameters": int(run.arrays["parameters"][0]),
                "evaluations": int(samples) * run.protocol["epochs"] * run.protocol["images"] // run.protocol["batch"],
                "networks": len(table),
                "diverged": int(diverged.sum()),
                "accuracy": mean_interval(table.accuracy, 0.0, 1.0),
                "difference": mean_interval(table.accuracy - target),
                "norm": mean_interval(table.norm),
                "start": float(run.arrays["accuracy"][:, g, 0].mean()),
                "reached": _reached(run, g, target.to_numpy() - WITHIN) if same else None,
            }
        )
    return rows


def _reached(run: Run, setting: int, levels: np.ndarray) -> dict[str, Any]:
    """When a setting first had the accuracy of its seed's baseline, less `WITHIN`: count and median evaluations."""
    accuracy, epochs = run.arrays["accuracy"][:, setting], run.arrays["epochs"]
    there = accuracy >= levels[:, None]
    per_epoch = run.protocol["images"] // run.protocol["batch"] * int(run.arrays["samples"][setting])
    first = np.where(there.any(1), epochs[there.argmax(1)].astype(float), np.inf)
    median = float(np.median(first))
    return {
        "count": int(there.any(1).sum()),
        "epochs": median if np.isfinite(median) else None,
        "evaluations": median * per_epoch if np.isfinite(median) else None,
    }


def _needed(searches: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The setting that ends within the bound with the fewest loss evaluations; None if there is none."""
    enough = [row for row in searches if not row["diverged"] and _within(row)]
    return min(enough, key=lambda row: row["evaluations"], default=None)


def _within(row: Mapping[str, Any]) -> bool:
    low = row["difference"]["low"]
    return low is not None and low > -WITHIN


def _model(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Searches beside gradients with noise, where rate, epochs and sigma agree; the gradient alone."""
    pairs, exact = [], None
    for noise in (row for row in rows if row["method"] == "noisy_gradient"):
        for row in rows:
            if row["method"] == "backpropagation" and all(
                row[key] == noise[key] for key in ("learning_rate", "epochs")
            ):
                exact = row
            alike = all(row[key] == noise[key] for key in ("samples", "learning_rate", "epochs"))
            if alike and (row["method"], row["kind"], row["sigma"]) == ("evolution", "baseline", noise["sigma"]):
                pairs.append(
                    {"samples": row["samples"], "search": row["accuracy"]["mean"], "noise": noise["accuracy"]["mean"]}
                )
    off = [abs(pair["search"] - pair["noise"]) for pair in pairs if None not in (pair["search"], pair["noise"])]
    return {
        "pairs": pairs,
        "worst": max(off, default=None),
        "least": min(off, default=None),
        "allowed": MODEL,
        "gradient": exact,
    }


def _told(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return percent(found["mean"], 1)
    return f"{percent(found['mean'], 1)} ({percent(found['low'], 1)} to {percent(found['high'], 1)})"
