"""What the networks of each variant learn, generalise and encode: one row of the report's table per regime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.statistics import mean_interval
from backprop.evidence.verdicts import share
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import answers_first
from backprop.experiments.family_trees.protocol import (
    EDGES,
    LATE,
    LATE_BIASES,
    NO_DECAY,
    SEARCH,
    STATED_1,
    UNDECAYED,
    Protocol,
)
from backprop.protocol import format_value
from backprop.results.variant import Run

EARLY = ("paper", STATED_1, SEARCH, NO_DECAY, *EDGES)
"""Variants that learn for as long as the paper states."""

PROLONGED = (UNDECAYED, LATE, LATE_BIASES)
"""Variants that learn for longer at the stated rates."""

NAMES = {
    "paper": "as stated",
    UNDECAYED: "no decay",
    LATE: "late decay",
    LATE_BIASES: "late decay, biases too",
}
"""What figures and tables call the variants that the text compares."""

SHOWN = "Colin aunt"
"""The case of RHW Fig. 3."""

TWINS = 0.9
"""The correlation above which a person and the twin count as very similar (claim F15)."""


def regime(run: Run, printed: Mapping[str, float]) -> dict[str, Any]:
    """The numbers of one variant; `printed` holds what the units of RHW Fig. 4 encode.

    What generalises and what is encoded is that of the networks that learned all their cases; None without any.
    """
    table, arrays = run.table, run.arrays
    weights, biases = map(int, arrays["counts"])
    setting = dict(zip(("weight_range", "scale", "decay"), arrays["settings"][arrays["chosen"].item()], strict=True))
    done = (table.learned == 1).to_numpy()
    learned = table[done]
    unseen = run.protocol["held_out"]
    shown = [str(case) for case in people.CASES].index(SHOWN)
    medians = {name: float(learned[name].median()) if len(learned) else None for name in (*people.FEATURES, "twins")}
    return {
        "label": describe(run),
        "name": _name(run.variant, setting),
        "networks": len(table),
        "cap": run.protocol["sweeps"],
        "setting": {name: format_value(float(value)) for name, value in setting.items()},
        "weights": weights,
        "biases": biases,
        "learned": float(table.learned.mean()),
        "all_learned": share(done),
        "error": float(table.error.median()),
        "spread": float(np.median(arrays["outputs"].astype(float).std(axis=1))),
        "unseen": [share(learned.unseen_right == k) for k in range(unseen + 1)],
        "unseen_mean": float(learned.unseen_right.mean()) if len(learned) else None,
        "unseen_interval": mean_interval(learned.unseen_right, 0, unseen),
        "all_unseen": share(learned.unseen_right == unseen),
        "features": {
            name: {"median": medians[name], "as_printed": share(learned[name] >= printed[name])}
            for name in people.FEATURES
        },
        "twins": {"median": medians["twins"], "similar": share(learned.twins > TWINS)},
        "shown": share(answers_first(arrays["outputs"])[done, shown]),
        "usefulness": mean_interval(table.usefulness, -1, 1),
        "example": example(table),
    }


def _name(variant: str, setting: Mapping[str, float]) -> str:
    """What figures and tables call a variant; that of the search is called faster if it learns at higher rates."""
    if variant != SEARCH:
        return NAMES.get(variant, variant)
    return "faster setting" if setting["scale"] > 1 else "best of the search"


def describe(run: Run) -> str:
    """A variant's setting in words: "5 times the rates, ±2"."""
    protocol = run.protocol
    weight_range, scale, decay = run.arrays["settings"][run.arrays["chosen"].item()]
    words = ["stated rates" if scale == 1 else f"{scale:g} times the rates", f"±{weight_range:g}"]
    if not decay:
        words.append("no decay")
    elif protocol["decay_from"]:
        which = "weights and biases" if protocol["decay_biases"] else "weights"
        words.append(f"decay of {which} from sweep {protocol['decay_from']:,}")
    if protocol["margin_shape"] == "edge":
        words.append("error from the edge")
    if protocol["sweeps"] != Protocol.defaults()["sweeps"]:
        words.append(f"{protocol['sweeps']:,} sweeps")
    return ", ".join(words)


def example(table: pd.DataFrame) -> int | None:
    """The row of the network to show: the one with the median error among those that learned most."""
    best = table[table.learned == table.learned.max()].sort_values("error")
    return int(best.index[len(best) // 2]) if len(best) else None
