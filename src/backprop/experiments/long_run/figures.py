"""The figures of the long run: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from backprop import plots
from backprop.experiments.long_run.gaps import SIGNS, gap
from backprop.experiments.long_run.protocol import EXPERIMENT_1_SWEEPS
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, by_coding
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

NEAR = 0.9
"""The solved networks are at the largest margin if their median margin exceeds this share of it."""

RATIOS = ("1:2:4", "2:3:4", "1:2:3")
"""Ratios of magnitudes on the number line: the two families, and one that fails."""


def survival(runs: Runs, values: Values) -> Figure:
    """The share of networks still unsolved, to the late cap, on a logarithmic axis of sweeps."""
    fig, ax = plots.axes(plots.COLUMN, 2.2)
    groups, cap = {}, 0
    for label, run in by_coding(runs).items():
        times = run.table["sweeps_0.5"]
        cap = max(cap, run.protocol["sweeps"])
        groups[f"targets {label}"] = (times.fillna(run.protocol["sweeps"]), times.notna())
    plots.survival_curves(ax, groups, cap=cap, log_time=True)
    for sweep, label in ((PRINTED_SWEEPS, "the paper"), (EXPERIMENT_1_SWEEPS, "Experiment 1 stops")):
        if sweep < cap:
            ax.axvline(sweep, color=style.MUTED, lw=0.8, ls=style.DASHES[2])
            ax.annotate(
                f"{label}: {sweep:,}", (sweep, 1), (3, -2), xycoords=("data", "axes fraction"), va="top",
                textcoords="offset points", fontsize=style.SMALL, color=style.MUTED,
            )  # fmt: skip
    ax.set_title(_opposite(values))
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The share still unsolved under each coding, small; no network is censored before the cap."""
    fig, ax = plots.axes(plots.CARD, 1.35)
    for k, (label, run) in enumerate(by_coding(runs).items()):
        times, cap = np.sort(run.table["sweeps_0.5"].dropna()), run.protocol["sweeps"]
        left = 1 - np.arange(len(times) + 1) / len(run.table)
        colour = style.SERIES[k]
        ax.step(np.r_[100, times, cap], np.r_[left, left[-1]], where="post", color=colour, ls=style.DASHES[k], lw=1.4)
        high = left[-1] > 0.25
        ax.text(
            0.98 if high else 0.03, left[-1] + 0.05, f"{label}: {plots.percent(left[-1])}", va="bottom",
            transform=ax.get_yaxis_transform(), ha="right" if high else "left", color=style.readable(colour),
        )  # fmt: skip
        ax.set(xscale="log", xlim=(100, cap), ylim=(0, 1.02), xlabel="sweeps", ylabel="unsolved")
    style.plain_ticks(ax.xaxis, (100, 1000, 10_000))
    plots.percent_ticks(ax.yaxis)
    ax.grid(axis="y")
    return fig


def weights(runs: Runs, values: Values) -> Figure:
    """The norm of the weights over sweeps, under each coding."""
    fig, ax = plots.axes(plots.COLUMN, 1.9)
    ends = []
    k = 0
    for label, run in by_coding(runs).items():
        sweeps = run.arrays["kept_sweeps"]
        for name, word in (("solved", "solved"), ("failed", "never solved")):
            band = values["variants"][run.variant]["norms"].get(name)
            if band:
                colour = style.SERIES[k]
                ax.fill_between(sweeps, band["low"], band["high"], color=colour, alpha=0.16, lw=0)
                ax.plot(
                    sweeps, band["middle"], color=colour, ls=style.DASHES[k], marker=style.MARKERS[k], ms=3.5, lw=1.3
                )
                ends.append(plots.End(float(sweeps[-1]), band["middle"][-1], f"{label}, {word}", colour))
                k += 1
    ax.set_xscale("log")
    if ends:
        ax.set_xlim(right=max(end.x for end in ends))
    style.log_ticks(ax.xaxis)
    plots.EndLabels(ax, ends)
    ax.grid(axis="y")
    ax.set(xlabel="sweeps", ylabel="norm of all weights", ylim=(0, None))
    return fig


def families(runs: Runs, values: Values) -> Figure:
    """The margin of magnitudes over the plane of their ratios, its two maxima, and the solved networks."""
    fig, ax = plots.axes(plots.COLUMN, 2.45)
    x, y = np.meshgrid(np.geomspace(0.97, 4.6, 420), np.geomspace(0.97, 9, 420))
    height = gap(x, y)
    mesh = ax.pcolormesh(x, y, height, cmap="cividis", shading="nearest", rasterized=True, vmin=0, vmax=0.25)
    ax.contour(x, y, height, levels=[0.05, 0.1, 0.15, 0.2], colors="white", linewidths=0.5)
    ax.fill_between([0.97, 4.6], [0.97, 4.6], 0.9, color="white", lw=0, zorder=2)  # there the middle exceeds the large
    for k, (label, run) in enumerate(by_coding(runs).items()):
        solved = run.table[run.table.solved]
        colour, marker = (style.VERMILLION, "white")[k % 2], "os"[k % 2]
        ax.scatter(
            solved.ratio_middle, solved.ratio_large, s=17, marker=marker, facecolor=colour, edgecolor=style.INK,
            lw=0.4, label=f"networks, targets {label}", zorder=4,
        )  # fmt: skip
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for summit in values["maxima"]:
        ax.annotate(
            f"{summit['name']}\nmargin {summit['gap']:.2f}", (summit["middle"], summit["large"]), (11, 0),
            textcoords="offset points", fontweight="bold", va="center", zorder=6, path_effects=halo, gid=plots.FIXED,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlim=(0.97, 4.6), ylim=(0.97, 9))
    ax.set(xlabel="middle / smallest magnitude", ylabel="largest / smallest magnitude")
    style.plain_ticks(ax.xaxis, (1, 1.5, 2, 3, 4))
    style.plain_ticks(ax.yaxis, (1, 1.5, 2, 3, 4, 6, 8))
    ax.minorticks_off()
    bar = fig.colorbar(mesh, ax=ax, label="margin", pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    ax.legend(loc="lower right", handletextpad=0.2)
    margins = [own["gap_median"] for own in values["codings"]]
    near = all(margin is not None and margin > NEAR * values["maxima"][0]["gap"] for margin in margins)
    ax.set_title("Solved networks end where the margin is largest" if near else "The margin of three magnitudes")
    return fig


def sums(runs: Runs, values: Values) -> Figure:
    """The signed sums of three magnitudes on a number line, for both families and for a ratio that fails."""
    threshold = values["threshold"] or 0.0
    fig = plots.figure(plots.COLUMN, 2.5)
    axes = fig.subplots(len(RATIOS), 1, sharex=True)
    for ax, ratio in zip(axes, RATIOS, strict=True):
        magnitudes = np.array([int(part) for part in ratio.split(":")])
        places, counts = np.unique(SIGNS @ magnitudes / magnitudes.max(), return_counts=True)
        ax.axvspan(-threshold, threshold, color=style.SKY, alpha=0.35, lw=0)
        ax.plot(0, 0, "o", color=style.BLUE, ms=6)
        for place, count in zip(places, counts, strict=True):
            if place == 0:
                ax.plot([0] * count, np.arange(count) + 1, "X", color=style.VERMILLION, ms=7, mec="white", mew=0.5)
            else:
                ax.plot([place] * count, np.arange(count), "o", color=style.VERMILLION, mfc="white", ms=5, mew=1.1)
        margin = np.abs(places).min()
        ax.set_title(f"{ratio}: margin {margin:.2f}" if margin else f"{ratio}: no margin, other sums are 0 too")
        ax.set(ylim=(-0.8, 4.0), yticks=())
        ax.spines["left"].set_visible(False)
    for x, text in ((-1.7, "hidden unit 2 is on"), (0, "both off"), (1.7, "hidden unit 1 is on")):
        axes[0].text(x, 3.9, text, ha="center", va="top", fontsize=style.SMALL, color=style.MUTED)
    axes[-1].set(xlabel="signed sum of the three magnitudes, over the largest", xlim=(-2.35, 2.35))
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "survival": survival,
    "finding": finding,
    "sums": sums,
    "weights": weights,
    "families": families,
}


def _opposite(values: Values) -> str:
    """The message of the survival curves."""
    rates = {coding: own["solved"]["rate"] for coding, own in values["summary"].items()}
    if rates.get("0/1") == 1 and rates.get(".1/.9", 1) < 1:
        return "Towards 0 and 1 every network gets there; towards .1 and .9 the rest are stuck"
    return "The share of networks that are still unsolved"
