"""Figures of the family trees: RHW Figs. 2, 3 and 4 and ours, what is learned when, why it stalls, what learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from backprop import plots
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.analyse import activities, unit_weights
from backprop.experiments.family_trees.figure_4 import WEIGHTS
from backprop.experiments.family_trees.protocol import LATE, SEARCH, UNDECAYED
from backprop.experiments.family_trees.regimes import SHOWN
from backprop.experiments.family_trees.stall import STALLS
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

SMALL = 8.0
"""The smallest text of these figures, in points."""

ENCODED = 0.8
"""The title says that a unit encodes a feature if their correlation exceeds this."""

ASKED, ANSWER = style.BLUE, style.VERMILLION
"""Colours of the person and the relation that are asked for, and of the right answers."""


def task(runs: Runs, values: Values) -> Figure:
    """RHW Figs. 2 and 3: the trees, and the activity of every unit of one of our networks for the case shown there."""
    fig = plots.figure(plots.COLUMN, 3.45)
    upper, lower = fig.subplots(2, 1, height_ratios=(1.9, 2.6))
    _trees(upper)
    _activity(lower, runs, values)
    return fig


def _case() -> people.Case:
    return next(case for case in people.CASES if str(case) == SHOWN)


def _trees(ax: Axes) -> None:
    """Both trees at once, because they have the same shape: each box holds an English person and the Italian twin."""
    # by the places in Tree.people; a couple's persons are neighbours
    x = dict(zip((10, 2, 8, 3, 9, 4, 0, 6, 1, 7, 5, 11), (0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 2, 3), strict=True))
    rows = -people.FEATURES["generation"][:12]
    tree, case = people.ENGLISH, _case()
    for a, b in tree.couples:
        ax.plot([x[a], x[b]], [rows[a], rows[b]], color=style.RULE, lw=5, zorder=1, solid_capstyle="butt")
    for couple, child in tree.children:
        a, b = tree.couples[couple]
        ax.plot([(x[a] + x[b]) / 2, x[child]], [rows[a], rows[child]], color=style.MUTED, lw=0.8, zorder=0)
    for k, twins in enumerate(zip(tree.people, people.ITALIAN.people, strict=True)):
        colour = ASKED if k == case.person else ANSWER if k in case.answers else style.RULE
        ax.text(
            x[k], rows[k], "\n".join(twins), ha="center", va="center", fontsize=SMALL, linespacing=1.15,
            bbox={"facecolor": "white", "edgecolor": colour, "boxstyle": "round,pad=0.3",
                  "linewidth": 0.8 if colour == style.RULE else 1.8},
        )  # fmt: skip
    ax.set(
        xlim=(-0.5, 5.5), ylim=(-3.45, -0.55), title="Two families, one tree: each English person has an Italian twin"
    )
    ax.axis("off")


def _activity(ax: Axes, runs: Runs, values: Values) -> None:
    run, row = runs[LATE], values["variants"][LATE]["example"]
    case = _case()
    inputs, codes, twelve, six, outputs = activities(run.arrays["weights"][row], people.CASES.index(case))
    tree = len(people.ENGLISH.people)
    rows = (
        (6.9, 0, outputs[:tree]), (5.9, 0, outputs[tree:]), (4.6, 9, six), (3.4, 6, twelve),
        (2.2, 3, codes[: people.CODE]), (2.2, 15, codes[people.CODE :]),
        (0.2, 0, inputs[:tree]), (-0.8, 0, inputs[tree : 2 * tree]), (0.2, 14, inputs[2 * tree :]),
    )  # fmt: skip
    for y, x, activity in rows:
        for k, value in enumerate(activity):
            ax.add_patch(_square(x + k, y, 0.86, style.SHADE))
            ax.add_patch(_square(x + k, y, 0.86 * np.sqrt(value), style.INK))
    for answer in case.answers:
        ax.add_patch(Rectangle((answer - 0.5, 6.4), 1, 1, fill=False, edgecolor=ANSWER, lw=1.6))
    for y, text in (
        (6.9, "English"), (5.9, "Italian"), (4.6, "six units"), (3.4, "twelve units"),
        (2.2, "six + six units"), (0.2, "English"), (-0.8, "Italian"),
    ):  # fmt: skip
        ax.text(-1.0, y, text, ha="right", va="center", fontsize=SMALL)
    named = ", ".join(people.PEOPLE[answer] for answer in case.answers)
    ax.text(float(np.mean(case.answers)), 7.7, named, ha="center", va="bottom", fontsize=SMALL, color=ANSWER)
    person, relation = people.PEOPLE[case.person], people.RELATIONS[case.relation]
    for at, text in ((case.person, person), (14 + case.relation, relation)):
        ax.text(at, 0.75, text, ha="center", va="bottom", fontsize=SMALL, color=ASKED)
    others = np.delete(outputs, case.answers)
    right = outputs[list(case.answers)].min() > others.max()
    asks = f"Asked for {person}'s {relation}, one of our networks "
    ax.set(xlim=(-6.5, 26.5), ylim=(-1.5, 9), aspect="equal")
    ax.set_title(asks + ("has the right answers on" if right else "does not have both answers on top"))
    ax.axis("off")


def _square(x: float, y: float, side: float, colour: str) -> Rectangle:
    return Rectangle((x - side / 2, y - side / 2), side, side, color=colour, lw=0)


def learning(runs: Runs, values: Values) -> Figure:
    """The share of cases that are right over the sweeps: a network's own cases, and those held out."""
    fig, ax = plots.axes(plots.COLUMN, 2.15)
    variants, ends = values["variants"], []
    longest = max(own["cap"] for own in variants.values())
    ax.set_xscale("log")
    ax.set_xlim(max(1, longest / 300), longest)
    for name, colour in zip(("paper", SEARCH, UNDECAYED, LATE), style.SERIES, strict=False):
        arrays, label = runs[name].arrays, variants[name]["name"]
        kept = people.kept_in(arrays["held"])
        right, sweeps = arrays["right"][:, 1:], arrays["sweeps"][1:]
        own = (right & kept[:, None]).sum(2) / kept.sum(1)[:, None]
        # the line without decay is wide, because the one with late decay covers it until decay begins
        wide, alpha = (2.6, 0.5) if name == UNDECAYED else (0.0, 1.0)
        ax.plot(sweeps, own.mean(0), color=colour, lw=1.6 + wide, alpha=alpha)
        curves = [(own.mean(0), "own cases")]
        if own[:, -1].max() > 0:
            unseen = (right & ~kept[:, None]).sum(2) / np.maximum((~kept).sum(1), 1)[:, None]
            ax.plot(sweeps, unseen.mean(0), color=colour, lw=1.3 + wide, alpha=alpha, ls=style.DASHES[1])
            curves.append((unseen.mean(0), "held out"))
        for curve, which in curves:
            if sweeps[-1] == longest:
                ends.append(plots.End(sweeps[-1], curve[-1], f"{label}, {which}", colour))
            else:
                _label_inside(ax, sweeps, curve, label if which == "own cases" else which, colour)
    ax.set(xlabel="sweeps", ylabel="cases right", ylim=(-0.03, 1.03))
    style.log_ticks(ax.xaxis)
    style.percent_ticks(ax.yaxis)
    ax.tick_params(labelsize=SMALL)
    ax.axvline(values["decay_from"], color=style.MUTED, lw=0.8, ls=style.DASHES[2], zorder=1)
    ax.annotate(
        "late decay begins",
        (values["decay_from"], 0.03),
        (-3, 0),
        textcoords="offset points",
        ha="right",
        fontsize=SMALL,
    )
    ax.grid(axis="y")
    ax.set_title(_title_of_learning(variants))
    plots.EndLabels(ax, ends, size=SMALL)
    return fig


def _label_inside(ax: Axes, sweeps: np.ndarray, curve: np.ndarray, text: str, colour: str) -> None:
    """The label of a curve that ends early: left of it if it rises far, above its end if less, above it if flat."""
    half = int(np.argmax(curve >= curve[-1] / 2))
    at, offset, ha, va = (sweeps[half], curve[half]), (-6, 2), "right", "center"
    if curve[-1] < 0.1:
        at, offset, ha, va = (ax.get_xlim()[0], curve[-1]), (4, 4), "left", "bottom"
    elif curve[-1] < 0.7:
        at, offset, ha, va = (sweeps[-1], curve[-1]), (0, 5), "right", "bottom"
    ax.annotate(
        text, at, offset, textcoords="offset points", ha=ha, va=va, fontsize=SMALL, color=style.readable(colour)
    )


def _title_of_learning(variants: Mapping[str, Any]) -> str:
    stated, fast, patient = (variants[name]["learned"] for name in ("paper", SEARCH, LATE))
    if fast > 2 * stated and patient > 2 * stated:
        least = "nothing" if stated == 0 else "less"
        return f"A faster setting learns, and so does patience; the stated protocol learns {least}"
    if fast > 2 * stated:
        return "A faster setting learns more than the stated protocol"
    return "What three settings learn"


def stall(runs: Runs, values: Values) -> Figure:
    """Left, the spread of the outputs over the cases; right, the growth that curvature allows, before decay."""
    fig = plots.figure(plots.WIDE, 2.1)
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
    """RHW Fig. 4: for each feature the unit for persons that encodes it best, the paper's and one of ours."""
    run, row = runs[LATE], values["variants"][LATE]["example"]
    own = unit_weights(run.arrays["weights"][row : row + 1])[0]
    fig = plots.figure(plots.COLUMN, 2.4)
    alike = all(min(abs(pair["correlation"]), abs(pair["printed_correlation"])) > ENCODED for pair in values["pairs"])
    features = [pair["feature"] for pair in values["pairs"]]
    plots.headline(
        fig, f"In both networks single units encode {', '.join(features[:-1])} and {features[-1]}"
        if alike else "The units that encode each feature best",
    )  # fmt: skip
    grid = fig.subplots(len(values["pairs"]), 2)
    for axes, pair in zip(grid, values["pairs"], strict=True):
        turned = own[pair["ours"]] * np.sign(pair["correlation"] * pair["printed_correlation"])
        for ax, weights in zip(axes, (WEIGHTS[pair["printed"]], turned), strict=True):
            columns = people.ENGLISH.people if pair is values["pairs"][-1] else ()
            plots.hinton_diagram(ax, weights.reshape(2, 12), columns=columns, rows=("English", "twin"))
            ax.tick_params(labelsize=SMALL)
            ax.tick_params(axis="x", rotation=90)
        axes[0].set_title(f"{pair['feature']}: RHW Fig. 4, {_correlation(pair['printed_correlation'])}")
        axes[1].set_title(f"ours, {_correlation(pair['correlation'])}")
    return fig


def _correlation(value: float) -> str:
    return f"correlation {plots.number(abs(value), 2)}"


def finding(runs: Runs, values: Values) -> Figure:
    """The share of the learned cases that are right over the sweeps, as stated and with late decay."""
    fig, ax = plots.axes(plots.CARD, 1.35)
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
    "task": task,
    "learning": learning,
    "units": units,
    "stall": stall,
    "finding": finding,
}
