"""The figures about the targets of RHW Fig. 1: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.targets.analyse import gradient_norms
from backprop.experiments.targets.prints import NAMES
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

KINDS = {
    "hidden weights": ([*range(6), *range(7, 13)], style.BLUE, style.DASHES[0]),
    "hidden biases": ([6, 13], style.GREEN, style.DASHES[2]),
    "output weights": ([14, 15], style.VERMILLION, style.DASHES[1]),
    "output bias": ([16], style.PURPLE, style.DASHES[3]),
}
"""The 17 weights by kind: their indices in a flattened network, colour and dashes."""


def stationary(runs: Runs, values: Values) -> Figure:
    """The norm of the gradient at the printed weights against the targets, with the range due to rounding."""
    arrays = runs["paper"].arrays
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    t = np.linspace(0, 0.2, 401)
    ends = []
    for k, (name, label) in enumerate(NAMES.items()):
        colour = style.SERIES[k]
        norm = gradient_norms(arrays["printed_gradients"][k][:, None], t)[0]
        low, high = np.quantile(gradient_norms(arrays["drawn_gradients"][k], t), (0.025, 0.975), axis=0)
        ax.fill_between(t, low, high, color=colour, alpha=0.18, lw=0)
        ax.plot(t, norm, color=colour, ls=style.DASHES[k])
        ends.append(plots.End(t[-1], norm[-1], label, colour))
        best = values["prints"][name]
        ax.plot([best["low"], best["high"]], [0.0042 * (1 - 0.22 * k)] * 2, color=colour, lw=4, solid_capstyle="butt")
    ax.annotate(
        "targets within\nthe rounding", (values["prints"]["figure_1"]["high"], 0.0038), (8, 0),
        textcoords="offset points", va="center", fontsize=style.SMALL, color=style.MUTED,
    )  # fmt: skip
    plots.EndLabels(ax, ends)
    ax.set(yscale="log", xlim=(0, 0.2), ylim=(0.0025, 1), xlabel="target t for no palindrome; 1 − t for palindromes")
    ax.set_ylabel("|dE/dw| at the printed weights")
    style.log_ticks(ax.yaxis)
    ax.grid(axis="both")
    return fig


def gradients(runs: Runs, values: Values) -> Figure:
    """The gradient at RHW Fig. 1 under each coding, beside networks trained with it and rounded like the print."""
    run = runs["paper"]
    table = run.table[(run.table.margin == 0) & run.table.solved_at_mark]
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    codings = run.protocol["off_targets"]
    at_print = gradient_norms(run.arrays["printed_gradients"][0][:, None], np.array(codings))[0]
    rng = np.random.default_rng(1986)
    for place, t in enumerate(codings):
        chosen = table[table.off_target == t]
        across = place + rng.uniform(-0.2, 0.2, len(chosen))
        ax.scatter(across, chosen.gradient, s=7, color=style.BLUE, alpha=0.45, lw=0, rasterized=True, zorder=2)
        ax.plot([place - 0.36, place + 0.36], [at_print[place]] * 2, color=style.VERMILLION, lw=2.2, zorder=3)
    last = len(codings) - 0.64
    seen = table[table.off_target == codings[-1]].gradient
    ends = [plots.End(last, at_print[-1], NAMES["figure_1"], style.VERMILLION)]
    if len(seen):
        ends.append(plots.End(last, float(seen.median()), f"networks after\n{values['at_mark']:,} sweeps", style.BLUE))
    plots.EndLabels(ax, ends)
    ax.set_xticks(range(len(codings)), [f"{t:g}" for t in codings])
    ax.set(yscale="log", xlim=(-0.6, len(codings) - 0.5), ylabel="|dE/dw| under that coding")
    ax.set_xlabel("target t for no palindrome; 1 − t for palindromes")
    style.log_ticks(ax.yaxis)
    ax.grid(axis="y")
    return fig


def paths(runs: Runs, values: Values) -> Figure:
    """Every weight in training from RHW Fig. 1, under four codings."""
    arrays = runs["paper"].arrays
    targets, sweeps = arrays["path_targets"], arrays["path_sweeps"]
    shown = [int(np.argmin(np.abs(targets - t))) for t in (0, 0.05, 0.1, 0.15)]
    fig = plots.figure(plots.WIDE, 2.7)
    axes = fig.subplots(1, len(shown), sharey=True)
    later = sweeps > 0
    for ax, row in zip(axes, shown, strict=True):
        way = arrays["path"][0, row]
        for kind, (places, colour, dash) in KINDS.items():
            # a weight's growth is positive, whatever its sign
            growth = ((way - way[0]) * np.sign(way[0]))[:, places][later]
            lines = ax.plot(sweeps[later], growth, color=colour, ls=dash, lw=1.0)
            lines[0].set_label(kind)
        ax.axhline(0, color=style.INK, lw=0.6, zorder=0)
        ax.set(xscale="log", xlabel="sweeps from the print", title=f"targets {targets[row]:g} / {1 - targets[row]:g}")
        style.log_ticks(ax.xaxis)
        ax.grid(axis="y")
    axes[0].set_ylabel("growth of |weight|")
    axes[0].legend(loc="upper left", handlelength=2.2)
    return fig


def solved(runs: Runs, values: Values) -> Figure:
    """The share of networks that solve the task, by target."""
    fig, ax = plots.axes(plots.COLUMN, 2.7)
    rows = values["trained"]
    groups = {}
    for label, key in ((f"by sweep {values['cap']:,}", "solved"), (f"by sweep {values['at_mark']:,}", "at_mark")):
        bands = [[row[key][part] for row in rows] for part in ("rate", "low", "high")]
        groups[label] = (bands[0], bands[1], bands[2])
    plots.rate_curves(
        ax, [row["t"] for row in rows], groups, xlabel="target t for no palindrome; 1 − t for palindromes", log=False
    )
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The norm of the gradient at RHW Fig. 1 against the targets, small."""
    t = np.linspace(0, 0.2, 401)
    norm = gradient_norms(runs["paper"].arrays["printed_gradients"][0][:, None], t)[0]
    best = values["prints"]["figure_1"]
    fig, ax = plots.axes(2.5, 1.55)
    ax.axvspan(best["low"], best["high"], color=style.SKY, alpha=0.35, lw=0)
    ax.plot(t, norm, color=style.BLUE)
    ax.set(xlim=(0, 0.2), ylim=(0, None), xticks=(0, 0.1, 0.2), xticklabels=("0/1", ".1/.9", ".2/.8"))
    ax.set(xlabel="targets", ylabel="gradient\nat the print", yticks=(0,))
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "stationary": stationary,
    "gradients": gradients,
    "paths": paths,
    "solved": solved,
    "finding": finding,
}
