"""The figures about learning case by case: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from backprop import plots
from backprop.experiments.online.analyse import NAMES, PRINTS, distances
from backprop.experiments.online.protocol import ORDERS, PDP_SWEEPS
from backprop.experiments.symmetry import measures
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def nearness(runs: Runs, values: Values) -> Figure:
    """The distance of networks of the family 1:2:4 to each printed network, over presentations."""
    fig = plots.figure(plots.WIDE, 3.1)
    for ax, (name, (_, mark)) in zip(fig.subplots(1, 2, sharey=True), PRINTS.items(), strict=True):
        ends = []
        for k, (variant, word) in enumerate(ORDERS.items()):
            if variant not in runs or not values["variants"][variant][name]["count"]:
                continue
            run = runs[variant]
            sweeps, away = run.arrays["kept_sweeps"], distances(run.arrays, name)
            away = away[(run.table.family == "1:2:4").to_numpy()]
            middle = np.median(away, axis=0)
            ax.fill_between(sweeps, *np.quantile(away, (0.05, 0.95), axis=0), color=style.SERIES[k], alpha=0.15, lw=0)
            ax.plot(sweeps, middle, color=style.SERIES[k], ls=style.DASHES[k], lw=1.3)
            ax.plot(sweeps, away.min(axis=0), color=style.SERIES[k], lw=0.7)
            ends.append(plots.End(float(sweeps[-1]), float(middle[-1]), word, style.SERIES[k]))
        ax.axvline(mark, color=style.MUTED, lw=0.8, ls=":")
        ax.text(
            mark, 1, f" {mark:,}", va="top", fontsize=style.SMALL, color=style.MUTED, transform=ax.get_xaxis_transform()
        )
        ax.set(title=f"distance to {NAMES[name]}", yscale="log", xlabel="presentations of each case")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g}%"))
        ax.margins(x=0)
        ax.grid(axis="y")
        if name == "figure_1":
            plots.EndLabels(ax, ends)
    return fig


def network(runs: Runs, values: Values) -> Figure:
    """PDP Fig. 9 beside our closest networks after as many presentations, in the same orientation."""
    fig = plots.figure(plots.WIDE, 3.7)
    axes = fig.subplots(1, 3)
    shown = [(NAMES["pdp"], "", measures.PDP_FIGURE_9)]
    for variant in ("paper", "batch"):
        near = values["variants"].get(variant, {"pdp": {"count": 0}})["pdp"]
        if near["count"]:
            run = runs[variant]
            row = int(np.flatnonzero(run.table.seed == near["at_mark_seed"])[0])
            column = int(np.argmin(np.abs(run.arrays["kept_sweeps"] - PDP_SWEEPS)))
            layers = [run.arrays[name][row, column][None].astype(float) for name in ("layer_1", "layer_2")]
            _, best = measures.distance_to(layers[0], layers[1], measures.PDP_FIGURE_9)
            turned = measures.apply_symmetry(layers[0], layers[1], measures.symmetries()[best[0]])
            away = f"seed {near['at_mark_seed']}, {plots.percent(near['at_mark_closest'])} away"
            title = "ours, case by case" if variant == "paper" else "ours, sweep by sweep"
            shown.append((title, away, (turned[0][0], turned[1][0])))
    for ax, (title, subtitle, (layer_1, layer_2)) in zip(axes, shown, strict=False):
        plots.network_diagram(
            ax, layer_1[:, :-1], layer_1[:, -1], layer_2[0, :-1], layer_2[0, -1], title, subtitle, largest=13.0
        )
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    return fig


def survival(runs: Runs, values: Values) -> Figure:
    """The share of networks that are unsolved, by the order of the cases."""
    fig, ax = plots.axes(plots.COLUMN, 2.6)
    groups = {}
    for variant, word in ORDERS.items():
        if variant in runs:
            times, cap = runs[variant].table.sweeps, runs[variant].protocol["sweeps"]
            groups[word] = (times.fillna(cap), times.notna())
    plots.survival_curves(ax, groups, cap=max(run.protocol["sweeps"] for run in runs.values()))
    ax.set_xlabel("presentations of each case")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "survival": survival,
    "nearness": nearness,
    "network": network,
}
