"""The figures of the long run: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.long_run.gaps import SIGNS, gap
from backprop.experiments.long_run.protocol import EXPERIMENT_1_SWEEPS
from backprop.experiments.symmetry import measures
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
    fig, ax = plots.axes(plots.COLUMN, 1.7)
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
    grown = [band["middle"][-1] > band["middle"][0] for own in values["variants"].values()
             if (band := own["norms"].get("solved"))]  # fmt: skip
    ax.set_title("Weights keep growing after the task is solved" if grown and all(grown) else "The size of the weights")
    return fig


def families(runs: Runs, values: Values) -> Figure:
    """The margin of magnitudes over the plane of their ratios, its two maxima, and the solved networks."""
    fig, ax = plots.axes(plots.COLUMN, 2.45)
    x, y = np.meshgrid(np.geomspace(0.97, 4.6, 420), np.geomspace(0.97, 9, 420))
    height = gap(x, y)
    mesh = ax.pcolormesh(x, y, height, cmap="cividis", shading="nearest", rasterized=True, vmin=0, vmax=0.25)
    ax.contour(x, y, height, levels=[0.05, 0.1, 0.15, 0.2], colors="white", linewidths=0.5).set_gid(plots.FIXED)
    ax.fill_between([0.97, 4.6], [0.97, 4.6], 0.9, color="white", lw=0, zorder=2)  # there the middle exceeds the large
    counts: dict[str, Any] = {}
    for k, (label, run) in enumerate(by_coding(runs).items()):
        solved = run.table[run.table.solved]
        counts[label] = solved.family.value_counts()
        # the second coding has small dots within the rings of the first, so that neither hides the other
        ax.scatter(
            solved.ratio_middle, solved.ratio_large, s=(44, 9)[k % 2], facecolor=("none", style.VERMILLION)[k % 2],
            edgecolor=(style.VERMILLION, style.INK)[k % 2], lw=(1.2, 0.3)[k % 2], zorder=4, gid=plots.FIXED,
            label=f"networks, targets {label}",
        )  # fmt: skip
    ax.scatter(
        *measures.magnitude_ratios(measures.FIGURE_1[0][None]), s=52, marker="*", facecolor="white",
        edgecolor=style.INK, lw=0.7, label="RHW Fig. 1", zorder=5, gid=plots.FIXED,
    )  # fmt: skip
    for summit in values["maxima"]:
        found = ", ".join(f"{count.get(summit['name'], 0):,} ({label})" for label, count in counts.items())
        name = ax.annotate(
            f"{summit['name']}, margin {summit['gap']:.2f}:\n{found}", (summit["middle"], summit["large"]), (11, 0),
            textcoords="offset points", fontsize=style.SMALL, va="center", zorder=6, gid=plots.FIXED,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "gid": plots.FIXED},
        )  # fmt: skip
        name.set_linespacing(1.1)
    ax.set(xscale="log", yscale="log", xlim=(0.97, 4.6), ylim=(0.97, 9))
    ax.set(xlabel="middle / smallest magnitude", ylabel="largest / smallest magnitude")
    style.plain_ticks(ax.xaxis, (1, 1.5, 2, 3, 4))
    style.plain_ticks(ax.yaxis, (1, 1.5, 2, 3, 4, 6, 8))
    ax.minorticks_off()
    bar = fig.colorbar(mesh, ax=ax, label="margin", pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    style.keep_colours(ax.legend(loc="lower right", handletextpad=0.2))
    margins = [own["gap_median"] for own in values["codings"]]
    near = all(margin is not None and margin > NEAR * values["maxima"][0]["gap"] for margin in margins)
    ax.set_title("Solved networks end where the margin is largest" if near else "The margin of three magnitudes")
    return fig


def sums(runs: Runs, values: Values) -> Figure:
    """The signed sums of three magnitudes on a number line, for both families and for a ratio that fails."""
    threshold = values["threshold"] or 0.0
    fig = plots.figure(plots.COLUMN, 2.6)
    axes = fig.subplots(len(RATIOS), 1, sharex=True)
    gaps: list[float] = []
    for ax, ratio in zip(axes, RATIOS, strict=True):
        magnitudes = np.array([int(part) for part in ratio.split(":")])
        places, counts = np.unique(SIGNS @ magnitudes / magnitudes.max(), return_counts=True)
        ax.axvspan(-threshold, threshold, 0, 0.5, color=style.SKY, alpha=0.35, lw=0)
        ax.plot([-threshold] * 2, [-0.8, 2.1], [threshold] * 2, [-0.8, 2.1], color=style.BLUE, lw=0.7)
        ax.plot(0, 0, "o", color=style.BLUE, ms=6)
        for place, count in zip(places, counts, strict=True):
            if place == 0:
                ax.plot([0] * count, np.arange(count) + 1, "X", color=style.VERMILLION, ms=7, mec="white", mew=0.5)
            else:
                ax.plot([place] * count, np.arange(count), "o", color=style.VERMILLION, mfc="white", ms=5, mew=1.1)
        margin = np.abs(places).min()
        gaps.append(margin)
        ax.set_title(f"{ratio}: margin {margin:.2f}" if margin else f"{ratio}: no margin, other sums are 0 too")
        ax.set(ylim=(-0.8, 5.0), yticks=())
        ax.spines["left"].set_visible(False)
    for x, text in ((-1.7, "hidden unit 2 is on"), (0, "both off"), (1.7, "hidden unit 1 is on")):
        axes[0].text(x, 5.0, text, ha="center", va="top", fontsize=style.SMALL, color=style.MUTED)
    axes[1].text(0, 5.0, "thresholds", ha="center", va="top", fontsize=style.SMALL, color=style.BLUE)
    apart = all(min_gap > threshold for min_gap in gaps[:-1])
    plots.headline(fig, f"With {RATIOS[0]} and {RATIOS[1]} only palindromes leave both hidden units off" if apart
                   else "The signed sums of three magnitudes")  # fmt: skip
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
