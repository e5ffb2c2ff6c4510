"""Choices whose learning rate is tuned: activation, optimizer, schedule, and presentation, each at its best rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.experiments.departures.studies import pick

STUDIES = {
    "activation": "activations", "optimizer": "optimizers", "schedule": "schedules", "presentation": "presentation",
}  # fmt: skip
"""The study of each choice."""

ADAPTIVE = ("rmsprop", "adagrad", "adam", "adamw")
"""Optimizers that give each weight a learning rate of its own."""

FALLING = ("exponential", "step", "cosine")
"""Schedules that only lower the learning rate."""

Best = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


def choices(best: Best) -> dict[str, dict[str, dict[str, Any]]]:
    """By choice and coding, how its groups compare at their best rates, on fresh seeds.

    Args:
        best: by study and coding, the best cell of each group; all are compared with the first.

    Returns:
        `ranked`: the groups, most networks solved first, then fewest sweeps; of these the `best` and the `worst`, the
        study's `first` group, and the best `other` group (None without others);
        `better` and `worse`: names of the groups that differ from the first (paired intervals without zero);
        `edge`: names of those whose best rate is the smallest or largest tried.
    """
    return {
        choice: {coding: _compare(cells) for coding, cells in best.get(study, {}).items()}
        for choice, study in STUDIES.items()
    }


def adaptive(optimizers: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Optimizers that adapt a rate per weight beside plain descent, under all codings.

    Returns:
        `names` of these optimizers; `highest`: their highest solve rate under any coding; `descent`: the lowest of
        plain descent; `clear`: whether they solve less than plain descent under every coding (intervals apart).
    """
    rows = [
        (pick(cells, group="descent"), [pick(cells, group=group) for group in ADAPTIVE])
        for cells in optimizers.values()
    ]
    return {
        "names": [cell["name"] for cell in rows[0][1]],
        "highest": max(cell["solved"]["rate"] for _, cells in rows for cell in cells),
        "descent": min(descent["solved"]["rate"] for descent, _ in rows),
        "clear": all(cell["solved"]["high"] < descent["solved"]["low"] for descent, cells in rows for cell in cells),
    }


def falling(schedules: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Schedules that only lower the rate: their `names`, and whether each does worse than a constant rate (`clear`)."""
    cells = [pick(cells, group=group) for cells in schedules.values() for group in FALLING]
    return {
        "names": list(dict.fromkeys(cell["name"] for cell in cells)),
        "clear": all(cell["versus"]["high"] < 0 for cell in cells),
    }


def _compare(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys = ("group", "name", "epsilon", "solved", "median", "cap", "versus", "at_edge")
    briefs = [{key: cell[key] for key in keys} for cell in cells]
    ranked = sorted(briefs, key=_worth, reverse=True)
    first = briefs[0]
    return {
        "first": first,
        "best": ranked[0],
        "worst": ranked[-1],
        "other": next((cell for cell in ranked if cell is not first), None),
        "ranked": ranked,
        "better": [cell["name"] for cell in ranked if cell["versus"]["low"] > 0],
        "worse": [cell["name"] for cell in ranked if cell["versus"]["high"] < 0],
        "edge": [cell["name"] for cell in ranked if cell["at_edge"]],
    }


def _worth(cell: Mapping[str, Any]) -> tuple[float, float]:
    return cell["solved"]["rate"], -(cell["median"] or np.inf)
