"""Figures of the family trees: what is learned when, what the units encode, and which settings learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import unit_weights
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import NO_DECAY, SEARCH
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def learning(runs: Runs, values: Values) -> Figure:
    """Left, the share of cases that are right over the sweeps; right, how many cases held out are right at the cap."""
    fig = plots.figure(plots.WIDE, 2.8)
    left, right = fig.subplots(1, 2, width_ratios=(3, 2))
    ends = []
    for k, (name, label) in enumerate((("paper", "as stated"), (SEARCH, "best setting"))):
        run, colour = runs[name], style.SERIES[k]
        kept = people.kept_in(run.arrays["held"])
        known, sweeps = run.arrays["right"], run.arrays["sweeps"]
        own = (known & kept[:, None]).sum(2) / kept.sum(1)[:, None]
        unseen = (known & ~kept[:, None]).sum(2) / np.maximum((~kept).sum(1), 1)[:, None]
        low, high = np.quantile(own, (0.05, 0.95), axis=0)
        left.fill_between(sweeps, low, high, color=colour, alpha=0.16, lw=0)
        left.plot(sweeps, own.mean(0), color=colour, lw=1.5)
        ends.append(plots.End(sweeps[-1], own.mean(0)[-1], f"{label}: learned", colour))
        if own[:, -1].max() > 0:
            left.plot(sweeps, unseen.mean(0), color=colour, lw=1.3, ls=style.DASHES[1])
            ends.append(plots.End(sweeps[-1], unseen.mean(0)[-1], f"{label}: held out", colour))
    left.set(xlabel="sweeps", ylabel="cases right", ylim=(-0.02, 1.02), xlim=(0, sweeps[-1]))
    left.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    left.grid(axis="y")
    plots.EndLabels(left, ends)
    counts = [share["count"] for share in values["variants"][SEARCH]["unseen"]]
    right.bar(range(len(counts)), counts, color=style.BLUE, alpha=0.85, width=0.7)
    for k, count in enumerate(counts):
        right.annotate(str(count), (k, count), (0, 2), textcoords="offset points", ha="center", fontsize=style.SMALL)
    right.set(xlabel="cases held out that are right", ylabel="networks that learned all their cases")
    right.set_xticks(range(len(counts)))
    right.margins(y=0.15)
    return fig


def units(runs: Runs, values: Values) -> Figure:
    """The weights from the persons to the six units: those of RHW Fig. 4, and those of one of our networks."""
    run, row = runs[SEARCH], values["variants"][SEARCH]["example"]
    shown = [("RHW Fig. 4", WEIGHTS)]
    if row is not None:
        own = unit_weights(run.arrays["weights"][row : row + 1])[0]
        shown.append((f"ours, seed {run.arrays['seeds'][row]}", own))
    fig = plots.figure(plots.WIDE, 7.4)
    grid = fig.subplots(6, len(shown), squeeze=False)
    for column, (title, matrix) in zip(grid.T, shown, strict=True):
        for k, ax in enumerate(column):
            last = k == len(column) - 1
            names = [f"{english} / {italian}" for english, italian in
                     zip(people.ENGLISH.people, people.ITALIAN.people, strict=True)] if last else []  # fmt: skip
            plots.hinton_diagram(ax, matrix[k].reshape(2, 12), columns=names, rows=("English", "Italian"))
            ax.tick_params(labelsize=style.SMALL - 1)
            ax.tick_params(axis="x", rotation=90)
            ax.set_title(f"{title}: unit {k + 1}" if k == 0 else f"unit {k + 1}", fontsize=style.SMALL, loc="left")
    return fig


def features(runs: Runs, values: Values) -> Figure:
    """The highest correlation of a unit with each feature, network by network, beside those of RHW Fig. 4."""
    table = runs[SEARCH].table
    learned = table[table.learned == 1]
    fig, ax = plots.axes(plots.COLUMN, 2.8)
    columns = [*people.FEATURES, "twins"]
    jitter = np.random.default_rng(0).uniform(-0.22, 0.22, len(learned))
    for k, name in enumerate(columns):
        ax.plot(k + jitter, learned[name], ".", ms=4, color=style.BLUE, alpha=0.5)
        ax.hlines(values["printed"][name], k - 0.33, k + 0.33, color=style.VERMILLION, lw=1.8)
    ax.set_xticks(range(len(columns)), labels=[*people.FEATURES, "twins alike"])
    ax.set(ylim=(0, 1.02), ylabel="correlation")
    ax.grid(axis="y")
    last = len(columns) - 1
    plots.EndLabels(ax, [
        plots.End(last + 0.4, values["printed"]["twins"], "RHW Fig. 4", style.VERMILLION),
        *([plots.End(last + 0.4, float(learned.twins.median()), "our networks", style.BLUE)] if len(learned) else []),
    ])  # fmt: skip
    return fig


def search(runs: Runs, values: Values) -> Figure:
    """The share of cases learned, by the range of the initial weights and the multiple of the rates, for each decay."""
    fig = plots.figure(plots.WIDE, 2.5)
    for ax, name in zip(fig.subplots(1, 2), (SEARCH, NO_DECAY), strict=True):
        rows = values[name]["rows"]
        scales, ranges = (sorted({row[key] for row in rows}) for key in ("scale", "weight_range"))
        decay = rows[0]["decay"]
        at = {(row["weight_range"], row["scale"]): row["learned"] for row in rows}
        cells = [[at[w, s] for s in scales] for w in ranges]
        plots.heatmap(
            ax, cells, scales, ranges, "rates, times the paper's", "initial weights ±", "cases learned",
            limits=(0.0, 1.0), text=lambda v: f"{v:.0%}",
        )  # fmt: skip
        ax.set_title(f"decay {decay:.1%} per sweep" if decay else "no decay")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "learning": learning,
    "units": units,
    "features": features,
    "search": search,
}
