"""Families of solutions under the departures: which occur, and whether a network ever changes its family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from backprop.evidence.verdicts import MOST, share
from backprop.experiments.departures.labels import REPEATED, TUNED
from backprop.experiments.departures.protocol import coding_name
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import FAMILIES, family_of
from backprop.results.variant import Run

HALF = 0.5
"""The share above which a kind of solution is the most common one for certain."""

STUDIES = ("activations", "optimizers", "presentation")
"""The studies whose families are compared: 6-2-1 networks, trained to the cap from fresh seeds."""

NAMED = (*FAMILIES, "other")
"""The families, and the name of all other solutions."""


def family_changes(member: np.ndarray) -> dict[str, Any]:
    """How many networks change their family, and how many enter one from outside.

    Args:
        member: [kept sweeps, networks], the family of each network, "other", or "" before it solves the task.

    Returns:
        `moved`: the share of networks that are in one family at a kept sweep and in the other at a later one;
        `passes`: how often each change occurs, by its name ("1:2:4 to 2:3:4"); `entered`: how many networks change
        from "other" into a family.
    """
    named = np.isin(member, list(FAMILIES))
    settled = named[:-1].any(axis=0)
    passes: dict[str, int] = {}
    moved = np.zeros(member.shape[1], dtype=bool)
    for network in np.flatnonzero(settled):
        path = member[named[:, network], network]
        for a, b in pairwise(path):
            if a != b:
                passes[f"{a} to {b}"] = passes.get(f"{a} to {b}", 0) + 1
                moved[network] = True
    entered = (member[:-1] == "other") & named[1:]
    return {"moved": share(moved[settled]), "passes": passes, "entered": int(entered.any(axis=0).sum())}


def compared(best: Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]) -> list[Mapping[str, Any]]:
    """The best cells with families: the paper's protocol with its rate tuned, once, and every alternative to it."""
    cells = [cell for study in STUDIES for own in best.get(study, {}).values() for cell in own if cell["families"]]
    return [cell for cell in cells if cell["group"] == TUNED or cell["group"] not in REPEATED]


def by_departure(best: Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]) -> dict[str, Any]:
    """Departures under which families differ from Experiment 1's.

    Args:
        best: by study and coding, the best cells with their families.

    Returns:
        `nearly_all`: names of those under which the share of 1:2:4 is above `bound` under every coding; `neither`: by
        coding, names of those under which most solutions belong to neither family. A share counts only if its whole
        interval is above the bound.
    """
    nearly_all: dict[str, bool] = {}
    neither: dict[str, list[str]] = {}
    for cell in compared(best):
        families, name, coding = cell["families"], cell["name"], cell["coding"]
        nearly_all[name] = nearly_all.get(name, True) and families["1:2:4"]["low"] > MOST
        neither.setdefault(coding, [])
        if families["other"]["low"] > HALF and name not in neither[coding]:
            neither[coding].append(name)
    return {"bound": MOST, "nearly_all": [name for name in nearly_all if nearly_all[name]], "neither": neither}


def movement(attempts: Mapping[str, Run]) -> dict[str, Any]:
    """How the families of the paper's protocol change in the studies of attempts.

    Returns:
        `codings`: by coding, how many networks had solved the task at each kept sweep, the share of each family among
        them, and the changes (see `family_changes`); `moved`: how many networks change their family, under all codings.
        Networks of other shapes than 6-2-1 have no families and are left out.
    """
    codings = {}
    for run in attempts.values():
        rows = run.table[(run.table.group == "paper") & ~run.table.fresh]
        if rows.empty or rows.bits.iloc[0] != 6 or rows.hidden_units.iloc[0] != 2:
            continue
        prefix = f"{rows.cell.iloc[0]:03d}"
        kept = run.arrays[f"{prefix}.kept_sweeps"]
        weights = run.arrays[f"{prefix}.layer_1"].astype(float)
        first = rows["sweeps_0.5"].to_numpy()
        member = np.stack([_member(weights[:, k], first <= sweep) for k, sweep in enumerate(kept)])
        codings[coding_name(tuple(run.protocol["codings"][0]))] = {
            "kept": [int(sweep) for sweep in kept],
            "solved": [int((first <= sweep).sum()) for sweep in kept],
            "shares": {
                family: [share(at[(first <= sweep)] == family) for at, sweep in zip(member, kept, strict=True)]
                for family in NAMED
            },
            **family_changes(member),
        }
    return {"codings": codings, "moved": sum(own["moved"]["count"] for own in codings.values())}


def _member(layer_1: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """The family of each network, "" unless solved."""
    return np.where(solved, family_of(*measures.magnitude_ratios(layer_1)), "")
