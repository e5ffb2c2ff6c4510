"""The figures of the studies: pure functions of saved results and of the numbers in findings.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.departures.families import NAMED, STUDIES
from backprop.experiments.departures.labels import label
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
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
    fig = plots.figure(plots.WIDE, 2.6 * len(codings) + 0.2)
    axes = fig.subplots(len(codings), 2, sharex=True, squeeze=False)
    for line, coding in zip(axes, codings, strict=True):
        groups = _grouped([cell for cell in cells if cell["coding"] == coding])
        grid = sorted({cell["epsilon"] for cell in cells})
        for ax, measure in zip(line, ("solved", "median"), strict=True):
            _curves(ax, grid, groups, "epsilon", measure, "learning rate", name_ends=False)
        line[0].set_title(f"targets {coding}")
        for ax in line if coding != codings[-1] else ():
            ax.set_xlabel("")
    # curves end at different rates, so lines from their ends to labels would cross other curves
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, handlelength=2.6)
    return fig


def schedules(runs: Runs, values: Values) -> Figure:
    """Each schedule at its best peak rate, on fresh seeds."""
    return _best(values, "schedules")


def presentation(runs: Runs, values: Values) -> Figure:
    """The error, the input values, and changes after every case, each at its best rate, on fresh seeds."""
    return _best(values, "presentation")


def initial_weights(runs: Runs, values: Values) -> Figure:
    """Solve rate against the range of the initial weights, with random and with zero biases."""
    biases = {"biases_alike": "random biases", "biases_zero": "zero biases"}
    cells = [cell for cell in values["studies"]["initial_weights"] if cell["group"] in biases]
    groups = _by_coding_and_group(cells, biases)
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    grid = sorted({cell["weight_range"] for cell in cells})
    _curves(ax, grid, groups, "weight_range", "solved", "initial weights, uniform in ± this range")
    _mark_paper(ax, Symmetry.weight_range)
    return fig


def hidden_units(runs: Runs, values: Values) -> Figure:
    """Solve rate against the number of hidden units, for two rates and both codings."""
    return _sizes(values, "hidden_units", "hidden_units", "hidden units", Symmetry.hidden_units)


def input_width(runs: Runs, values: Values) -> Figure:
    """Solve rate against the number of inputs, with the paper's rate and with its rate per case."""
    return _sizes(values, "input_width", "bits", "inputs", Symmetry.bits)


def attempts(runs: Runs, values: Values) -> Figure:
    """The share unsolved over sweeps, for the paper's protocol and for each departure of public attempts."""
    table = runs["attempts"].table
    cap = int(table.sweeps.max())
    groups = {}
    for name, rows in table[~table.fresh].groupby("group", sort=False):
        groups[label(str(name))] = (rows["sweeps_0.5"].fillna(rows.sweeps).to_numpy(), rows.solved.to_numpy())
    fig, ax = plots.axes(plots.COLUMN, 3.4)
    plots.survival_curves(ax, groups, cap=cap, log_time=True)
    for mark in values["effects"]["marks"]:
        if mark < cap:
            ax.axvline(mark, color=plots.style.MUTED, lw=0.8, ls=":")
    return fig


def families(runs: Runs, values: Values) -> Figure:
    """The share of each family among the solved networks, for the studies of 6-2-1 networks with fresh seeds."""
    rows: dict[str, dict[str, Any]] = {}
    for study in STUDIES:
        for coding, cells in values["best"].get(study, {}).items():
            for cell in cells:
                rows.setdefault(label(cell["group"]), {})[coding] = cell
    codings = [coding for coding in values["codings"] if any(coding in cells for cells in rows.values())]
    fig = plots.figure(plots.WIDE, 0.2 * len(rows) + 1.0)
    axes = np.atleast_1d(fig.subplots(1, len(codings), sharey=True))
    for ax, coding in zip(axes, codings, strict=True):
        shares = [
            [cells[coding]["families"][name] if coding in cells else None for name in NAMED] for cells in rows.values()
        ]
        rate, low, high = (
            [[_number(share, key) for share in row] for row in shares] for key in ("rate", "low", "high")
        )
        plots.interval_dots(ax, list(rows), rate, low, high, NAMED, f"share of solved, targets {coding}")
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The share solved with the mean error, with the paper's step, and with the best smaller one; targets 0 and 1."""
    mean = values["effects"]["mean_error"]
    tuned = next(cell for cell in values["best"]["activations"]["0/1"] if cell["group"] == "logistic")
    rows = {
        "mean error": mean["mean"]["rate"],
        f"the paper's\nrate {Symmetry.epsilon:g}": mean["half_sum"]["rate"],
        f"rate {tuned['epsilon']:g}": tuned["solved"]["rate"],
    }
    fig, ax = plots.axes(2.5, 1.55)
    colours = (plots.style.VERMILLION, plots.style.MUTED, plots.style.BLUE)
    ax.barh(list(rows), list(rows.values()), 0.62, color=colours)
    ax.plot(0, 0, "o", ms=4, color=colours[0], clip_on=False)  # a bar of length zero would not be seen
    ax.set(xlim=(0, 1), ylim=(2.5, -0.5), xticks=(0, 0.5, 1))
    ax.set_xlabel(f"solved by sweep {mean['sweep']:,}" if mean["sweep"] == tuned["cap"] else "solved")
    ax.tick_params(axis="y", length=0, labelsize=plots.style.SIZE)
    plots.percent_ticks(ax.xaxis)
    ax.grid(axis="x")
    return fig


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
    "finding": finding,
}


def _codings(cells: Cells) -> list[str]:
    return list(dict.fromkeys(cell["coding"] for cell in cells))


def _grouped(cells: Cells) -> dict[str, Cells]:
    groups = dict.fromkeys(cell["group"] for cell in cells)
    return {label(name): [cell for cell in cells if cell["group"] == name] for name in groups}


def _by_coding_and_group(cells: Cells, names: Mapping[str, str]) -> dict[str, Cells]:
    """The cells of each coding and group; `names` holds the names of the groups."""
    return {
        f"{coding}, {names[group]}": [c for c in cells if (c["coding"], c["group"]) == (coding, group)]
        for coding in _codings(cells)
        for group in dict.fromkeys(cell["group"] for cell in cells)
    }


def _number(share: Mapping[str, Any] | None, key: str) -> float:
    return np.nan if share is None or not share["n"] else float(share[key])


def _best(values: Values, study: str) -> Figure:
    """Solve rates of the best cells on fresh seeds, one line per group, and their median sweeps."""
    best = {coding: values["best"][study][coding] for coding in values["codings"] if coding in values["best"][study]}
    names = list(dict.fromkeys(cell["group"] for cells in best.values() for cell in cells))
    fig = plots.figure(plots.WIDE, 0.3 * len(names) + 1.1)
    left, right = fig.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    codings = [f"targets {coding}" for coding in best]
    rows = [[next((c for c in cells if c["group"] == name), None) for cells in best.values()] for name in names]
    labels = [label(name) for name in names]
    rate, low, high = (
        [[_number(None if cell is None else cell["solved"], key) for cell in row] for row in rows]
        for key in ("rate", "low", "high")
    )
    cap = max(cell["cap"] for cells in best.values() for cell in cells)
    plots.interval_dots(left, labels, rate, low, high, codings, f"networks that solve the task by {cap:,} sweeps")
    median, low, high = ([[_median(cell)[part] for cell in row] for row in rows] for part in range(3))
    plots.interval_dots(right, labels, median, low, high, xlabel="median sweeps", rate=False)
    right.set_xlim(0, cap)
    return fig


def _median(cell: Mapping[str, Any] | None) -> tuple[float, float, float]:
    """The median and its interval, whose end is the cap where it was not reached; nan where there is no median."""
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
    for name, cells in groups.items():
        by_value = {cell[field]: cell for cell in cells}
        points = [by_value.get(x) for x in grid]
        if measure == "solved":
            columns = [
                [_number(None if p is None else p["solved"], key) for p in points] for key in ("rate", "low", "high")
            ]
        else:
            columns = [[_median(p)[part] for p in points] for part in range(3)]
        used = [k for k, p in enumerate(points) if p is not None]
        bands[name] = (np.array(grid)[used], *(np.array(column)[used] for column in columns))
    rate = measure == "solved"
    cap = max(cell["cap"] for cells in groups.values() for cell in cells)
    filled = {
        name: tuple(np.interp(grid, x, v, left=np.nan, right=np.nan) for v in band)
        for name, (x, *band) in bands.items()
    }
    ylabel = f"solved by {cap:,} sweeps" if rate else f"median sweeps (cap {cap:,})"
    plots.rate_curves(ax, grid, filled, xlabel, ylabel, log=log, rate=rate, name_ends=name_ends)
    if not rate:
        ax.set_ylim(0, cap)


def _sizes(values: Values, study: str, field: str, xlabel: str, paper: float) -> Figure:
    names = {
        "paper_rate": "the paper's ε",
        "quarter_rate": "a quarter of the paper's ε",
        "rate_per_case": "the paper's ε per case",
    }
    cells = [cell for cell in values["studies"][study] if cell["group"] in names]
    groups = _by_coding_and_group(cells, names)
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    grid = sorted({cell[field] for cell in cells})
    _curves(ax, grid, groups, field, "solved", xlabel, log=False)
    ax.set_xticks(grid)
    _mark_paper(ax, paper)
    return fig


def _mark_paper(ax: Axes, x: float) -> None:
    ax.axvline(x, color=plots.style.MUTED, lw=0.9, ls=":", zorder=0)
    ax.annotate(
        "the paper", (x, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=plots.style.SMALL, color=plots.style.MUTED,
    )  # fmt: skip
