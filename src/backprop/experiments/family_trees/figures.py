"""Figures of the family trees: RHW Figs. 2, 3 and 4 with ours, what is learned when, why it stalls, what learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from backprop import plots
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import activities, unit_weights
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import EDGES, LATE, LATE_BIASES, NO_DECAY, SEARCH, UNDECAYED
from backprop.experiments.family_trees.regimes import SHOWN
from backprop.experiments.family_trees.stall import STALLS
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

SMALL = 8.0
"""The smallest text of these figures, in points."""


def trees(runs: Runs, values: Values) -> Figure:
    """RHW Fig. 2: the two families, drawn from the couples and children from which all cases follow."""
    fig = plots.figure(plots.WIDE, 3.6)
    # by the places in Tree.people; a couple's persons are neighbours
    x = dict(zip((10, 2, 8, 3, 9, 4, 0, 6, 1, 7, 5, 11), (0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 2, 3), strict=True))
    for ax, tree, name in zip(
        fig.subplots(2, 1), (people.ENGLISH, people.ITALIAN), ("English", "Italian"), strict=True
    ):
        rows = -people.FEATURES["generation"][:12]
        for a, b in tree.couples:
            ax.plot([x[a], x[b]], [rows[a], rows[b]], color=style.RULE, lw=5, zorder=1, solid_capstyle="butt")
        for couple, child in tree.children:
            a, b = tree.couples[couple]
            middle = (x[a] + x[b]) / 2
            ax.plot([middle, x[child]], [rows[a], rows[child]], color=style.MUTED, lw=0.8, zorder=0)
        for k, person in enumerate(tree.people):
            ax.text(
                x[k], rows[k], person, ha="center", va="center", fontsize=SMALL + 0.5,
                bbox={"facecolor": "white", "edgecolor": style.BLUE if tree.is_man(k) else style.VERMILLION,
                      "boxstyle": "round,pad=0.25", "linewidth": 0.8},
            )  # fmt: skip
        ax.set(xlim=(-0.6, 5.6), ylim=(-3.4, -0.6), title=name)
        ax.axis("off")
    return fig


def activity(runs: Runs, values: Values) -> Figure:
    """RHW Fig. 3: the activity of every unit of one of our networks for the case that the paper shows."""
    run, row = runs[LATE], values["variants"][LATE]["example"]
    case = [str(case) for case in people.CASES].index(SHOWN)
    inputs, codes, twelve, six, outputs = activities(run.arrays["weights"][row], case)
    fig, ax = plots.axes(plots.WIDE, 3.2)
    tree = len(people.ENGLISH.people)

    def squares(y: float, x: float, values_: np.ndarray) -> None:
        for k, value in enumerate(values_):
            ax.add_patch(_square(x + k, y, 0.86, style.SHADE))
            ax.add_patch(_square(x + k, y, 0.86 * np.sqrt(value), style.INK))

    squares(6.0, 0, outputs[:tree])
    squares(5.0, 0, outputs[tree:])
    squares(3.8, 9, six)
    squares(2.6, 6, twelve)
    squares(1.4, 3, codes[: people.CODE])
    squares(1.4, 15, codes[people.CODE :])
    squares(-0.3, 0, inputs[:tree])
    squares(-1.3, 0, inputs[tree : 2 * tree])
    squares(-0.3, 13, inputs[2 * tree :])
    for y, text in (
        (6.0, "English persons"), (5.0, "Italian persons"), (3.8, "six units"), (2.6, "twelve units"),
        (1.4, "six + six units"), (-0.3, "persons and relations"),
    ):  # fmt: skip
        ax.text(-1.0, y, text, ha="right", va="center", fontsize=SMALL)
    answers = people.CASES[case].answers
    ax.text(
        float(np.mean(answers)), 6.7, ", ".join(people.PEOPLE[answer] for answer in answers), ha="center",
        va="bottom", fontsize=SMALL, color=style.VERMILLION,
    )  # fmt: skip
    person, relation = SHOWN.split()
    for at, text in ((people.PEOPLE.index(person), person), (13 + people.RELATIONS.index(relation), relation)):
        ax.text(at, 0.22, text, ha="center", va="bottom", fontsize=SMALL, color=style.BLUE)
    ax.set(xlim=(-8, 26), ylim=(-1.9, 7.6), aspect="equal")
    ax.axis("off")
    return fig


def _square(x: float, y: float, side: float, colour: str) -> Rectangle:
    return Rectangle((x - side / 2, y - side / 2), side, side, color=colour, lw=0)


def learning(runs: Runs, values: Values) -> Figure:
    """The share of cases that are right over the sweeps: left within the stated sweeps, right at the stated rates."""
    fig = plots.figure(plots.WIDE, 3.1)
    left, right = fig.subplots(1, 2)
    _cases_right(left, runs, (("paper", "as stated"), (SEARCH, "best setting"), (EDGES[1], "edge, 10 ×")))
    learned = {name: values["variants"][name]["learned"] for name in ("paper", SEARCH, UNDECAYED)}
    higher = learned[SEARCH] > 2 * learned["paper"]
    left.set_title("Within the stated sweeps, higher rates learn" if higher else "The stated sweeps")
    _cases_right(right, runs, ((UNDECAYED, "no decay"), (LATE, "late decay"), (LATE_BIASES, "also biases")))
    patient = learned[UNDECAYED] > 2 * learned["paper"]
    right.set_title("At the stated rates, patience does" if patient else "The stated rates for longer")
    right.axvline(values["decay_from"], color=style.INK, lw=0.8, ls=style.DASHES[2], zorder=1)
    return fig


def _cases_right(ax: Axes, runs: Runs, shown: tuple[tuple[str, str], ...]) -> None:
    ends = []
    for (name, label), colour in zip(shown, style.SERIES, strict=False):
        arrays = runs[name].arrays
        kept = people.kept_in(arrays["held"])
        right, sweeps = arrays["right"], arrays["sweeps"]
        own = (right & kept[:, None]).sum(2) / kept.sum(1)[:, None]
        low, high = np.quantile(own, (0.05, 0.95), axis=0)
        ax.fill_between(sweeps, low, high, color=colour, alpha=0.16, lw=0)
        ax.plot(sweeps, own.mean(0), color=colour, lw=1.5)
        ends.append(plots.End(sweeps[-1], own.mean(0)[-1], label, colour))
        if own[:, -1].max() > 0:
            unseen = (right & ~kept[:, None]).sum(2) / np.maximum((~kept).sum(1), 1)[:, None]
            ax.plot(sweeps, unseen.mean(0), color=colour, lw=1.2, ls=style.DASHES[1])
            ends.append(plots.End(sweeps[-1], unseen.mean(0)[-1], f"{label}: held out", colour))
        ax.set_xlim(0, sweeps[-1])
    ax.set(xlabel="sweeps", ylabel="cases right", ylim=(-0.02, 1.02))
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.tick_params(labelsize=SMALL)
    ax.grid(axis="y")
    plots.EndLabels(ax, ends, size=SMALL)


def stall(runs: Runs, values: Values) -> Figure:
    """Left, the spread of the outputs over the cases; right, the growth that curvature allows, before decay."""
    fig = plots.figure(plots.WIDE, 3.1)
    left, right = fig.subplots(1, 2)
    numbers = values["stall"]
    labels = (
        f"stated, ±{numbers['paper']['weight_range']:g}",
        f"stated, ±{numbers[STALLS[1]]['weight_range']:g}",
        f"no decay, ±{numbers[STALLS[2]]['weight_range']:g}",
    )
    ends, rates = [], []
    last = numbers["paper"]["last_sweep"]
    for name, label, colour in zip(STALLS, labels, style.SERIES, strict=False):
        arrays = runs[name].arrays
        sweeps = arrays["sweeps"]
        inside = sweeps <= last
        spread = arrays["spread"][:, inside, -1].astype(float)
        low, middle, high = np.quantile(spread, (0.05, 0.5, 0.95), axis=0)
        left.fill_between(sweeps[inside], low, high, color=colour, alpha=0.16, lw=0)
        left.plot(sweeps[inside], middle, color=colour, lw=1.5)
        ends.append(plots.End(sweeps[inside][-1], middle[-1], label, colour))
        own = numbers[name]
        known = [(s, g) for s, g in zip(own["sweeps"], own["predicted"], strict=True) if g is not None]
        if known:
            decay = numbers["decay"] if name != STALLS[2] else 0.0
            at, growth = np.array(known).T
            right.plot(at, growth - np.log(1 - decay), color=colour, lw=1.5, marker="o", ms=3.5)
            rates.append(plots.End(at[-1], growth[-1] - np.log(1 - decay), label, colour))
    left.set_yscale("log")
    left.set(xlabel="sweeps", ylabel="standard deviation over cases", xlim=(0, last))
    alike = numbers["paper"]["spread"]["last"][-1] < numbers["paper"]["spread"]["first"][-1]
    left.set_title("With decay the answers become alike" if alike else "How much the answers differ")
    right.axhline(-np.log(1 - numbers["decay"]), color=style.INK, lw=1.0, ls=style.DASHES[1])
    right.set(xlabel="sweeps", ylabel="fastest growth per sweep", xlim=(0, last), ylim=(0, None))
    right.set_title("Growth must exceed the decay")
    rates.append(plots.End(last, -np.log(1 - numbers["decay"]), f"decay, {numbers['decay']:.1%}", style.INK))
    for ax, own_ends in ((left, ends), (right, rates)):
        ax.tick_params(labelsize=SMALL)
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.grid(axis="y")
        plots.EndLabels(ax, own_ends, size=SMALL)
    return fig


def units(runs: Runs, values: Values) -> Figure:
    """RHW Fig. 4: the weights from the persons to the six units, each beside the unit of ours that is most like it."""
    run, row = runs[LATE], values["variants"][LATE]["example"]
    own = unit_weights(run.arrays["weights"][row : row + 1])[0]
    fig = plots.figure(plots.WIDE, 7.6)
    grid = fig.subplots(6, 2)
    names = [f"{a} / {b}" for a, b in zip(people.ENGLISH.people, people.ITALIAN.people, strict=True)]
    for k, pair in enumerate(values["pairs"]):
        partner = own[pair["unit"]]
        for ax, weights in zip(grid[k], (WEIGHTS[k], partner), strict=True):
            columns = names if k == len(WEIGHTS) - 1 else []
            plots.hinton_diagram(ax, weights.reshape(2, 12), columns=columns, rows=("English", "Italian"))
            ax.tick_params(labelsize=SMALL)
            ax.tick_params(axis="x", rotation=90)
        grid[k, 0].set_title(f"RHW Fig. 4, unit {k + 1}", fontsize=SMALL + 0.5)
        grid[k, 1].set_title(
            f"ours, unit {pair['unit'] + 1}: correlation {plots.number(pair['correlation'], 2)}", fontsize=SMALL + 0.5
        )
    return fig


def features(runs: Runs, values: Values) -> Figure:
    """The highest correlation of a unit with each feature, network by network, in both regimes and in RHW Fig. 4."""
    fig, ax = plots.axes(plots.COLUMN, 3.2)
    columns = [*people.FEATURES, "twins"]
    last = len(columns) - 1
    ends = [plots.End(last + 0.42, values["printed"]["twins"], "RHW Fig. 4", style.INK)]
    generator = np.random.default_rng(0)
    for name, label, shift, colour in (
        (SEARCH, "best setting", -0.2, style.VERMILLION), (LATE, "late decay", 0.2, style.BLUE),
    ):  # fmt: skip
        table = runs[name].table
        learned = table[table.learned == 1]
        jitter = generator.uniform(-0.13, 0.13, len(learned))
        for k, feature in enumerate(columns):
            ax.plot(k + shift + jitter, learned[feature], ".", ms=4, color=colour, alpha=0.5)
        if len(learned):
            ends.append(plots.End(last + 0.42, float(learned.twins.median()), label, colour))
    for k, feature in enumerate(columns):
        ax.hlines(values["printed"][feature], k - 0.4, k + 0.4, color=style.INK, lw=1.6)
    ax.set_xticks(range(len(columns)), labels=[*people.FEATURES, "twins alike"])
    ax.tick_params(labelsize=SMALL)
    ax.set(ylim=(0, 1.02), ylabel="correlation")
    ax.set_title("Late decay sharpens the units" if values["sharper_late"] else "What the units encode")
    ax.grid(axis="y")
    plots.EndLabels(ax, ends, size=SMALL)
    return fig


def search(runs: Runs, values: Values) -> Figure:
    """The share of cases learned, by the range of the initial weights and the multiple of the rates, for each decay."""
    fig = plots.figure(plots.WIDE, 2.6)
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
        ax.tick_params(labelsize=SMALL)
        for text in ax.texts:
            text.set_fontsize(SMALL)
        ax.set_title(f"decay {decay:.1%} per sweep" if decay else "no decay")
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The share of the learned cases that are right over the sweeps, as stated and with late decay."""
    fig, ax = plots.axes(2.5, 1.55)
    for name, label, colour, height in (
        (LATE, "late decay", style.BLUE, 0.86),
        ("paper", "as stated", style.VERMILLION, 0.08),
    ):
        arrays = runs[name].arrays
        kept = people.kept_in(arrays["held"])
        right = (arrays["right"] & kept[:, None]).sum(2) / kept.sum(1)[:, None]
        ax.plot(arrays["sweeps"], right.mean(0), color=colour, lw=1.6)
        ax.text(0.03, height, label, transform=ax.transAxes, color=style.readable(colour))
    ax.set(xlabel="sweeps", ylabel="cases right", ylim=(-0.02, 1.05))
    ax.set(xscale="log", xlim=(10, runs[LATE].arrays["sweeps"][-1]))
    plots.percent_ticks(ax.yaxis)
    style.plain_ticks(ax.xaxis, (10, 100, 1000, 10_000))
    ax.grid(axis="y")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "trees": trees,
    "activity": activity,
    "learning": learning,
    "stall": stall,
    "units": units,
    "features": features,
    "search": search,
    "finding": finding,
}
