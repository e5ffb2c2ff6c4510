"""The figures of Experiment 1: pure functions of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.one_network import diagram, moments, one_network, task, trajectory
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, by_coding
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def figure_1(runs: Runs, values: Values) -> Figure:
    """The printed network beside a typical one of ours under each coding, in the orientation of RHW Fig. 1."""
    fig = plots.figure(plots.COLUMN, 3.15)
    axes = fig.subplots(1, 3)
    diagram(axes[0], measures.FIGURE_1, "RHW Fig. 1", f"after {PRINTED_SWEEPS:,} sweeps")
    coded = by_coding(runs)
    for ax, label in zip(axes[1:], reversed(coded), strict=False):
        closest = values["variants"][coded[label].variant]["closest"]
        if closest:
            seed, distance = closest["typical_seed"], closest["typical_distance"]
            diagram(
                ax,
                _turned(coded[label], seed),
                f"ours, targets {label}",
                f"seed {seed}, {plots.percent(distance)} away",
            )
    for ax in axes:
        if not ax.has_data():
            ax.set_axis_off()
    drawn = "The printed network and ours" if all(ax.has_data() for ax in axes[1:]) else "The printed network"
    plots.headline(fig, f"{drawn}: mirrored bits have opposite weights, in the ratio 1:2:4")
    return fig


def finding(runs: Runs, values: Values) -> Figure:
    """The two families: the median weights of a hidden unit, over its largest, and their share of the solved."""
    fig = plots.figure(plots.CARD, 1.35)
    axes = fig.subplots(1, 2, sharey=True)
    coded = by_coding(runs)
    for ax, name in zip(axes, ("1:2:4", "2:3:4"), strict=True):
        units = [_oriented_units(run, run.table.index[run.table.family == name]) for run in coded.values()]
        unit = np.concatenate(units)
        shares = [f["rate"] for run in coded.values() for f in values["variants"][run.variant]["families"]
                  if f["name"] == name]  # fmt: skip
        if len(unit):
            _bars(ax, np.median(unit, axis=0))
        share = " · ".join(plots.percent(share) for share in shares) or "none"
        ax.set_title(f"{name}\n", loc="center")
        ax.text(0.5, 1.02, share, transform=ax.transAxes, ha="center", va="bottom")
        ax.set(xlim=(-0.6, 5.6), ylim=(-1.1, 1.1))
        ax.axis("off")
    fig.supxlabel(f"of the solved, targets {' · '.join(coded)}", fontsize=style.SMALL)
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {
    "task": task,
    "finding": finding,
    "one_network": one_network,
    "trajectory": trajectory,
    "figure_1": figure_1,
    "moments": moments,
}


def _bars(ax: Axes, weights: Sequence[float]) -> None:
    """One hidden unit's six weights as bars about the mirror axis."""
    for x, weight in enumerate(weights):
        face, edge = (style.POSITIVE, style.POSITIVE) if weight > 0 else (style.NEGATIVE_FILL, style.NEGATIVE)
        ax.bar(x, weight, 0.62, color=face, edgecolor=edge, lw=0.7)
    ax.axhline(0, color=style.MUTED, lw=0.7, zorder=0)
    ax.axvline(2.5, color=style.MUTED, lw=0.8, ls=style.DASHES[1], zorder=0)


def _oriented_units(run: Run, rows: Any) -> np.ndarray:
    """The first hidden unit's six weights over its largest [networks, 6], each in the orientation of RHW Fig. 1."""
    turned = [_oriented((run.arrays["layer_1"][i, -1].astype(float), run.arrays["layer_2"][i, -1].astype(float)))[0]
              for i in rows]  # fmt: skip
    weights = np.array([unit[0, :-1] for unit in turned]).reshape(-1, 6)
    return weights / np.abs(weights).max(axis=1, keepdims=True)


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
