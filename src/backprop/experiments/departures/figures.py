"""The figures of the studies: pure functions of saved results and of the numbers in findings.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backprop import plots
from backprop.experiments.departures.families import NAMED, compared
from backprop.experiments.departures.helps import helps
from backprop.experiments.departures.labels import TUNED, label
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]
Cells = Sequence[Mapping[str, Any]]


MOST_SOLVED = 0.99
"""The share solved above which the title of `attempts` says that a departure succeeds in the end."""


def ranges(runs: Runs, values: Values) -> Figure:
    """Solve rate against the range of the initial weights and against the number of hidden units."""
    fig = plots.figure(plots.COLUMN, 2.7)
    left, right = fig.subplots(1, 2, sharey=True)
    start, units = values["initial_weights"], values["hidden_units"]
    _scan(left, values["studies"]["initial_weights"], "weight_range",
          {"biases_alike": "biases from the same range", "biases_zero": "biases start at zero"})  # fmt: skip
    left.set_xscale("log")
    plots.style.plain_ticks(left.xaxis, sorted({0.1, 0.3, 1, 4, *(start[key] for key in ("narrowest", "widest"))}))
    left.set(
        title="Wide ranges fail" if start["widest_worse"] else "The range matters little",
        xlabel="range of the initial weights, ±",
        ylabel=f"solved by sweep {start['cap']:,}",
    )
    _mark_paper(left, Symmetry.weight_range)
    _scan(right, values["studies"]["hidden_units"], "hidden_units",
          {"paper_rate": "the paper's ε", "quarter_rate": "a quarter of the paper's ε"})  # fmt: skip
    helped = [coding for coding, helps in units["helps"].items() if helps]
    right.set(
        title=f"More units help towards {' and '.join(helped)}" if helped else "More units do not always help",
        xlabel="hidden units",
        ylabel=f"solved by sweep {units['cap']:,}",
        xticks=sorted({cell["hidden_units"] for cell in values["studies"]["hidden_units"]}),
    )
    _mark_paper(right, Symmetry.hidden_units)
    codings = [
        Line2D([], [], color=plots.style.SERIES[k], lw=1.5, label=f"targets {coding}")
        for k, coding in enumerate(values["codings"])
    ]
    fig.legend(handles=codings, loc="outside upper center", ncols=2)
    return fig


def attempts(runs: Runs, values: Values) -> Figure:
    """The share unsolved over sweeps, for the paper's protocol and for each departure of public attempts."""
    table = runs["attempts"].table
    cap = int(table.sweeps.max())
    groups = {}
    for name, rows in table[~table.fresh].groupby("group", sort=False):
        groups[label(str(name))] = (rows["sweeps_0.5"].fillna(rows.sweeps).to_numpy(), rows.solved.to_numpy())
    fig, ax = plots.axes(plots.COLUMN, 2.2)
    plots.survival_curves(ax, groups, cap=cap, log_time=True)
    done = [label(row["group"]) for row in values["attempts"] if (row["rates"][-1] or 0) > MOST_SOLVED]
    ax.set_title(f"By sweep {cap:,}, {' and '.join(done)} succeed" if done else f"By sweep {cap:,}, many still fail")
    for mark in values["effects"]["marks"]:
        if mark < cap:
            ax.axvline(mark, color=plots.style.MUTED, lw=0.8, ls=":")
    return fig


def families(runs: Runs, values: Values) -> Figure:
    """The share of each family among the solved networks, for every alternative that trains 6-2-1 networks."""
    rows: dict[str, dict[str, Any]] = {}
    for cell in compared(values["best"]):
        name = "the paper's protocol, rate tuned" if cell["group"] == TUNED else cell["name"]
        rows.setdefault(name, {})[cell["coding"]] = cell
    codings = [coding for coding in values["codings"] if any(coding in cells for cells in rows.values())]
    fig = plots.figure(plots.COLUMN, 0.15 * len(rows) + 1.1)
    only = values["families"]["nearly_all"]
    title = f"Almost only 1:2:4: {' and '.join(only)}" if only else "1:2:4 is nowhere nearly the only family"
    fig.suptitle(title, x=0.01, ha="left", fontsize=plots.style.SIZE, fontweight="bold")
    axes = np.atleast_1d(fig.subplots(1, len(codings), sharey=True))
    for ax, coding in zip(axes, codings, strict=True):
        shares = [
            [cells[coding]["families"][name] if coding in cells else None for name in NAMED] for cells in rows.values()
        ]
        rate, low, high = (
            [[_number(share, key) for share in row] for row in shares] for key in ("rate", "low", "high")
        )
        plots.interval_dots(
            ax, list(rows), rate, low, high, NAMED if ax is axes[0] else (), f"share of solved, targets {coding}"
        )
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
    "helps": helps,
    "ranges": ranges,
    "families": families,
    "attempts": attempts,
    "finding": finding,
}


def _number(share: Mapping[str, Any] | None, key: str) -> float:
    return np.nan if share is None or not share["n"] else float(share[key])


def _scan(ax: Axes, cells: Cells, field: str, groups: Mapping[str, str]) -> None:
    """Solve rates over a field: one colour per coding, one dash per group, which `groups` names."""
    for k, coding in enumerate(dict.fromkeys(cell["coding"] for cell in cells)):
        for j, group in enumerate(groups):
            own = sorted(
                (cell for cell in cells if (cell["coding"], cell["group"]) == (coding, group)),
                key=lambda cell: cell[field],
            )
            x = [cell[field] for cell in own]
            rate, low, high = ([cell["solved"][key] for cell in own] for key in ("rate", "low", "high"))
            colour = plots.style.SERIES[k]
            ax.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
            ax.plot(x, rate, color=colour, ls=plots.style.DASHES[j], marker=plots.style.MARKERS[j], ms=3.2, lw=1.3)
    handles = [
        Line2D([], [], color=plots.style.INK, ls=plots.style.DASHES[j], marker=plots.style.MARKERS[j], ms=3.2, lw=1.3,
               label=name)
        for j, name in enumerate(groups.values())
    ]  # fmt: skip
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.24), handlelength=2.6)
    ax.set_ylim(-0.02, 1.02)
    plots.percent_ticks(ax.yaxis)
    ax.grid(axis="y")


def _mark_paper(ax: Axes, x: float) -> None:
    ax.axvline(x, color=plots.style.MUTED, lw=0.9, ls=":", zorder=0)
    ax.text(
        x, 0.0, " the paper", ha="left", va="bottom", fontsize=plots.style.SMALL, color=plots.style.MUTED
    )  # fmt: skip
