"""The figures of training by Evolution Search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from backprop import plots
from backprop.plots.labels import End, EndLabels
from backprop.plots.style import DASHES, INK, MARKERS, MUTED, SERIES, SMALL, log_ticks
from backprop.results.variant import Run


def training(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Test accuracy against epochs and against evaluations, for back-propagation and the searches."""
    fig = plots.figure(plots.WIDE, 3.2)
    left, right = fig.subplots(1, 2, sharey=True)
    ends = []
    shown = [row for row in [*values["backpropagation"], *values["search"]] if _drawn(row, values)]
    for k, row in enumerate(shown):
        run = runs[row["variant"]]
        g = _setting(run, row)
        accuracy, epochs = run.arrays["accuracy"][:, g], run.arrays["epochs"]
        per_epoch = row["evaluations"] / row["epochs"]
        style = {"color": SERIES[k % len(SERIES)], "ls": DASHES[k % len(DASHES)], "lw": 1.4}
        for ax, x in ((left, epochs), (right, epochs * per_epoch)):
            keep = x > 0 if ax is right else np.full(x.shape, True)
            ax.fill_between(x[keep], accuracy.min(0)[keep], accuracy.max(0)[keep], color=style["color"], alpha=0.15,
                            lw=0)  # fmt: skip
            ax.plot(x[keep], accuracy.mean(0)[keep], **style)
        ends.append(End(float(epochs[-1] * per_epoch), float(accuracy.mean(0)[-1]), _label(row), style["color"]))
    left.set(xlabel="epochs", ylabel="test accuracy", ylim=(0, None))
    right.set(xlabel="gradients, or losses of a batch", xscale="log")
    left.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
    log_ticks(right.xaxis)
    for ax in (left, right):
        _level(ax, values)
        ax.grid(axis="y")
    EndLabels(right, ends)
    return fig


def noise(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Final accuracy against samples: the search, and the gradient with the noise that theory predicts."""
    fig, ax = plots.axes(plots.COLUMN, 2.9)
    rows = [row for row in values["noise"] if row["accuracy"]["mean"] is not None]
    ends = []
    if rows:
        rate, epochs = rows[0]["learning_rate"], rows[0]["epochs"]
        ends.append(_with_interval(ax, rows, SERIES[0], MARKERS[0], True, "gradient + noise"))
        alike = [row for row in values["search"]
                 if (row["learning_rate"], row["epochs"], row["kind"]) == (rate, epochs, "baseline")
                 and row["sigma"] == rows[0]["sigma"] and row["accuracy"]["mean"] is not None]  # fmt: skip
        if alike:
            search = _with_interval(ax, alike, SERIES[1], MARKERS[1], False, "Evolution Search")
            first = alike[0]  # to whose right there is room below the curve
            ax.annotate(search.label, (first["samples"], first["accuracy"]["mean"]), (10, -6),
                        textcoords="offset points", fontsize=SMALL, color=search.colour)  # fmt: skip
        exact = values["model"]["gradient"]
        if exact is not None and exact["accuracy"]["mean"] is not None:
            ax.axhline(exact["accuracy"]["mean"], color=INK, lw=0.9, ls=DASHES[1], zorder=0)
            ends.append(End(rows[-1]["samples"], exact["accuracy"]["mean"], "gradient alone", INK))
    ax.set(xscale="log", xlabel="loss evaluations per step N", ylabel="test accuracy", ylim=(0, None))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
    ax.grid(axis="y")
    EndLabels(ax, ends)
    return fig


def thresholds(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Accuracy of the threshold network over the epochs, for every seed."""
    fig, ax = plots.axes(plots.COLUMN, 2.5)
    row = values["thresholds"]
    if row is not None:
        run = runs[row["variant"]]
        g = _setting(run, row)
        accuracy, epochs = run.arrays["accuracy"][:, g], run.arrays["epochs"]
        ax.plot(epochs, accuracy.T, color=SERIES[0], lw=0.7, alpha=0.5)
        ax.plot(epochs, accuracy.mean(0), color=SERIES[0], lw=1.8)
        learned = 1 - run.arrays["loss"][:, g].mean(0)
        ax.plot(epochs, learned, color=SERIES[1], ls=DASHES[1], lw=1.4)
        EndLabels(ax, [End(epochs[-1], accuracy.mean(0)[-1], "test images", SERIES[0]),
                       End(epochs[-1], learned[-1], "training images", SERIES[1])])  # fmt: skip
        ax.set_xlim(0, epochs[-1])
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.axhline(0.1, color=MUTED, lw=0.8, ls=DASHES[2])
    ax.annotate("guessing", (0.99, 0.1), (0, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                ha="right", fontsize=SMALL, color=MUTED)  # fmt: skip
    ax.set(xlabel="epochs", ylabel="correctly classified", ylim=(0, None))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
    ax.grid(axis="y")
    return fig


def _with_interval(ax: Axes, rows: list[dict[str, Any]], colour: str, marker: str, line: bool, label: str) -> End:
    """Draw mean accuracy over samples with its interval, as a line with a band or as single points."""
    x = [row["samples"] for row in rows]
    mean = [row["accuracy"]["mean"] for row in rows]
    low, high = ([row["accuracy"][key] or row["accuracy"]["mean"] for row in rows] for key in ("low", "high"))
    if line:
        ax.plot(x, mean, color=colour, marker=marker, ms=3.5, lw=1.3)
        ax.fill_between(x, low, high, color=colour, alpha=0.16, lw=0)
    else:
        ax.vlines(x, low, high, color=colour, lw=1.2)
        ax.plot(x, mean, color=colour, marker=marker, ms=5, ls="", mfc="white", mew=1.3)
    return End(x[-1], mean[-1], label, colour)


def _drawn(row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a curve is drawn: searches at the lab's sigma only, so that they differ in rate and samples alone."""
    return row["method"] == "backpropagation" or row["sigma"] == values["lab_sigma"]


def _setting(run: Run, row: Mapping[str, Any]) -> int:
    return int(np.flatnonzero((run.arrays["samples"] == row["samples"]) & (run.arrays["sigma"] == row["sigma"]))[0])


def _label(row: Mapping[str, Any]) -> str:
    name = "gradient" if row["method"] == "backpropagation" else f"N = {row['samples']}"
    return f"{name}, ε = {row['learning_rate']:g}"


def _level(ax: Axes, values: Mapping[str, Any]) -> None:
    """Mark the baseline's accuracy, less the bound within which it counts as reached."""
    mean = values["baseline"]["accuracy"]["mean"]
    if mean is not None:
        ax.axhline(mean - values["rules"]["within"], color=MUTED, lw=0.8, ls=DASHES[2], zorder=0)


FIGURES = {"training": training, "noise": noise, "thresholds": thresholds}
