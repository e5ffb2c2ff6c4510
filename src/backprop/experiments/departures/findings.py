"""The numbers the text quotes, and the verdicts on what the paper says about its choices."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import percent, thousands
from backprop.evidence.statistics import median_survival, paired_difference
from backprop.evidence.verdicts import FEW, share, told
from backprop.experiments.departures.protocol import FIELDS, coding_name
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import RATIO
from backprop.protocol import UserError
from backprop.results.variant import Run

MARKS = (1425, 5000, 40000)
"""Sweeps by which rates are told: where the paper shows its network, our usual cap, and a long one."""

STUDIES = (
    "activations", "optimizers", "schedules", "presentation", "initial_weights", "hidden_units", "input_width",
    "attempts", "attempts_0.1_0.9",
)  # fmt: skip
"""The variants of the shipped configuration that the text is about."""

A_FEW = 2
"""Hidden units beyond the two that suffice which count as a few more."""

FAMILIES = {"1:2:4": (2.0, 4.0), "2:3:4": (1.5, 2.0)}
"""The two families that Experiment 1 finds, by their ratios of magnitudes."""

NAMES = {
    "paper": "the paper's protocol",
    "descent": "descent alone",
    "nesterov": "Nesterov's momentum",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamw": "AdamW",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "cross_entropy": "cross-entropy",
    "inputs_-1_1": "inputs −1 and 1",
    "per_case": "a change after every case",
    "all_together": "all five together",
}
"""Groups of the shipped studies as text and figures call them, where that is not the group's own name."""

FIXES = {
    "mean_error": ("the error is a mean over cases", "`loss = ((y - d) ** 2).sum() / 2`"),
    "no_momentum": ("descent without momentum", "`SGD(parameters, lr={epsilon:g}, momentum={alpha:g})`"),
    "zero_biases": ("biases start at zero", "`uniform_(bias, -{range:g}, {range:g})`"),
    "inputs_-1_1": ("inputs are −1 and 1", "`x = (x + 1) / 2`"),
    "tanh": ("hidden units are tanh", "`hidden = torch.sigmoid(x)`"),
    "all_together": ("all five together", "undo all five"),
}
"""Departures that are easily made unawares: group of the study, what it is, and the line that undoes it."""


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """Every cell of every study in numbers, compared with the paper's protocol from the same seeds."""
    for name in STUDIES:
        if name not in runs:
            raise UserError(f"departures: the report needs the study '{name}', see config/config.yaml.")
    reference = {coding: _of(runs["paper"].table, coding=coding) for coding in runs["paper"].table.coding.unique()}
    studies = {name: _study(runs[name], reference) for name in runs}
    found = {
        "mark": MARKS[0],
        "codings": list(reference),
        "studies": studies,
        "best": {name: best for name in runs if (best := _best(runs[name]))},
        "attempts": _attempts(runs),
        "movement": _movement(runs),
        "units_apart": {
            "equal": _largest(runs["initial_weights"].table, "equal_units"),
            "random": _largest(runs["initial_weights"].table, "biases_alike"),
        },
        "networks": int(sum(len(run.table) for run in runs.values())),
        "cells": int(sum(len(study) for study in studies.values())),
    }
    return found | {"main": _main(found)}


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims M2, M7, G1 and G2."""
    del runs
    return [_m2(values), _m7(values), _g1(values), _g2(values)]


def pick(values: Mapping[str, Any], study: str, **wanted: Any) -> dict[str, Any]:
    """The first cell of a study whose entries are as wanted: pick(values, "attempts", group="tanh", coding="0/1")."""
    for cell in values["studies"][study]:
        if all(cell[key] == value for key, value in wanted.items()):
            return cell
    raise UserError(f"departures: the study '{study}' has no cell with {wanted}, see config/config.yaml.")


def called(group: str) -> str:
    """A group of a grid as text and figures call it."""
    return NAMES.get(group, group.replace("_", " "))


def _of(table: pd.DataFrame, fresh: bool = False, **wanted: Any) -> pd.DataFrame:
    chosen = table.fresh == fresh
    for key, value in wanted.items():
        chosen &= table[key] == value
    return table[chosen]


def _study(run: Run, reference: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    plain = run.table[~run.table.fresh]
    return [_cell(rows) | {"versus": _versus(rows, reference)} for _, rows in plain.groupby("cell", sort=True)]


def _best(run: Run) -> dict[str, list[dict[str, Any]]]:
    """By coding, the best cell of each group on fresh seeds, compared with the study's first group."""
    fresh = run.table[run.table.fresh]
    found: dict[str, list[dict[str, Any]]] = {}
    for coding, rows in fresh.groupby("coding", sort=False):
        groups = [part for _, part in rows.groupby("group", sort=False)]
        found[str(coding)] = [
            _cell(part)
            | {"versus": _versus(part, {str(coding): groups[0]}), "at_edge": _at_edge(run.table, part.iloc[0])}
            for part in groups
        ]
    return found


def _at_edge(table: pd.DataFrame, best: pd.Series) -> bool:
    """Whether the best of several rates tried for a group is the first or last of them: a better one may lie beyond."""
    rates = set(table[(table.group == best.group) & (table.coding == best.coding)].epsilon)
    return len(rates) > 1 and best.epsilon in (min(rates), max(rates))


def _cell(rows: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    cap, times = int(first.sweeps), rows["sweeps_0.5"].to_numpy()
    median = median_survival(np.where(rows.solved, times, cap), rows.solved)
    solved = rows[rows.solved]
    families = _family(solved.ratio_middle.to_numpy(), solved.ratio_large.to_numpy())
    # ratios settle only after the task is solved
    told_apart = first.bits == 6 and first.hidden_units == 2 and not first.until_solved
    own = {name: first[name] for name in FIELDS if name != "targets"}
    return {
        **{name: None if isinstance(value, float) and np.isnan(value) else value for name, value in own.items()},
        "group": first.group,
        "name": called(first.group),
        "coding": first.coding,
        "cap": cap,
        "solved": share(rows.solved),
        "by": {str(mark): share(times <= mark) for mark in MARKS if mark <= cap},
        "median": median.value,
        "median_interval": [median.low, median.high],
        "families": {name: share(families == name) for name in (*FAMILIES, "other")} if told_apart else None,
        "diverged": int(rows.error_at_cap.isna().sum()),
    }


def _versus(rows: pd.DataFrame, reference: Mapping[str, pd.DataFrame]) -> dict[str, Any] | None:
    """The share solved less the reference's, seed by seed, by the smaller of the two caps."""
    if rows.coding.iloc[0] not in reference:
        return None
    other = reference[rows.coding.iloc[0]]
    horizon = int(min(rows.sweeps.iloc[0], other.sweeps.iloc[0]))
    pairs = rows[["seed", "sweeps_0.5"]].merge(other[["seed", "sweeps_0.5"]], on="seed")
    if pairs.empty:
        return None
    ours, theirs = (pairs[f"sweeps_0.5_{side}"] <= horizon for side in "xy")
    return {"horizon": horizon, "reference": float(theirs.mean()), **paired_difference(ours, theirs)._asdict()}


def _attempts(runs: Mapping[str, Run]) -> list[dict[str, Any]]:
    """The table of departures found in public attempts: rates by each mark under both codings, and the fix."""
    long, short = (_study(runs[name], {}) for name in ("attempts", "attempts_0.1_0.9"))
    plain = {cell["group"]: cell for cell in long}
    paper = plain["paper"]
    words = {"epsilon": paper["epsilon"], "alpha": paper["alpha"], "range": paper["weight_range"]}
    table = []
    for group, cell in plain.items():
        what, fix = FIXES.get(
            group, ("the paper's protocol", "") if group == "paper" else (group.replace("_", " "), "")
        )
        other = [short_cell for short_cell in short if short_cell["group"] == group]
        table.append(
            {
                "group": group,
                "epsilon": cell["epsilon"],
                "what": what,
                "fix": fix.format(**words),
                "by": cell["by"],
                "by_other": other[0]["by"] if other else {},
                "cap": cell["cap"],
                "median": cell["median"],
            }
        )
    return table


def _movement(runs: Mapping[str, Run]) -> dict[str, Any]:
    """By coding: in which family the networks are at each kept sweep, and how many pass from one to another."""
    found = {}
    for name in ("attempts", "attempts_0.1_0.9"):
        run = runs[name]
        rows = run.table[(run.table.group == "paper") & ~run.table.fresh]
        if rows.empty or rows.bits.iloc[0] != 6 or rows.hidden_units.iloc[0] != 2:
            continue
        prefix = f"{rows.cell.iloc[0]:03d}"
        kept = run.arrays[f"{prefix}.kept_sweeps"]
        weights = run.arrays[f"{prefix}.layer_1"].astype(float)
        first = rows["sweeps_0.5"].to_numpy()
        member = np.stack([_member(weights[:, k], first <= sweep) for k, sweep in enumerate(kept)])
        found[coding_name(tuple(run.protocol["codings"][0]))] = {
            "kept": [int(sweep) for sweep in kept],
            "solved": [int((first <= sweep).sum()) for sweep in kept],
            "shares": {
                family: [share(at[(first <= sweep)] == family) for at, sweep in zip(member, kept, strict=True)]
                for family in (*FAMILIES, "other")
            },
            **_passes(member),
        }
    return found


def _family(middle: np.ndarray, large: np.ndarray) -> np.ndarray:
    """The family whose ratios these are, both within RATIO, or "other"."""
    names = np.full(middle.shape, "other", dtype=object)
    for name, (a, b) in FAMILIES.items():
        names[(np.abs(middle / a - 1) < RATIO) & (np.abs(large / b - 1) < RATIO)] = name
    return names


def _member(layer_1: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """The family of each network, "" unless solved."""
    return np.where(solved, _family(*measures.magnitude_ratios(layer_1)), "")


def _passes(member: np.ndarray) -> dict[str, Any]:
    """`member` [kept sweeps, networks]: who was in a family at one kept sweep, and in the other at a later one."""
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


def _largest(table: pd.DataFrame, group: str) -> float | None:
    largest = table[table.group == group].units_apart.max()
    return None if np.isnan(largest) else float(largest)


def _main(found: Mapping[str, Any]) -> dict[str, Any]:
    """A few numbers ready for a sentence: by coding, the best of each choice on fresh seeds beside the first group."""
    main: dict[str, Any] = {}
    for key, study in (("activation", "activations"), ("optimizer", "optimizers"), ("schedule", "schedules")):
        for coding, cells in found["best"].get(study, {}).items():
            ranked = sorted(cells, key=_worth, reverse=True)
            brief = [
                {
                    "name": called(cell["group"]),
                    "epsilon": cell["epsilon"],
                    "solved": cell["solved"],
                    "median": cell["median"],
                    "cap": cell["cap"],
                    "versus": cell["versus"],
                    "at_edge": cell["at_edge"],
                }
                for cell in ranked
            ]
            first = called(cells[0]["group"])
            main.setdefault(key, {})[coding] = {
                "best": brief[0],
                "worst": brief[-1],
                "first": next(cell for cell in brief if cell["name"] == first),
                "ranked": brief,
            }
    return main


def _worth(cell: Mapping[str, Any]) -> tuple[float, float]:
    return cell["solved"]["rate"], -(cell["median"] or np.inf)


def _m2(values: Mapping[str, Any]) -> Claim:
    cells = {cell["group"]: cell for cell in values["attempts"]}
    paper, mean = cells["paper"], cells["mean_error"]
    told_by = "; ".join(
        f"by {thousands(mark)}: {told(mean['by'][mark])} with the mean, {told(paper['by'][mark])} with the half sum"
        for mark in mean["by"]
    )
    mark = str(MARKS[0])
    worse = mean["by"][mark]["high"] < paper["by"][mark]["low"]
    return Claim(
        "M2", "paper, equation (3)", "The error is half the sum over cases and outputs, not a mean",
        "E = ½ ΣΣ (y − d)²", told_by, "reproduced" if worse else "not reproduced",
        f"Reproduced if, with the mean and the same ε, fewer networks solve the task by sweep {thousands(MARKS[0])} "
        "(intervals apart): ε = 0.1 belongs to the half sum.",
    )  # fmt: skip


def _m7(values: Mapping[str, Any]) -> Claim:
    equal = pick(values, "initial_weights", group="equal_units", coding="0/1")
    random = pick(values, "initial_weights", group="biases_alike", coding="0/1", weight_range=equal["weight_range"])
    apart = values["units_apart"]["equal"]
    holds = equal["solved"]["count"] == 0 and apart == 0 and random["solved"]["count"] > 0
    return Claim(
        "M7", "paper, p. 533", "Small random initial weights break the symmetry between hidden units", "stated",
        f"hidden units that start equal stay equal (largest difference at the cap {apart:g}) and "
        f"{told(equal['solved'])} solve the task; with random weights {told(random['solved'])}",
        "reproduced" if holds else "not reproduced",
        "Reproduced if hidden units with equal weights never separate and never solve the task, while networks with "
        "random weights do.",
    )  # fmt: skip


def _g1(values: Mapping[str, Any]) -> Claim:
    found = {}
    for coding, study in (("0/1", "attempts"), (".1/.9", "attempts_0.1_0.9")):
        long = pick(values, study, group="paper", coding=coding)
        slow = pick(values, "hidden_units", coding=coding, hidden_units=2, group="quarter_rate")
        found[coding] = (long, slow)
    few = [1 - cell["solved"]["low"] < FEW for cells in found.values() for cell in cells]
    told_by = "; ".join(
        f"targets {coding}: " + ", ".join(
            f"{percent(1 - cell['solved']['rate'], 1)} after {thousands(cell['cap'])} sweeps with ε {cell['epsilon']:g}"
            for cell in cells
        )
        for coding, cells in found.items()
    )  # fmt: skip
    return Claim(
        "G1", "paper, p. 535", "Learning very rarely gets stuck in poor local minima", "stated for a variety of tasks",
        f"unsolved with {told_by}", "reproduced" if all(few) else "partly" if any(few) else "not reproduced",
        f"Reproduced if the unsolved share lies below {percent(FEW)} (interval) under both codings, with the paper's "
        "rate and with a quarter of it; partly if under some of them. Two hidden units, this task alone.",
    )  # fmt: skip


def _g2(values: Mapping[str, Any]) -> Claim:
    cells = values["studies"]["hidden_units"]
    settings = sorted({(cell["coding"], cell["epsilon"]) for cell in cells}, key=str)
    better, words = [], []
    for coding, epsilon in settings:
        own = [cell for cell in cells if (cell["coding"], cell["epsilon"]) == (coding, epsilon)]
        few = min(own, key=lambda cell: cell["hidden_units"])
        more = [cell for cell in own if few["hidden_units"] < cell["hidden_units"] <= few["hidden_units"] + A_FEW]
        words.append(
            f"targets {coding}, ε {epsilon:g}: "
            + ", ".join(f"{percent(cell['solved']['rate'], 1)} with {cell['hidden_units']}" for cell in (few, *more))
        )
        if 1 - few["solved"]["low"] >= FEW:
            better.append(bool(more) and all(cell["solved"]["low"] > few["solved"]["high"] for cell in more))
    return Claim(
        "G2", "paper, p. 535", "A few more connections than needed provide paths around the local minima", "stated",
        "solved " + "; ".join(words),
        "not judged" if not better else "reproduced" if all(better) else "partly" if any(better) else "not reproduced",
        f"Reproduced if three and four hidden units solve more often than two (intervals apart) wherever two may leave "
        f"{percent(FEW)} or more unsolved, partly if in some of these settings.",
    )  # fmt: skip
