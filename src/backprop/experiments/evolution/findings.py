"""How well Evolution Search trains the lab's network, and how many loss evaluations that takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.datasets import is_stand_in
from backprop.evidence.formatting import fixed, percent, rate, thousands
from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import NOT_JUDGED, verdict
from backprop.experiments.evolution.protocol import Protocol
from backprop.protocol import format_value
from backprop.results.variant import Run

Row = dict[str, Any]

WITHIN = 0.02
"""How far below the baseline's accuracy counts as having reached it (claims E6 and E7)."""

MODEL = 0.05
"""The largest difference in mean accuracy between search and gradient with noise that counts as agreement (E8)."""

ABOVE_CHANCE = 0.3
"""The accuracy that shows learning: three times that of guessing among ten classes (claim E9)."""

DIVERGED = 100
"""A network has diverged if its loss ends more than this many times above its start, or is not finite."""

BETTER = 0.02
"""The difference in mean accuracy from which noise counts as an improvement over the gradient alone."""

LABELS = {"backpropagation": "back-propagation", "evolution": "search", "noisy_gradient": "gradient + noise"}


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text and the verdicts need: one row per setting, and what follows from the rows.

    `as_written`, `needed`, `thresholds` and `model.gain` are None where no setting qualifies.
    """
    baseline = runs["paper"]
    about = baseline.about["provenance"]["FashionMNIST"]
    rows = [row for name, run in runs.items() for row in _rows(name, run, baseline)]
    same = [row for row in rows if row["same_network"]]
    plain = [row for row in same if row["method"] == "evolution" and row["kind"] == "plain"]
    searches = [row for row in same if row["method"] == "evolution" and row["kind"] != "plain"]
    gradients = [row for row in same if row["method"] == "backpropagation"]
    noise = [row for row in same if row["method"] == "noisy_gradient"]
    needed, own = cheapest(searches), next(row for row in rows if row["variant"] == "paper")
    return {
        "rules": {"within": WITHIN, "model": MODEL, "above_chance": ABOVE_CHANCE},
        "data": {"stand_in": is_stand_in(about), "detail": about["detail"]},
        "seeds": len(baseline.arrays["seeds"]),
        "parameters": int(baseline.arrays["parameters"][0]),
        "lab_sigma": Protocol().sigma[0],
        "baseline": own,
        "backpropagation": gradients,
        "search": searches,
        "noise": noise,
        "as_written": next(iter(plain), None),
        "thresholds": next((row for row in rows if row["hidden"] == "threshold"), None),
        "needed": needed,
        "needed_times": None if needed is None else needed["evaluations"] / own["evaluations"],
        "model": _model(same, noise),
        "table": [_cells(row) for row in (*gradients, *plain, *searches, *noise)],
    }


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on E6 to E9, which say something about Fashion-MNIST: none is judged on stand-in images."""
    if values["data"]["stand_in"]:
        return dict.fromkeys(("E6", "E7", "E8", "E9"), NOT_JUDGED)
    return {
        "E6": NOT_JUDGED if values["as_written"] is None else verdict(reaches(values["as_written"])),
        "E7": verdict(values["needed"] is not None),
        "E8": by_model(values["model"]),
        "E9": by_learning(values["thresholds"]),
    }


def reaches(row: Mapping[str, Any]) -> bool:
    """Whether a setting is within the bound of the baseline, by the low end of the difference on the same seeds."""
    low = row["difference"]["low"]
    return low is not None and low > -WITHIN


def cheapest(searches: list[Row]) -> Row | None:
    """The setting without a diverged network that reaches the baseline with the fewest loss evaluations, or None."""
    enough = [row for row in searches if not row["diverged"] and reaches(row)]
    return min(enough, key=lambda row: row["evaluations"], default=None)


def by_model(model: Mapping[str, Any]) -> str:
    """Reproduced if search and noisy gradient agree at every shared N, partly if at some."""
    if model["worst"] is None:
        return NOT_JUDGED
    return verdict(model["worst"] <= MODEL, model["least"] <= MODEL)


def by_learning(row: Mapping[str, Any] | None) -> str:
    """Reproduced if the interval of the mean accuracy is above three times chance."""
    if row is None or row["accuracy"]["low"] is None:
        return NOT_JUDGED
    return verdict(row["accuracy"]["low"] > ABOVE_CHANCE)


def _rows(name: str, run: Run, baseline: Run) -> list[Row]:
    """One row for each setting of a variant; differences are taken to the baseline's network of the same seed."""
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
                "image_size": protocol["image_size"],
                "samples": int(samples),
                "sigma": float(sigma),
                "learning_rate": protocol["learning_rate"],
                "epochs": protocol["epochs"],
                "parameters": int(run.arrays["parameters"][0]),
                "evaluations": int(samples) * protocol["epochs"] * protocol["images"] // protocol["batch"],
                "networks": len(table),
                "diverged": int(diverged.sum()),
                "accuracy": mean_interval(table.accuracy, 0.0, 1.0),
                "difference": mean_interval(table.accuracy - target),
                "norm": mean_interval(table.norm),
                "start": float(run.arrays["accuracy"][:, g, 0].mean()),
            }
        )
    return rows


def _model(rows: list[Row], noise: list[Row]) -> dict[str, Any]:
    """Searches beside gradients with noise of the same rate, epochs and sigma; the gradient alone; what noise gains."""
    pairs, exact = [], None
    for noisy in noise:
        for row in rows:
            same_steps = all(row[key] == noisy[key] for key in ("learning_rate", "epochs"))
            if row["method"] == "backpropagation" and same_steps:
                exact = row
            searched = (row["method"], row["kind"], row["sigma"]) == ("evolution", "baseline", noisy["sigma"])
            if searched and same_steps and row["samples"] == noisy["samples"]:
                pairs.append(
                    {"samples": row["samples"], "search": row["accuracy"]["mean"], "noise": noisy["accuracy"]["mean"]}
                )
    known = [pair for pair in pairs if None not in (pair["search"], pair["noise"])]
    off = [abs(pair["search"] - pair["noise"]) for pair in known]
    trained = [row for row in noise if row["accuracy"]["mean"] is not None]
    best = max(trained, key=lambda row: row["accuracy"]["mean"], default=None)
    alone = None if exact is None else exact["accuracy"]["mean"]
    gain = None if best is None or alone is None else best["accuracy"]["mean"] - alone
    return {
        "pairs": known,
        "worst": max(off, default=None),
        "least": min(off, default=None),
        "gradient": exact,
        "gain": gain,
        "noise_helps": gain is not None and gain > BETTER,
    }


def _cells(row: Row) -> dict[str, str]:
    """A row as the table prints it; a dash stands for what a method does not have."""
    accuracy, searched = row["accuracy"], row["method"] == "evolution"
    if accuracy["mean"] is None:
        ended = "diverged"
    elif accuracy["low"] is None:
        ended = percent(accuracy["mean"], 1)
    else:
        ended = rate(accuracy["mean"], accuracy["low"], accuracy["high"], 1)
    return {
        "method": "search as written" if searched and row["kind"] == "plain" else LABELS[row["method"]],
        "samples": "–" if row["method"] == "backpropagation" else thousands(row["samples"]),
        "sigma": format_value(row["sigma"]) if searched else "–",
        "learning_rate": format_value(row["learning_rate"]),
        "epochs": thousands(row["epochs"]),
        "evaluations": thousands(row["evaluations"]),
        "accuracy": ended,
        "growth": "–" if row["norm"]["mean"] is None else fixed(row["norm"]["mean"], 1),
    }
