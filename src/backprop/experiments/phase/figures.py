"""The phase diagram: the share solved and the median sweeps, one panel per coding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

STEPS = (0.1, 0.3, 1.0, 3.0)
"""Effective steps ε/(1 − α) whose lines the map shows."""

TICKS = (0.01, 0.03, 0.1, 0.3, 1.0, 4.0)
"""Learning rates that the axis labels, of those in the diagram."""


def solved(runs: Runs, values: Values) -> Figure:
    """The share of networks that solve the task, with lines of equal step and the pairs that the text compares."""
    fig, axes, bar = _maps(values, "solved", "networks that solve the task", title(values), 2.6, limits=(0.0, 1.0))
    plots.percent_ticks(bar.yaxis)
    for ax, own in zip(axes, values["codings"], strict=True):
        for step in STEPS:
            _line_of_constant_step(ax, step, own["epsilons"], own["alphas"])
        ax.set_title(f"targets {own['coding']}", fontweight="normal", pad=16)
        for marker, label, pair in _marked(values["paper"], own["best"]):
            x, y = _place(pair, own["epsilons"], own["alphas"])
            ax.plot(x, y, marker, ms=10 if marker == "*" else 6.5, mfc="white", mec=style.VERMILLION, mew=1.5,
                    ls="none", label=label, zorder=5, clip_on=False, gid=plots.FIXED)  # fmt: skip
    handles, labels = axes[0].get_legend_handles_labels()
    key = fig.legend(handles, labels, loc="outside lower center", ncols=4, handletextpad=0.1, columnspacing=1.2)
    style.keep_colours(key)
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"solved": solved}


def title(values: Values) -> str:
    """What the map of the share solved shows, in one line."""
    bands = [own["band"] for own in values["codings"]]
    if not bands or not all(bands):
        return "With few settings do most networks learn"
    message = "Success depends on the step ε/(1 − α)"
    long = [own["coding"] for own in values["codings"] if values["paper"]["step"] > own["band"]["steps"][1]]
    if not long:
        return message
    where = "" if len(long) == len(bands) else f" with targets {' and '.join(long[0].split('/'))}"
    return f"{message}; the paper's is too long{where}"


def _maps(
    values: Values, measure: str, label: str, message: str, height: float, **look: Any
) -> tuple[Figure, list[Axes], Axes]:
    """One map per coding side by side, with one range of colours and one colour bar."""
    codings = values["codings"]
    maps = [
        np.array([[np.nan if cell is None else cell for cell in line] for line in own[measure]], float)
        for own in codings
    ]
    known = np.concatenate([cells[np.isfinite(cells)] for cells in maps])
    if known.size:
        look.setdefault("limits", (known.min(), known.max()))
    fig = plots.figure(plots.COLUMN, height)
    plots.headline(fig, message)
    axes = list(np.atleast_1d(fig.subplots(1, len(codings), sharey=True)))
    for ax, own, cells in zip(axes, codings, maps, strict=True):
        mesh = plots.heatmap(ax, cells, own["epsilons"], own["alphas"], bar=False, **look)
        labelled = [k for k, epsilon in enumerate(own["epsilons"]) if epsilon in TICKS or len(own["epsilons"]) < 9]
        ax.set_xticks(labelled, labels=[f"{own['epsilons'][k]:g}" for k in labelled])
        ax.set_title(f"targets {own['coding']}", fontweight="normal")
    for ax in axes[1:]:
        ax.set_ylabel("")
    return fig, axes, plots.colour_bar(mesh, axes, label, log=look.get("log", False))


def _marked(paper: Mapping[str, Any], best: Mapping[str, Any] | None) -> list[tuple[str, str, tuple[float, float]]]:
    """Marker, name and (ε, α) of the pairs that the text compares."""
    epsilon, alpha = paper["epsilon"], paper["alpha"]
    marked = [
        ("s", "the paper", (epsilon, alpha)),
        ("v", "mean error", (paper["mean_error"], alpha)),
        ("o", "no momentum", (epsilon, 0.0)),
    ]
    return [*marked, ("*", "best", (best["epsilon"], best["alpha"]))] if best else marked


def _place(pair: tuple[float, float], epsilons: Sequence[float], alphas: Sequence[float]) -> tuple[float, float]:
    """Where a pair is in a map whose cells have equal size, so that its axes are numbers of cells."""
    known = [epsilon > 0 for epsilon in epsilons]
    columns = np.flatnonzero(known)
    x = np.interp(np.log(pair[0]), np.log(np.array(epsilons)[columns]), columns)
    return float(x), float(np.interp(pair[1], alphas, range(len(alphas))))


def _line_of_constant_step(ax: Axes, step: float, epsilons: Sequence[float], alphas: Sequence[float]) -> None:
    """The line ε / (1 − α) = step, in a map whose axes are numbers of cells; it meets α = 0 at ε = step."""
    columns, rates = zip(*((k, epsilon) for k, epsilon in enumerate(epsilons) if epsilon > 0), strict=True)
    rows, wanted = zip(*((k, step * (1 - alpha)) for k, alpha in enumerate(alphas) if alpha < 1), strict=True)
    x = np.interp(np.log(wanted), np.log(rates), columns, left=np.nan, right=np.nan)
    for color, width in (("black", 2.0), ("white", 0.9)):
        ax.plot(x, rows, color=color, lw=width, gid=plots.FIXED)
    if np.isfinite(x[-1]):
        last = step == STEPS[-1]
        ax.annotate(
            f"{step:g} = ε/(1 − α)" if last else f"{step:g}", (x[-1], 1), (-2 if last else 0, 3), va="bottom",
            xycoords=("data", "axes fraction"), textcoords="offset points", ha="left" if last else "center",
            fontsize=style.SMALL,
        )  # fmt: skip
