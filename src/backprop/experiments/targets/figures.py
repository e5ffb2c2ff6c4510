"""The figures about the targets of RHW Fig. 1: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.targets.analyse import gradient_norms
from backprop.experiments.targets.prints import NAMES
from backprop.experiments.targets.protocol import label
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def stationary(runs: Runs, values: Values) -> Figure:
    """The norm of the gradient at the printed weights against the targets, with the range due to rounding."""
    arrays = runs["paper"].arrays
    fig, ax = plots.axes(plots.COLUMN, 2.1)
    t = np.linspace(0, 0.2, 401)
    ends = []
    for k, (name, known) in enumerate(NAMES.items()):
        colour = style.SERIES[k]
        norm = gradient_norms(arrays["printed_gradients"][k][:, None], t)[0]
        low, high = np.quantile(gradient_norms(arrays["drawn_gradients"][k], t), (0.025, 0.975), axis=0)
        if k:  # as an outline, because two bands of different colours mix to a third one
            ax.plot(t, low, t, high, color=colour, lw=0.7, ls=style.DASHES[2])
        else:
            ax.fill_between(t, low, high, color=colour, alpha=0.18, lw=0)
        ax.plot(t, norm, color=colour, ls=style.DASHES[k])
        ends.append(plots.End(t[-1], norm[-1], known, colour))
        best = values["prints"][name]
        ax.plot([best["low"], best["high"]], [0.0042 * (1 - 0.22 * k)] * 2, color=colour, lw=4, solid_capstyle="butt")
    ax.annotate(
        "best t within the rounding", (values["prints"]["figure_1"]["high"], 0.0038), (8, 0),
        textcoords="offset points", va="center", fontsize=style.SMALL, color=style.MUTED,
    )  # fmt: skip
    plots.EndLabels(ax, ends)
    ax.set(yscale="log", xlim=(0, 0.2), ylim=(0.0025, 1), xlabel="target t for no palindrome; 1 − t for palindromes")
    ax.set_ylabel("|dE/dw| at the printed weights")
    style.log_ticks(ax.yaxis)
    ax.set_xticks(np.arange(5) * 0.05, labels=[label(t) for t in np.arange(5) * 0.05])
    ax.grid(axis="both")
    inside = values["points_inside"]
    ax.set_title("The printed weights fit targets .1 and .9" if inside else "The rounding leaves the targets open")
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The norm of the gradient at RHW Fig. 1 against the targets, small."""
    t = np.linspace(0, 0.2, 401)
    norm = gradient_norms(runs["paper"].arrays["printed_gradients"][0][:, None], t)[0]
    best = values["prints"]["figure_1"]
    fig, ax = plots.axes(plots.CARD, 1.35)
    ax.axvspan(best["low"], best["high"], color=style.SKY, alpha=0.35, lw=0)
    ax.plot(t, norm, color=style.BLUE)
    ax.set(xlim=(0, 0.2), ylim=(0, None), xticks=(0, 0.1, 0.2), xticklabels=("0/1", ".1/.9", ".2/.8"))
    ax.set(xlabel="targets", ylabel="gradient at the\nprinted weights", yticks=(0,))
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "stationary": stationary,
    "finding": finding,
}
