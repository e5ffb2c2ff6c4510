"""The figures of the studies: one per point, pure functions of the numbers that the text quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.departures.findings import called
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]
Cells = Sequence[Mapping[str, Any]]


def activations(runs: Runs, values: Values) -> Figure:
    """Each hidden activation at its best rate, on fresh seeds."""
    return _best(values, "activations")


def optimizers(runs: Runs, values: Values) -> Figure:
    """Solve rate and median sweeps of each optimizer against its learning rate, by coding."""
    cells = [cell for cell in values["studies"]["optimizers"] if cell["group"] != "paper"]
    codings = _codings(cells)
    made = plots.figure(plots.WIDE, 2.6 * len(codings) + 0.2)
    axes = made.subplots(len(codings), 2, sharex=True, squeeze=False)
    for line, coding in zip(axes, codings, strict=True):
        groups = _grouped([cell for cell in cells if cell["coding"] == coding])
        grid = sorted({cell["epsilon"] for cell in cells})
        for ax, measure in zip(line, ("solved", "median"), strict=True):
            _curves(ax, grid, groups, "epsilon", measure, "learning rate", name_ends=False)
        line[0].set_title(f"targets {coding}")
        for ax in line if coding != codings[-1] else ():
            ax.set_xlabel("")
    # the curves end at different rates: lines from their ends to labels would cross the other curves
    made.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, handlelength=2.6)
    return made


def schedules(runs: Runs, values: Values) -> Figure:
    """Each schedule at its best peak rate, on fresh seeds."""
    return _best(values, "schedules")


def presentation(runs: Runs, values: Values) -> Figure:
    """Loss, values of the inputs, and changes after every case, each at its best rate, on fresh seeds."""
    return _best(values, "presentation")


def initial_weights(runs: Runs, values: Values) -> Figure:
    """Solve rate against the half-width of the initial weights, with random and with zero biases."""
    words = {"biases_alike": "random biases", "biases_zero": "zero biases"}
    cells = [cell for cell in values["studies"]["initial_weights"] if cell["group"] in words]
    groups = {
        f"{coding}, {words[group]}": [c for c in cells if (c["coding"], c["group"]) == (coding, group)]
        for coding in _codings(cells)
        for group in words
    }
    made, ax = plots.axes(plots.COLUMN, 3.0)
    grid = sorted({cell["weight_range"] for cell in cells})
    _curves(ax, grid, groups, "weight_range", "solved", "initial weights uniform in ±")
    _paper(ax, runs["paper"].table.weight_range.iloc[0])
    return made


def hidden_units(runs: Runs, values: Values) -> Figure:
    """Solve rate against the number of hidden units, for two rates and both codings."""
    return _sizes(values, "hidden_units", "hidden_units", "hidden units", 2)


def input_width(runs: Runs, values: Values) -> Figure:
    """Solve rate against the number of inputs, with the paper's rate and with its rate per case."""
    return _sizes(values, "input_width", "bits", "inputs", 6)


def attempts(runs: Runs, values: Values) -> Figure:
    """The share unsolved over 40,000 sweeps, for the paper's protocol and each departure of public attempts."""
    table = runs["attempts"].table
    cap = int(table.sweeps.max())
    groups = {}
    for name, rows in table[~table.fresh].groupby("group", sort=False):
        groups[called(str(name))] = (rows["sweeps_0.5"].fillna(rows.sweeps).to_numpy(), rows.solved.to_numpy())
    made, ax = plots.axes(plots.COLUMN, 3.4)
    plots.survival_curves(ax, groups, cap=cap, log_time=True)
    for mark in values["attempts"][0]["by"]:
        if int(mark) < cap:
            ax.axvline(int(mark), color=plots.style.MUTED, lw=0.8, ls=":")
    return made


def families(runs: Runs, values: Values) -> Figure:
    """The share of each family among the solved networks, wherever a study leaves the network 6-2-1."""
    rows: dict[str, dict[str, Any]] = {}
    for study in ("activations", "optimizers", "presentation"):
        for coding, cells in values["best"].get(study, {}).items():
            for cell in cells:
                rows.setdefault(called(cell["group"]), {})[coding] = cell
    codings = [coding for coding in values["codings"] if any(coding in cells for cells in rows.values())]
    made = plots.figure(plots.WIDE, 0.2 * len(rows) + 1.0)
    axes = np.atleast_1d(made.subplots(1, len(codings), sharey=True))
    for ax, coding in zip(axes, codings, strict=True):
        shares = [
            [cells[coding]["families"][name] if coding in cells else None for name in ("1:2:4", "2:3:4", "other")]
            for cells in rows.values()
        ]
        bands = [[[_number(found, key) for found in row] for row in shares] for key in ("rate", "low", "high")]
        rate, low, high = bands
        named = ("1:2:4", "2:3:4", "other")
        plots.interval_dots(ax, list(rows), rate, low, high, named, f"share of solved, targets {coding}")
    return made


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "activations": activations,
    "optimizers": optimizers,
    "schedules": schedules,
    "presentation": presentation,
    "initial_weights": initial_weights,
    "hidden_units": hidden_units,
    "input_width": input_width,
    "families": families,
    "attempts": attempts,
}


def _codings(cells: Cells) -> list[str]:
    return list(dict.fromkeys(cell["coding"] for cell in cells))


def _grouped(cells: Cells) -> dict[str, Cells]:
    groups = dict.fromkeys(cell["group"] for cell in cells)
    return {called(name): [cell for cell in cells if cell["group"] == name] for name in groups}


def _number(found: Mapping[str, Any] | None, key: str) -> float:
    return np.nan if found is None or not found["n"] else float(found[key])


def _best(values: Values, study: str) -> Figure:
    """Solve rates of the best cells on fresh seeds, one line per group, and their median sweeps."""
    best = {coding: values["best"][study][coding] for coding in values["codings"] if coding in values["best"][study]}
    names = list(dict.fromkeys(cell["group"] for cells in best.values() for cell in cells))
    made = plots.figure(plots.WIDE, 0.3 * len(names) + 1.1)
    left, right = made.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    codings = [f"targets {coding}" for coding in best]
    found = [[next((c for c in cells if c["group"] == name), None) for cells in best.values()] for name in names]
    labels = [called(name) for name in names]
    rate, low, high = (
        [[_number(None if cell is None else cell["solved"], key) for cell in row] for row in found]
        for key in ("rate", "low", "high")
    )
    cap = max(cell["cap"] for cells in best.values() for cell in cells)
    plots.interval_dots(left, labels, rate, low, high, codings, f"networks that solve the task by {cap:,} sweeps")
    median, low, high = ([[_median(cell)[part] for cell in row] for row in found] for part in range(3))
    plots.interval_dots(right, labels, median, low, high, xlabel="median sweeps", rate=False)
    right.set_xlim(0, cap)
    return made


def _median(cell: Mapping[str, Any] | None) -> tuple[float, float, float]:
    """The median and its interval, an end that was not reached at the cap; nan where there is no median."""
    if cell is None or cell["median"] is None:
        return np.nan, np.nan, np.nan
    low, high = cell["median_interval"]
    return cell["median"], cell["median"] if low is None else low, cell["cap"] if high is None else high


def _curves(
    ax: Axes,
    grid: Sequence[float],
    groups: Mapping[str, Cells],
    field: str,
    measure: str,
    xlabel: str,
    log: bool = True,
    name_ends: bool = True,
) -> None:
    """One curve per group over a field: its solve rate or its median, nan where the group has no such cell."""
    bands = {}
    for label, cells in groups.items():
        at = {cell[field]: cell for cell in cells}
        points = [at.get(x) for x in grid]
        if measure == "solved":
            columns = [
                [_number(None if p is None else p["solved"], key) for p in points] for key in ("rate", "low", "high")
            ]
        else:
            columns = [[_median(p)[part] for p in points] for part in range(3)]
        used = [k for k, p in enumerate(points) if p is not None]
        bands[label] = (np.array(grid)[used], *(np.array(column)[used] for column in columns))
    rate = measure == "solved"
    cap = max(cell["cap"] for cells in groups.values() for cell in cells)
    filled = {
        label: tuple(np.interp(grid, x, v, left=np.nan, right=np.nan) for v in band)
        for label, (x, *band) in bands.items()
    }
    ylabel = f"solved by {cap:,} sweeps" if rate else f"median sweeps (cap {cap:,})"
    plots.rate_curves(ax, grid, filled, xlabel, ylabel, log=log, rate=rate, name_ends=name_ends)
    if not rate:
        ax.set_ylim(0, cap)


def _sizes(values: Values, study: str, field: str, xlabel: str, paper: float) -> Figure:
    words = {"paper_rate": "ε as the paper's", "quarter_rate": "a quarter of it", "rate_per_case": "the same per case"}
    cells = values["studies"][study]
    groups = {
        f"{coding}, {words.get(group, group)}": [c for c in cells if (c["coding"], c["group"]) == (coding, group)]
        for coding in _codings(cells)
        for group in dict.fromkeys(cell["group"] for cell in cells)
    }
    made, ax = plots.axes(plots.COLUMN, 3.0)
    grid = sorted({cell[field] for cell in cells})
    _curves(ax, grid, groups, field, "solved", xlabel, log=False)
    ax.set_xticks(grid)
    _paper(ax, paper)
    return made


def _paper(ax: Axes, x: float) -> None:
    ax.axvline(x, color=plots.style.MUTED, lw=0.9, ls=":", zorder=0)
    ax.annotate(
        "the paper", (x, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=plots.style.SMALL, color=plots.style.MUTED,
    )  # fmt: skip
