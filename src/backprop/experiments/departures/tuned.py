"""Choices whose learning rate is tuned: activation, optimizer, schedule, error, inputs and time of the changes.

Each alternative is compared, at its best rate and on the same fresh seeds, with the paper's protocol whose rate alone
is tuned. So a gain that belongs to the rate is not credited to an activation or a schedule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.evidence.verdicts import MOST
from backprop.experiments.departures.labels import PAPER, REPEATED, TUNED
from backprop.experiments.departures.studies import pick

STUDIES = {
    "activation": "activations", "optimizer": "optimizers", "schedule": "schedules", "error, inputs": "presentation",
}  # fmt: skip
"""The study of each choice."""

ADAPTIVE = ("rmsprop", "adagrad", "adam", "adamw")
"""Optimizers that give each weight a learning rate of its own."""

FALLING = ("exponential", "step", "cosine")
"""Schedules that only lower the learning rate."""

Best = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


def choices(best: Best) -> dict[str, Any]:
    """How every alternative does at its best rate.

    Args:
        best: by study and coding, the best cell of each group, compared with the tuned rate alone.

    Returns:
        `kinds`: the alternatives of each kind, see `_alternatives`; `codings`: by coding, the cells `paper` and
        `tuned`, `enough` (whether the tuned rate alone solves nearly all, see MOST, and more than the paper's,
        intervals apart), the names of alternatives that are `better` than it (paired intervals above zero), best first,
        and the `top` one, None if none is better; `best_rates_at_edge`: those whose best rate is the smallest or
        largest tried.
    """
    kinds = {kind: _alternatives(best[study]) for kind, study in STUDIES.items()}
    codings = {}
    for coding, optimizers in best["optimizers"].items():
        paper, tuned = (pick(optimizers, group=group) for group in (PAPER, TUNED))
        cells = [row["cells"][coding] for rows in kinds.values() for row in rows if coding in row["cells"]]
        better = sorted((cell for cell in cells if cell["effect"] == "better"), key=_worth, reverse=True)
        codings[coding] = {
            "paper": _brief(paper),
            "tuned": _brief(tuned),
            "enough": tuned["solved"]["low"] > MOST and tuned["solved"]["low"] > paper["solved"]["high"],
            "better": [cell["name"] for cell in better],
            "top": better[0] if better else None,
        }
    return {
        "kinds": kinds,
        "codings": codings,
        "best_rates_at_edge": [
            f"{cell['name']} (targets {coding})"
            for rows in kinds.values()
            for row in rows
            for coding, cell in row["cells"].items()
            if cell["at_edge"]
        ],
    }


def findings(kinds: Mapping[str, Sequence[Mapping[str, Any]]], optimizers: Mapping[str, Any]) -> dict[str, Any]:
    """What single kinds of alternatives do, under all codings.

    Args:
        kinds: see `choices`.
        optimizers: the best cells of that study by coding.

    Returns:
        `falling`: the names of the schedules that only lower the rate, and whether all do worse than the tuned rate
        alone (`worse`); `adaptive`: the names of the optimizers with a rate per weight, their highest solve rate, and
        whether all of them solve less than plain descent under every coding (`worse`, intervals apart); `error`:
        whether cross-entropy does worse than the half sum under every coding.
    """
    falling = [row for row in kinds["schedule"] if row["group"] in FALLING]
    adaptive = [row for row in kinds["optimizer"] if row["group"] in ADAPTIVE]
    error = [row for row in kinds["error, inputs"] if row["group"] == "cross_entropy"]
    descent = {coding: pick(cells, group="descent")["solved"] for coding, cells in optimizers.items()}
    return {
        "falling": {"names": [row["name"] for row in falling], "worse": _all_worse(falling)},
        "adaptive": {
            "names": [row["name"] for row in adaptive],
            "highest": max(cell["solved"]["rate"] for row in adaptive for cell in row["cells"].values()),
            "worse": all(
                cell["solved"]["high"] < descent[coding]["low"]
                for row in adaptive
                for coding, cell in row["cells"].items()
            ),
        },
        "error": {"worse": _all_worse(error)},
    }


def _alternatives(study: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The groups of a study other than REPEATED, most networks solved first: `group`, `name` and `cells` by coding."""
    rows: dict[str, dict[str, Any]] = {}
    for coding, cells in study.items():
        for cell in cells:
            if cell["group"] not in REPEATED:
                row = rows.setdefault(cell["group"], {"group": cell["group"], "name": cell["name"], "cells": {}})
                row["cells"][coding] = _brief(cell)
    return sorted(rows.values(), key=lambda row: -np.mean([cell["solved"]["rate"] for cell in row["cells"].values()]))


def _brief(cell: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("group", "name", "epsilon", "solved", "median", "cap", "at_edge")
    versus = cell["versus"]
    effect = "" if versus is None else "better" if versus["low"] > 0 else "worse" if versus["high"] < 0 else ""
    return {**{key: cell[key] for key in keys}, "effect": effect}


def _all_worse(rows: Sequence[Mapping[str, Any]]) -> bool:
    return bool(rows) and all(cell["effect"] == "worse" for row in rows for cell in row["cells"].values())


def _worth(cell: Mapping[str, Any]) -> tuple[float, float]:
    return cell["solved"]["rate"], -(cell["median"] or np.inf)
