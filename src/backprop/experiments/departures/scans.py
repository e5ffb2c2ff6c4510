"""Studies that vary one number: the range of the initial weights, the hidden units, the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop.evidence.verdicts import FEW
from backprop.experiments.departures.studies import pick
from backprop.experiments.symmetry.protocol import Protocol as Symmetry

A_FEW = 2
"""Hidden units beyond the two that suffice which count as a few more (claim G2)."""

Cells = Sequence[Mapping[str, Any]]


def initial_weights(cells: Cells) -> dict[str, Any]:
    """How the range of the initial weights matters, with biases drawn from the same range.

    Returns:
        The `cap`; the ranges `paper`, `narrowest` and `widest`; `codings`: by coding, the `best` range and its solve
        `rate`, whether it is `better` than the paper's (intervals apart), and the share solved from the `narrowest`;
        `widest_rate`: the highest solve rate from the widest range under any coding; `widest_worse`: whether the widest
        solves less than the paper's under every coding (intervals apart).
    """
    alike = [cell for cell in cells if cell["group"] == "biases_alike"]
    codings, wide = {}, []
    for coding in dict.fromkeys(cell["coding"] for cell in alike):
        own = sorted((c for c in alike if c["coding"] == coding), key=lambda cell: cell["weight_range"])
        paper = pick(own, weight_range=Symmetry.weight_range)["solved"]
        best = max(own, key=lambda cell: cell["solved"]["rate"])
        codings[coding] = {
            "best": best["weight_range"],
            "rate": best["solved"]["rate"],
            "better": best["solved"]["low"] > paper["high"],
            "narrowest": own[0]["solved"],
        }
        wide.append((own[-1]["solved"], paper))
    ranges = [cell["weight_range"] for cell in alike]
    return {
        "cap": alike[0]["cap"],
        "paper": Symmetry.weight_range,
        "codings": codings,
        "narrowest": min(ranges),
        "widest": max(ranges),
        "widest_rate": max(own["rate"] for own, _ in wide),
        "widest_worse": all(own["high"] < paper["low"] for own, paper in wide),
    }


def hidden_units(cells: Cells) -> dict[str, Any]:
    """How more hidden units than two matter.

    Returns:
        The `cap`; `settings`: see `few_more_units`; `judged`: how many of these count, and `better`: in how many of
        them a few more units help; `helps`: by coding, whether they help in all that count (None if none counts);
        `most_worse`: by coding, whether the most units solve less than the fewest at the paper's rate (intervals
        apart).
    """
    worse = {}
    for (coding, epsilon), own in _by_setting(cells).items():
        solved = {cell["hidden_units"]: cell["solved"] for cell in own}
        if epsilon == Symmetry.epsilon:
            worse[coding] = solved[max(solved)]["high"] < solved[min(solved)]["low"]
    settings = few_more_units(cells)
    judged = [setting for setting in settings if setting["judged"]]
    helps = {}
    for coding in dict.fromkeys(setting["coding"] for setting in settings):
        own_judged = [setting["better"] for setting in judged if setting["coding"] == coding]
        helps[coding] = all(own_judged) if own_judged else None
    return {
        "cap": cells[0]["cap"],
        "settings": settings,
        "judged": len(judged),
        "better": sum(setting["better"] for setting in judged),
        "helps": helps,
        "most_worse": worse,
    }


def few_more_units(cells: Cells) -> list[dict[str, Any]]:
    """By coding and learning rate, whether one unit more and up to A_FEW solve more often (intervals apart).

    `judged` is False where the fewest units leave clearly less than FEW unsolved: there is nothing to improve.
    """
    settings = []
    for (coding, epsilon), own in _by_setting(cells).items():
        few = min(own, key=lambda cell: cell["hidden_units"])
        more = [cell for cell in own if few["hidden_units"] < cell["hidden_units"] <= few["hidden_units"] + A_FEW]
        settings.append(
            {
                "coding": coding,
                "epsilon": epsilon,
                "judged": 1 - few["solved"]["low"] >= FEW,
                "better": bool(more) and all(cell["solved"]["low"] > few["solved"]["high"] for cell in more),
            }
        )
    return settings


def more_inputs(best: Mapping[str, Cells]) -> dict[str, Any]:
    """Networks with more inputs and a tuned rate, on fresh seeds.

    Args:
        best: by coding, the best cell of the group.

    Returns:
        The number of inputs `bits`, the `cap`, and the `lowest` solve rate under any coding, as a share.
    """
    cells = [cells[0] for cells in best.values()]
    return {
        "bits": cells[0]["bits"],
        "cap": cells[0]["cap"],
        "lowest": min((cell["solved"] for cell in cells), key=lambda solved: solved["rate"]),
    }


def _by_setting(cells: Cells) -> dict[tuple[str, float], list[Mapping[str, Any]]]:
    """The cells by coding and learning rate, in the order of the cells."""
    settings: dict[tuple[str, float], list[Mapping[str, Any]]] = {}
    for cell in cells:
        settings.setdefault((cell["coding"], cell["epsilon"]), []).append(cell)
    return settings
