"""The figures about learning case by case: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from backprop import plots
from backprop.experiments.online.analyse import NAMES, PRINTS, distances
from backprop.experiments.online.findings import FAMILY
from backprop.experiments.online.protocol import ORDERS, PDP_SWEEPS
from backprop.experiments.symmetry import measures
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def nearness(runs: Runs, values: Values) -> Figure:
    """The distance of networks of the family 1:2:4 to each printed network, over presentations.

    The fixed order has its median and the range of 90 % of its networks; the other procedures share one grey range.
    """
    fig = plots.figure(plots.COLUMN, 2.2)
    axes = fig.subplots(1, 2, sharey=True)
    for ax, (name, (_, mark)) in zip(axes, PRINTS.items(), strict=True):
        away = {variant: _distances(runs[variant], name) for variant in ORDERS if variant in runs}
        for variants, colour in ((tuple(ORDERS)[1:], style.MUTED), (("paper",), style.BLUE)):
            own = [away[variant] for variant in variants if variant in away and len(away[variant])]
            if not own:
                continue
            sweeps = runs[variants[0]].arrays["kept_sweeps"]
            low = np.min([np.quantile(one, 0.05, axis=0) for one in own], axis=0)
            high = np.max([np.quantile(one, 0.95, axis=0) for one in own], axis=0)
            ax.fill_between(sweeps, low, high, color=colour, alpha=0.25, lw=0)
            ax.plot(sweeps, np.min([one.min(axis=0) for one in own], axis=0), color=colour, lw=0.8)
            if variants == ("paper",):
                ax.plot(sweeps, np.median(own[0], axis=0), color=colour, lw=1.5)
        ax.axvline(mark, color=style.INK, lw=0.8, ls=":")
        ax.text(
            mark, 1, f" {mark:,}", va="top", fontsize=style.SMALL, color=style.INK, transform=ax.get_xaxis_transform()
        )
        ax.set(title=_title(name, values), yscale="log", xlabel="presentations of each case")
        ax.xaxis.set_major_locator(MaxNLocator(4))
        plots.number_ticks(ax.xaxis)
        plots.percent_ticks(ax.yaxis)
        ax.margins(x=0)
        ax.grid(axis="y")
    axes[0].set_ylabel("distance to the printed weights")
    handles = [Line2D([], [], color=colour, lw=5, alpha=0.5, label=label) for colour, label in (
        (style.BLUE, ORDERS["paper"]), (style.MUTED, " and ".join(tuple(ORDERS.values())[1:])))]  # fmt: skip
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig


def _distances(run: Run, name: str) -> np.ndarray:
    """Distances to a printed network [networks of its family, kept sweeps]."""
    return distances(run.arrays, name)[(run.table.family == FAMILY).to_numpy()]


def _title(name: str, values: Values) -> str:
    """What the panel of one printed network shows."""
    rates = [own[name]["within"]["count"] for own in values["orders"]]
    near = f"{100 * values['rules']['near']:g}%"
    if rates[0] and not any(rates[1:]):
        return f"{NAMES[name]}: only the fixed order\ncomes within {near}"
    return f"{NAMES[name]}: some come within {near}" if any(rates) else f"{NAMES[name]}: none comes within {near}"


def network(runs: Runs, values: Values) -> Figure:
    """PDP Fig. 9 beside our closest network in fixed order after as many presentations, in the same orientation."""
    fig = plots.figure(plots.COLUMN, 2.8)
    axes = fig.subplots(1, 2)
    shown = [(NAMES["pdp"], "", measures.PDP_FIGURE_9)]
    near = values["variants"]["paper"]["pdp"]
    if near["count"]:
        run = runs["paper"]
        row = int(np.flatnonzero(run.table.seed == near["at_mark_seed"])[0])
        column = int(np.argmin(np.abs(run.arrays["kept_sweeps"] - PDP_SWEEPS)))
        layers = [run.arrays[name][row, column][None].astype(float) for name in ("layer_1", "layer_2")]
        _, best = measures.distance_to(layers[0], layers[1], measures.PDP_FIGURE_9)
        turned = measures.apply_symmetry(layers[0], layers[1], measures.symmetries()[best[0]])
        away = f"seed {near['at_mark_seed']}, {plots.percent(near['at_mark_closest'])} away"
        shown.append(("Ours, trained case by case in fixed order", away, (turned[0][0], turned[1][0])))
    for ax, (title, subtitle, (layer_1, layer_2)) in zip(axes, shown, strict=False):
        plots.network_diagram(
            ax, layer_1[:, :-1], layer_1[:, -1], layer_2[0, :-1], layer_2[0, -1], title, subtitle, largest=13.0, size=8
        )
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "nearness": nearness,
    "network": network,
}
