"""The figures of Experiment 1: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from backprop import plots
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, by_coding
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

GALLERY = 24
"""Networks in the gallery, three quarters of them solved; a fixed generator draws them from all of a kind."""


def figure_1(runs: Runs, values: Values) -> Figure:
    """The printed networks beside our closest and a typical one, by coding, in the orientation of RHW Fig. 1."""
    fig = plots.figure(plots.WIDE, 6.5)
    axes = fig.subplots(2, 3)
    coded = by_coding(runs)
    printed = [
        ("RHW Fig. 1", f"after {PRINTED_SWEEPS:,} sweeps", measures.FIGURE_1),
        ("PDP Fig. 9", "after changes case by case", _oriented(measures.PDP_FIGURE_9)),
    ]
    for row, (title, subtitle, layers) in zip(axes, printed, strict=True):
        _diagram(row[0], layers, title, subtitle)
    for row, label in zip(axes, reversed(coded), strict=False):
        run = coded[label]
        closest = values["variants"][run.variant]["closest"]
        for ax, title, key in ((row[1], "the closest", ""), (row[2], "a typical one", "typical_")):
            if closest:
                away = f"seed {closest[key + 'seed']}, {100 * closest[key + 'distance']:.0f} % away"
                _diagram(ax, _turned(run, closest[key + "seed"]), f"{title} of ours, targets {label}", away)
    for ax in axes.flat:
        if not ax.has_data():
            ax.set_axis_off()
    return fig


def one_network(runs: Runs, values: Values) -> Figure:
    """One network at the paper's sweep, as the report shows it live: its weights, E over sweeps, and all outputs."""
    fig = plots.figure(plots.COLUMN, 4.4)
    stories = values["stories"]
    if stories is None:
        _diagram(fig.add_subplot(), measures.FIGURE_1, "RHW Fig. 1", f"after {PRINTED_SWEEPS:,} sweeps")
        return fig
    settings = stories["start"]
    run = next(run for run in by_coding(runs).values() if list(run.protocol["targets"]) == settings["targets"])
    row = int(np.flatnonzero(run.table.seed == settings["seed"])[0])
    mark = int(run.arrays["kept_sweeps"][0])
    layer_1, layer_2 = (run.arrays[name][row, 0].astype(float) for name in ("layer_1", "layer_2"))
    axes = fig.subplot_mosaic("we\nwo", width_ratios=(1.4, 1), height_ratios=(1, 1.4))
    _diagram(axes["w"], (layer_1, layer_2), f"seed {settings['seed']}", f"after {mark:,} sweeps")
    ax, shown = axes["e"], run.arrays["error_sweeps"] <= mark
    ax.semilogy(run.arrays["error_sweeps"][shown], run.arrays["errors"][row][shown], color=plots.style.POSITIVE)
    ax.set(title="error E", xlabel="sweeps", xlim=(0, mark))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    plots.style.log_ticks(ax.yaxis)
    _outputs(axes["o"], measures.outputs(layer_1[None], layer_2[None], measures.cases())[0])
    return fig


def sweeps(runs: Runs, values: Values) -> Figure:
    """How many sweeps the networks take under each target coding; the paper's 1,425 is marked."""
    coded = by_coding(runs)
    fig = plots.figure(plots.COLUMN, 1.9 * len(coded) + 0.3)
    axes = np.atleast_1d(fig.subplots(len(coded), 1, sharex=True))
    for ax, (label, run) in zip(axes, coded.items(), strict=True):
        cap = run.protocol["sweeps"]
        plots.sweeps_distribution(ax, run.table["sweeps_0.5"], cap, mark=PRINTED_SWEEPS)
        ax.set_title(f"targets {label}")
        if ax is not axes[-1]:
            ax.set_xlabel("")
    return fig


def survival(runs: Runs, values: Values) -> Figure:
    """The share of networks still unsolved, for both codings and two criteria."""
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    groups = {}
    for label, run in by_coding(runs).items():
        cap, times = run.protocol["sweeps"], run.table["sweeps_0.5"]
        groups[f"targets {label}"] = (times.fillna(cap), times.notna())
    plots.survival_curves(ax, groups, cap=max(run.protocol["sweeps"] for run in runs.values()))
    ax.axvline(PRINTED_SWEEPS, color=plots.style.MUTED, lw=0.8, ls=":")
    ax.text(
        PRINTED_SWEEPS,
        ax.get_ylim()[1],
        f" {PRINTED_SWEEPS:,}",
        va="top",
        fontsize=plots.style.SMALL,
        color=plots.style.MUTED,
    )
    return fig


def ratios(runs: Runs, values: Values) -> Figure:
    """The two magnitude ratios of every solved network, under each coding, with the families named."""
    coded = by_coding(runs)
    fig = plots.figure(plots.WIDE if len(coded) > 1 else plots.COLUMN, 3.6)
    for ax, (label, run) in zip(np.atleast_1d(fig.subplots(1, len(coded))), coded.items(), strict=True):
        solved = run.table[run.table.solved]
        families = values["variants"][run.variant]["families"]
        centres = {f["name"]: (f["middle"], f["large"]) for f in families if f["name"] != "other"}
        plots.ratio_scatter(ax, solved.ratio_middle, solved.ratio_large, centres, list(solved.family), limit=6)
        ax.set_title(f"targets {label}")
    return fig


def gallery(runs: Runs, values: Values) -> Figure:
    """Hinton diagrams of random networks at the cap, solved and failed."""
    run = runs["paper"]
    rng = np.random.default_rng(1986)
    solved, failed = (np.flatnonzero(run.table.solved == state) for state in (True, False))
    want = min(GALLERY // 4, len(failed))
    chosen = [*_some(rng, solved, GALLERY - want), *_some(rng, failed, want)]
    weights = run.arrays["layer_1"][:, -1]
    fig = plots.figure(plots.COLUMN, 0.62 * np.ceil(len(chosen) / 6) + 0.1)
    plots.hinton_gallery(
        fig,
        [weights[i] for i in chosen],
        [f"seed {run.table.seed[i]}" for i in chosen],
        [bool(run.table.solved[i]) for i in chosen],
    )
    return fig


def errors(runs: Runs, values: Values) -> Figure:
    """E over sweeps for a sample of networks: plateaus, sudden drops, and curves that never drop."""
    run = runs["paper"]
    chosen = np.sort(np.random.default_rng(1986).permutation(len(run.table))[:120])
    fig, ax = plots.axes(plots.COLUMN, 3.2)
    solved = run.table.solved.to_numpy()[chosen]
    highlight = [int(np.flatnonzero(solved)[0])] if solved.any() else []
    highlight += [int(np.flatnonzero(~solved)[0])] if (~solved).any() else []
    plots.error_curves(ax, run.arrays["error_sweeps"], run.arrays["errors"][chosen].T, solved, highlight)
    return fig


def layouts(runs: Runs, values: Values) -> Figure:
    """How often each order of magnitudes occurs with each sign pattern in the family 1:2:4."""
    table = runs["paper"].table
    table = table[table.family == "1:2:4"]
    signs = ("+++", "++-", "+-+", "+--")
    orders = ("3-2-1", "3-1-2", "2-3-1", "1-3-2", "2-1-3", "1-2-3")
    counts = [[int(((table.order == o) & (table.signs == s)).sum()) for s in signs] for o in orders]
    fig, ax = plots.axes(0.66 * plots.COLUMN, 2.7)
    _counts(ax, np.array(counts), signs, [order.replace("3", "4") for order in orders])
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "one_network": one_network,
    "figure_1": figure_1,
    "sweeps": sweeps,
    "survival": survival,
    "ratios": ratios,
    "gallery": gallery,
    "errors": errors,
    "layouts": layouts,
}


def _outputs(ax: Axes, outputs: np.ndarray) -> None:
    """The outputs [64] of a network with six inputs: rows are left halves, columns mirrored right halves."""
    halves = [f"{half:03b}" for half in range(8)]
    columns = [int(half[::-1], 2) for half in halves]
    ax.imshow(outputs.reshape(8, 8)[:, columns], cmap="Blues", vmin=0, vmax=1.15)
    for place in range(8):
        ax.add_patch(Rectangle((place - 0.45, place - 0.45), 0.9, 0.9, fill=False, edgecolor=plots.style.INK, lw=1.2))
    ax.set_xticks(range(8), [half[::-1] for half in halves], rotation=90)
    ax.set_yticks(range(8), halves)
    ax.set(title="output for each input", xlabel="right half", ylabel="left half")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _turned(run: Run, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights of a seed at sweep 1,425, in the orientation that brings them closest to RHW Fig. 1."""
    row = int(np.flatnonzero(run.table.seed == seed)[0])
    return _oriented((run.arrays["layer_1"][row, 0].astype(float), run.arrays["layer_2"][row, 0].astype(float)))


def _oriented(layers: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The layers of one network in the orientation that brings them closest to RHW Fig. 1."""
    stacked = layers[0][None], layers[1][None]
    _, best = measures.distance_to(*stacked)
    layer_1, layer_2 = measures.apply_symmetry(*stacked, measures.symmetries()[best[0]])
    return layer_1[0], layer_2[0]


def _diagram(ax: Axes, layers: tuple[np.ndarray, np.ndarray], title: str, subtitle: str) -> None:
    layer_1, layer_2 = layers
    plots.network_diagram(
        ax, layer_1[:, :-1], layer_1[:, -1], layer_2[0, :-1], layer_2[0, -1], title, subtitle, largest=14.5
    )


def _some(rng: np.random.Generator, rows: np.ndarray, count: int) -> np.ndarray:
    return np.sort(rng.permutation(rows)[:count])


def _counts(ax: Axes, counts: np.ndarray, columns: Any, rows: Any) -> None:
    """Counts in shaded cells; the printed layout is framed."""
    ax.imshow(counts, cmap="Blues", vmin=0, vmax=max(1, counts.max()) * 1.6, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, f"{count}", ha="center", va="center")
    ax.set_xticks(range(len(columns)), [name.replace("-", "−") for name in columns])
    ax.set_yticks(range(len(rows)), [name.replace("-", " : ") for name in rows])
    ax.set_xlabel("signs of outer, middle, inner")
    ax.set_ylabel("outer : middle : inner")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    printed = (list(columns).index("+-+"), 1)
    corner = (printed[0] - 0.5, printed[1] - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=plots.style.VERMILLION, lw=1.6))
