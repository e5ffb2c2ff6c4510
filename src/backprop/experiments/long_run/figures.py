"""The figures of the long run: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from backprop import plots
from backprop.experiments.long_run.gaps import gap
from backprop.experiments.long_run.protocol import EXPERIMENT_1_SWEEPS
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, by_coding
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def survival(runs: Runs, values: Values) -> Figure:
    """The share of networks still unsolved, to the late cap, on a logarithmic axis of sweeps."""
    fig, ax = plots.axes(plots.COLUMN, 2.9)
    groups, cap = {}, 0
    for label, run in by_coding(runs).items():
        times = run.table["sweeps_0.5"]
        cap = max(cap, run.protocol["sweeps"])
        groups[f"targets {label}"] = (times.fillna(run.protocol["sweeps"]), times.notna())
    plots.survival_curves(ax, groups, cap=cap, log_time=True)
    for sweep, label in ((PRINTED_SWEEPS, "the paper"), (EXPERIMENT_1_SWEEPS, "Experiment 1 stops")):
        if sweep < cap:
            ax.axvline(sweep, color=style.MUTED, lw=0.8, ls=":")
            ax.text(sweep, 1.0, f" {label}", va="top", fontsize=style.SMALL, color=style.MUTED)
    return fig


def fates(runs: Runs, values: Values) -> Figure:
    """E over sweeps of networks unsolved when Experiment 1 stops: a plateau that ends, and levels that remain."""
    coded = by_coding(runs)
    fig = plots.figure(plots.WIDE if len(coded) > 1 else plots.COLUMN, 3.0)
    axes = np.atleast_1d(fig.subplots(1, len(coded), sharey=True))
    for ax, (label, run) in zip(axes, coded.items(), strict=True):
        plateau = values["variants"][run.variant]["plateau"]
        times = run.table["sweeps_0.5"]
        late = np.flatnonzero(times.isna() | (times > plateau["sweep"]))
        late = np.sort(np.random.default_rng(1986).permutation(late)[:100])
        solved = run.table.solved.to_numpy()[late]
        sweeps, errors = run.arrays["error_sweeps"], run.arrays["errors"][late].T
        start = sweeps >= 0.4 * plateau["sweep"]
        plots.error_curves(ax, sweeps[start], errors[start], solved, log_time=True)
        ax.set_title(f"targets {label}: unsolved after {plateau['sweep']:,} sweeps")
    return fig


def levels(runs: Runs, values: Values) -> Figure:
    """E of the failed networks at the cap, by the number of palindromes that they miss."""
    coded = {label: run for label, run in by_coding(runs).items() if not run.table.solved.all()}
    fig = plots.figure(plots.COLUMN, max(1.6, 2.2 * len(coded)))
    axes = np.atleast_1d(fig.subplots(max(1, len(coded)), 1))
    if not coded:
        axes[0].text(0.5, 0.5, "every network solved the task", ha="center", va="center")
        axes[0].set_axis_off()
    for ax, (label, run) in zip(axes, coded.items(), strict=False):
        failed = run.table[~run.table.solved & run.table.error_at_cap.notna()]
        edges = np.arange(np.floor(failed.error_at_cap.min() * 50), np.ceil(failed.error_at_cap.max() * 50) + 2) / 50
        bottom = np.zeros(len(edges) - 1)
        for k, (missed, members) in enumerate(failed.groupby("missed")):
            counts, _ = np.histogram(members.error_at_cap, edges)
            ax.bar(
                edges[:-1],
                counts,
                np.diff(edges),
                bottom,
                align="edge",
                color=style.SERIES[k % len(style.SERIES)],
                label=f"{missed} of 8 missed: {len(members)}",
            )
            bottom += counts
        ax.legend(title="palindromes", title_fontsize=style.SMALL, loc="upper left")
        ax.set_title(f"targets {label}: the {len(failed)} that never solve it")
        ax.set(xlabel=f"E after {run.protocol['sweeps']:,} sweeps", ylabel="networks")
    return fig


def knocks(runs: Runs, values: Values) -> Figure:
    """Failed networks that are displaced: the shares that solve the task, and that return to the same E."""
    fig, ax = plots.axes(plots.COLUMN, 2.7)
    groups, sizes = {}, [0.01, 1.0]
    for label, run in by_coding(runs).items():
        rows = values["variants"][run.variant]["knocks"]
        if rows and rows[0]["solved"]["n"]:
            sizes = [row["size"] for row in rows]
            for key, word in (("back", "back at the same E"), ("solved", "solved")):
                bands = [[row[key][part] for row in rows] for part in ("rate", "low", "high")]
                groups[f"{word} ({label})"] = (bands[0], bands[1], bands[2])
    plots.rate_curves(
        ax, sizes, groups, xlabel="displacement, share of the norm of the weights", ylabel="failed networks"
    )
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0%}"))
    ax.set_xticks(sizes)
    ax.minorticks_off()
    return fig


def weights(runs: Runs, values: Values) -> Figure:
    """The norm of the weights over sweeps, under each coding."""
    fig, ax = plots.axes(plots.COLUMN, 2.7)
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
    return fig


def families(runs: Runs, values: Values) -> Figure:
    """The gap between half sums over the plane of ratios, its two maxima, and the solved networks."""
    fig, ax = plots.axes(0.82 * plots.WIDE, 4.2)
    middle, large = np.geomspace(0.97, 4.6, 420), np.geomspace(0.97, 9, 420)
    x, y = np.meshgrid(middle, large)
    height = np.where(y >= x, gap(x, y), np.nan)
    mesh = ax.pcolormesh(x, y, height, cmap="cividis", shading="nearest", rasterized=True, vmin=0, vmax=0.25)
    ax.contour(x, y, height, levels=[0.05, 0.1, 0.15, 0.2], colors="white", linewidths=0.5)
    for k, (label, run) in enumerate(by_coding(runs).items()):
        solved = run.table[run.table.solved]
        colour, marker = (style.VERMILLION, "white")[k % 2], "os"[k % 2]
        ax.scatter(
            solved.ratio_middle, solved.ratio_large, s=11, marker=marker, facecolor=colour, edgecolor=style.INK,
            lw=0.35, label=f"networks, targets {label}", zorder=4,
        )  # fmt: skip
    for summit in values["maxima"]:
        ax.scatter([summit["middle"]], [summit["large"]], s=170, facecolor="none", edgecolor="white", lw=1.4, zorder=5)
        ax.annotate(
            f"{summit['name']}\ngap {summit['gap']:.2f}", (summit["middle"], summit["large"]), (14, -2),
            textcoords="offset points", color="white", fontweight="bold", va="center", zorder=6,
        )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlim=(0.97, 4.6), ylim=(0.97, 9))
    ax.set(xlabel="middle / smallest magnitude", ylabel="largest / smallest magnitude")
    style.plain_ticks(ax.xaxis, (1, 1.5, 2, 3, 4))
    style.plain_ticks(ax.yaxis, (1, 1.5, 2, 3, 4, 6, 8))
    ax.minorticks_off()
    bar = fig.colorbar(mesh, ax=ax, label="smallest gap / largest magnitude", pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    ax.legend(loc="lower right", facecolor="white", frameon=True, edgecolor="none", framealpha=0.9)
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "survival": survival,
    "fates": fates,
    "levels": levels,
    "knocks": knocks,
    "weights": weights,
    "families": families,
}
