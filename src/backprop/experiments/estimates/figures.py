"""The figures of the gradient estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.choices import ESTIMATORS
from backprop.evidence.formatting import significant
from backprop.experiments.estimates.analyse import expected_cosine
from backprop.plots.labels import End, EndLabels
from backprop.plots.style import DASHES, INK, MARKERS, MUTED, SERIES, SMALL
from backprop.results.variant import Run

LABELS = {
    "plain": "as the lab writes it",
    "baseline": "mean subtracted",
    "antithetic": "pairs w ± v",
    "ranks": "ranks",
}


def slopes(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """The error of a finite difference against its step, in single and in double precision."""
    run = runs["paper"]
    fig = plots.figure(plots.COLUMN, 2.9)
    left, right = fig.subplots(1, 2, sharey=True)
    steps, error = run.arrays["steps"], np.median(run.arrays["slope_error"], 0)
    for k, (ax, title, power) in enumerate(((left, "Forward: one more loss", 1), (right, "Central: two losses", 2))):
        for p, (name, colour) in enumerate((("single", SERIES[1]), ("double", SERIES[0]))):
            curve = np.where(error[k, p] == 1, np.nan, error[k, p])  # exactly 1: rounding removed the step
            ax.plot(steps, curve, color=colour, ls=DASHES[p], marker=MARKERS[p], ms=2.6, lw=1.1)
            end = int(np.flatnonzero(np.isfinite(curve))[0])  # the floors themselves would hide in the other curve
            ax.annotate(
                f"{name} precision\nleast error {significant(error[k, p].min(), 1)}", (steps[end], curve[end]), (5, 4),
                textcoords="offset points", va="bottom", fontsize=SMALL, color=colour, linespacing=1.1,
            )  # fmt: skip
        guide = np.array([3e-3, 3.0])
        anchor = error[k, 1, np.abs(steps - 0.1).argmin()] / 0.1**power
        ax.plot(guide, 0.12 * anchor * guide**power, color=MUTED, lw=0.8, ls=DASHES[2])
        ax.annotate(f"~ h{'²' if power == 2 else ''}", (guide[0], 0.12 * anchor * guide[0] ** power), (6, 2),
                    textcoords="offset points", fontsize=SMALL, color=MUTED, va="top", ha="left")  # fmt: skip
        ax.set(xscale="log", yscale="log", title=title, xlabel="step h", ylim=(1e-12, 1e4))
        ax.grid(axis="y")
    left.set_ylabel("error / typical slope")
    return fig


def cosine_samples(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Cosine against samples for networks of every size, with the curves of theory."""
    table = runs["paper"].table
    table = table[table.study == "samples"]
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    ends = []
    grid = np.geomspace(table.samples.min(), table.samples.max() * 1.05, 200)
    for k, (d, rows) in enumerate(table.groupby("parameters")):
        curve = expected_cosine("baseline", grid, float(d))  # type: ignore[arg-type]
        ax.plot(grid, curve, color=SERIES[k], lw=1.0)
        jitter = 1 + 0.02 * (rows.seed.rank(method="dense") - rows.seed.nunique() / 2)
        ax.plot(rows.samples * jitter, rows.cosine.clip(lower=1e-3), ls="", marker=MARKERS[k], ms=3, mfc="none",
                mew=0.8, color=SERIES[k])  # fmt: skip
        ends.append(End(grid[-1], float(np.asarray(curve)[-1]), f"d = {d:,}", SERIES[k]))
    ax.set(xscale="log", yscale="log", ylim=(1e-3, 1.4), xlabel="loss evaluations N", ylabel="cosine with the gradient")
    ax.set_xlim(grid[0] * 0.85, grid[-1])
    plots.style.plain_ticks(ax.xaxis, sorted(set(table.samples)))
    plots.style.plain_ticks(ax.yaxis, (0.001, 0.01, 0.1, 1))
    ax.grid(axis="y")
    EndLabels(ax, ends)
    return fig


def cosine_sigma(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Cosine against sigma for the four estimators."""
    run = runs["paper"]
    table = run.table[run.table.study == "sigma"]
    fig, ax = plots.axes(plots.COLUMN, 2.8)
    ends = []
    for k, kind in enumerate(ESTIMATORS):
        mean = table[table.kind == kind].groupby("sigma").cosine.mean()
        ax.plot(mean.index, mean, color=SERIES[k], ls=DASHES[k], marker=MARKERS[k], ms=3, lw=1.2)
        ends.append(End(float(mean.index[-1]), float(mean.iloc[-1]), LABELS[kind], SERIES[k]))
    theory = table[table.kind.isin(["baseline", "antithetic"])].groupby("kind").expected.mean()
    for level in theory:
        ax.axhline(level, color=MUTED, lw=0.8, ls=DASHES[2], zorder=0)
    ax.annotate("dotted: theory for a linear loss", (0.02, 0.97), xycoords="axes fraction", fontsize=SMALL, color=MUTED,
                va="top")  # fmt: skip
    ax.axvline(run.protocol["sigma"], color=MUTED, lw=0.8, zorder=0)
    ax.annotate("the lab", (run.protocol["sigma"], 1), (0, 3), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", fontsize=SMALL, color=MUTED)  # fmt: skip
    ax.axhline(0, color=INK, lw=0.5)
    ax.set(xscale="log", xlabel="σ of the perturbations", ylabel="cosine with the gradient", ylim=(-0.05, 1))
    ax.grid(axis="y")
    EndLabels(ax, ends)
    return fig


FIGURES = {"slopes": slopes, "cosine_samples": cosine_samples, "cosine_sigma": cosine_sigma}
