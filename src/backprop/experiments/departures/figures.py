"""The figures of the studies: pure functions of saved results and of the numbers in findings.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backprop import plots
from backprop.experiments.departures.helps import helps
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]
Cells = Sequence[Mapping[str, Any]]


def ranges(runs: Runs, values: Values) -> Figure:
    """Solve rate against the range of the initial weights and against the number of hidden units."""
    fig = plots.figure(plots.COLUMN, 2.5)
    left, right = fig.subplots(1, 2, sharey=True)
    start, units = values["initial_weights"], values["hidden_units"]
    keys = _scan(left, values["studies"]["initial_weights"], "weight_range",
          {"biases_alike": "biases from the same range", "biases_zero": "biases start at zero"})  # fmt: skip
    left.set_xscale("log")
    plots.style.plain_ticks(left.xaxis, sorted({0.1, 0.3, 1, 4, *(start[key] for key in ("narrowest", "widest"))}))
    left.set(
        title="Wide ranges fail" if start["widest_worse"] else "The range matters little",
        xlabel="range of the initial weights, ±",
        ylabel=f"solved by sweep {start['cap']:,}",
    )
    _mark_paper(left, Symmetry.weight_range)
    keys += _scan(right, values["studies"]["hidden_units"], "hidden_units",
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
    fig.legend(handles=keys, loc="outside lower center", ncols=2, handlelength=2.6, columnspacing=6)
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
    fig, ax = plots.axes(plots.CARD, 1.35)
    colours = (plots.style.VERMILLION, plots.style.MUTED, plots.style.BLUE)
    ax.barh(list(rows), list(rows.values()), 0.62, color=colours)
    ax.plot(0, 0, "o", ms=4, color=colours[0], clip_on=False)  # a bar of length zero would not be seen
    ax.set(xlim=(0, 1), ylim=(2.5, -0.5), xticks=(0, 0.5, 1))
    ax.set_xlabel("solved, targets 0/1")
    ax.tick_params(axis="y", length=0, labelsize=plots.style.SIZE)
    plots.percent_ticks(ax.xaxis)
    ax.grid(axis="x")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "helps": helps,
    "ranges": ranges,
    "finding": finding,
}


def _scan(ax: Axes, cells: Cells, field: str, groups: Mapping[str, str]) -> list[Line2D]:
    """Solve rates over a field: one colour per coding, one dash per group, which `groups` names; the key of these."""
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
    ax.set_ylim(-0.02, 1.02)
    plots.percent_ticks(ax.yaxis)
    ax.grid(axis="y")
    return [
        Line2D([], [], color=plots.style.INK, ls=plots.style.DASHES[j], marker=plots.style.MARKERS[j], ms=3.2, lw=1.3,
               label=name)
        for j, name in enumerate(groups.values())
    ]  # fmt: skip


def _mark_paper(ax: Axes, x: float) -> None:
    ax.axvline(x, color=plots.style.MUTED, lw=0.9, ls=":", zorder=0)
    ax.text(
        x, 0.0, " the paper", ha="left", va="bottom", fontsize=plots.style.SMALL, color=plots.style.MUTED
    )  # fmt: skip
