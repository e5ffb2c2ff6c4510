"""Numbers for the report, and verdicts on what the paper says about its choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.verdicts import FEW, NOT_JUDGED, by_count, verdict
from backprop.experiments.departures import attempts, families, scans, tuned
from backprop.experiments.departures.labels import TUNED
from backprop.experiments.departures.studies import best_cells, cells_of, pick, select
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError
from backprop.results.variant import Run

STUDIES = (
    *tuned.STUDIES.values(), "initial_weights", "hidden_units", "more_inputs", "attempts", "attempts_0.1_0.9",
)  # fmt: skip
"""The variants of the shipped configuration that the report needs."""

DESCENTS = ("descent", "momentum", "nesterov")
"""Optimizers with one learning rate for all weights."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every number that the text, the summary and the verdicts need.

    Returns:
        `studies`: the cells of each study, compared with the paper's protocol from the same seeds; `best`: by study and
        coding, the best cell of each group on fresh seeds; `tuned` and `kinds`: how these compare, see `tuned.choices`
        and `tuned.findings`; `initial_weights`, `hidden_units` and `more_inputs`, see `scans`; `attempts` and
        `effects`, see `attempts`; `families` and `movement`, see `families`; `equal_units`; `unsolved`; `summary`.
    """
    for name in STUDIES:
        if name not in runs:
            raise UserError(f"departures: the report needs the study '{name}', see config/config.yaml.")
    reference = {coding: select(runs["paper"].table, coding=coding) for coding in runs["paper"].table.coding.unique()}
    studies = {name: cells_of(run, reference) for name, run in runs.items()}
    optimizers = runs["optimizers"].table
    alone = {coding: select(optimizers, fresh=True, group=TUNED, coding=coding) for coding in reference}
    best = {name: cells for name, run in runs.items() if (cells := best_cells(run, alone))}
    for name in (*tuned.STUDIES.values(), "more_inputs"):
        if name not in best:
            raise UserError(f"departures: the study '{name}' has no fresh networks; set its fresh_seeds above 0.")
    long, short = studies["attempts"], studies["attempts_0.1_0.9"]
    compared = tuned.choices(best)
    numbers = {
        "mark": PRINTED_SWEEPS,
        "rules": {"few": FEW, "a_few": scans.A_FEW},
        "codings": list(reference),
        "networks": int(sum(len(run.table) for run in runs.values())),
        "cells": sum(len(cells) for cells in studies.values()),
        "studies": studies,
        "best": best,
        "tuned": compared,
        "kinds": tuned.findings(compared["kinds"], best["optimizers"]),
        "initial_weights": scans.initial_weights(studies["initial_weights"]),
        "hidden_units": scans.hidden_units(studies["hidden_units"]),
        "more_inputs": scans.more_inputs(best["more_inputs"]),
        "attempts": attempts.table(long, short),
        "effects": attempts.effects(long, short),
        "families": families.by_departure(best),
        "movement": families.movement({name: runs[name] for name in ("attempts", "attempts_0.1_0.9")}),
        "equal_units": _equal_units(studies["initial_weights"], runs["initial_weights"].table),
        "unsolved": _unsolved(studies),
    }
    return numbers | {"summary": _summary(numbers)}


def verdicts(values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts on M2, M7, G1 and G2."""
    return {
        "M2": by_mean_error(values["effects"]["mean_error"]),
        "M7": by_equal_units(values["equal_units"]),
        "G1": by_unsolved(values["unsolved"]),
        "G2": by_more_units(values["hidden_units"]["settings"]),
    }


def by_mean_error(mean_error: Mapping[str, Any]) -> str:
    """Reproduced if fewer networks solve the task with the mean error than with the half sum, intervals apart."""
    return verdict(mean_error["mean"]["high"] < mean_error["half_sum"]["low"])


def by_equal_units(equal: Mapping[str, Any]) -> str:
    """Reproduced if units that start equal never separate and never solve the task, and random ones solve it."""
    return verdict(equal["apart"] == 0 and equal["solved"]["count"] == 0 and equal["random"]["count"] > 0)


def by_unsolved(settings: Iterable[Mapping[str, Any]]) -> str:
    """Reproduced if in all settings less than FEW are unsolved (the whole interval), partly if in some of them."""
    return by_count(1 - setting["solved"]["low"] < FEW for setting in settings)


def by_more_units(settings: Iterable[Mapping[str, Any]]) -> str:
    """Reproduced if a few more units are better in all settings that count, partly if in some; see few_more_units."""
    judged = [setting["better"] for setting in settings if setting["judged"]]
    return by_count(judged) if judged else NOT_JUDGED


def _equal_units(cells: Sequence[Mapping[str, Any]], table: pd.DataFrame) -> dict[str, Any]:
    """Hidden units that start equal beside units with random weights from the same range, targets 0 and 1.

    `apart`: the largest difference between the weights of two hidden units at the cap, over all networks whose units
    start equal; None if all of them diverged.
    """
    equal = pick(cells, group="equal_units", coding="0/1")
    random = pick(cells, group="biases_alike", coding="0/1", weight_range=equal["weight_range"])
    apart = table[table.group == "equal_units"].units_apart.max()
    return {
        "cap": equal["cap"],
        "apart": None if np.isnan(apart) else float(apart),
        "solved": equal["solved"],
        "random": random["solved"],
    }


def _unsolved(studies: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Networks of the paper's shape that stay unsolved: by coding, at the paper's rate and at a smaller one."""
    settings = []
    for coding, study in (("0/1", "attempts"), (".1/.9", "attempts_0.1_0.9")):
        long = pick(studies[study], group="paper", coding=coding)
        slow = pick(studies["hidden_units"], group="quarter_rate", coding=coding, hidden_units=Symmetry.hidden_units)
        for cell in (long, slow):
            rate = 1 - cell["solved"]["rate"]
            settings.append({"rate": rate, **{key: cell[key] for key in ("coding", "epsilon", "cap", "solved")}})
    return settings


def _smaller_rate(choice: Mapping[str, Any]) -> bool:
    """Whether the tuned rate is below the paper's and solves more networks (intervals apart)."""
    own, paper = choice["tuned"], choice["paper"]
    return own["epsilon"] < paper["epsilon"] and own["solved"]["low"] > paper["solved"]["high"]


def _summary(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What the abstract says about the departures.

    Returns:
        `mean_error`: at `sweep`, the share solved with the mean error (`rate`) and with the paper's protocol from the
        same seeds (`paper_rate`); `clear`: whether the first is below, intervals apart; `shorter`: the factor by which
        the mean shortens a step.
        `smaller_rate`: whether with targets 0 and 1 a smaller rate than the paper's solves more, both on fresh seeds.
        `tuned`: the `names` of optimizers with one rate for all weights, at their best rates with targets 0 and 1; the
        `lowest` solve rate among them, by sweep `cap`.
    """
    mean, optimizers = numbers["effects"]["mean_error"], numbers["best"]["optimizers"]["0/1"]
    descents = [pick(optimizers, group=group) for group in DESCENTS]
    return {
        "mean_error": {
            "sweep": mean["sweep"],
            "rate": mean["mean"]["rate"],
            "paper_rate": mean["half_sum"]["rate"],
            "clear": mean["clear"],
            "shorter": numbers["effects"]["shorter"],
        },
        "smaller_rate": _smaller_rate(numbers["tuned"]["codings"]["0/1"]),
        "tuned": {
            "names": [cell["name"] for cell in descents],
            "lowest": min(cell["solved"]["rate"] for cell in descents),
            "cap": descents[0]["cap"],
        },
    }
