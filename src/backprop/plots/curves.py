"""Errors and losses over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import FuncFormatter

from backprop.plots.labels import End, EndLabels
from backprop.plots.style import (
    BLUE,
    DASHES,
    INK,
    SERIES,
    VERMILLION,
    log_ticks,
)


def error_curves(
    ax: Axes,
    sweeps: npt.ArrayLike,
    errors: npt.ArrayLike,
    solved: npt.ArrayLike,
    highlight: Sequence[int] = (),
    log: bool = True,
    log_time: bool = False,
    ylabel: str = "error E",
) -> None:
    """The error of each of many networks over the sweeps: plateaus, drops, and the ones that never drop.

    `sweeps` [records], `errors` [records, networks], `solved` [networks]: networks that solved the task are
    blue, the others vermillion and dashed. `highlight` lists columns to draw strongly. A gap is left where E
    is nan, and on the log axis where it is 0.
    """
    x, e, ok = np.asarray(sweeps, float), np.asarray(errors, float), np.asarray(solved, bool)
    log = log and bool(np.any(e > 0))  # matplotlib refuses a logarithmic axis without a positive number
    if log:
        e = np.where(e > 0, e, np.nan)
    many = max(1, ok.size)
    thin = np.setdiff1d(np.arange(ok.size), np.asarray(highlight, int))
    for state, colour, dash in ((True, BLUE, DASHES[0]), (False, VERMILLION, DASHES[1])):
        chosen = thin[ok[thin] == state]
        lines = [np.column_stack([x, e[:, k]]) for k in chosen if np.isfinite(e[:, k]).any()]
        alpha = float(np.clip(12 / max(1, chosen.size), 0.08, 0.55))
        ax.add_collection(LineCollection(lines, colors=colour, linewidths=0.7, alpha=alpha, rasterized=many > 150))
        for k in highlight:
            if ok[k] == state:
                ax.plot(x, e[:, k], color=colour, ls=dash, lw=1.4)
    ax.autoscale_view()
    if log:
        ax.set_yscale("log")
    if log_time:
        ax.set_xscale("log")
    if x.size:
        ax.set_xlim(float(x[x > 0].min(initial=x.max())) if log_time else x.min(), x.max())
    if log_time:
        log_ticks(ax.xaxis)
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
    ax.set(xlabel="sweeps", ylabel=ylabel)
    ends = []
    for state, colour, word in ((True, BLUE, "solved"), (False, VERMILLION, "not solved")):
        last = e[-1, ok == state] if e.size else np.empty(0)
        last = last[np.isfinite(last)]
        if np.any(ok == state):
            y = float(np.median(last)) if last.size else float(np.mean(ax.get_ylim()))
            ends.append(End(x[-1], y, f"{int(np.sum(ok == state)):,} {word}", colour))
    EndLabels(ax, ends)


def loss_curve(
    ax: Axes,
    steps: npt.ArrayLike,
    losses: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    xlabel: str = "epoch",
    ylabel: str = "loss",
    reference: float | None = None,
    reference_label: str = "",
    log: bool = True,
) -> None:
    """A loss over steps [k], or several, label to [k]; `reference` is a level to compare with, labelled."""
    at = np.asarray(steps, float)
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    ends = []
    for k, (label, loss) in enumerate(curves.items()):
        values = np.asarray(loss, float)
        ax.plot(at, values, color=SERIES[k % len(SERIES)], ls=DASHES[k % len(DASHES)], lw=1.4)
        known = np.flatnonzero(np.isfinite(values))
        if label and known.size:
            ends.append(End(at[known[-1]], values[known[-1]], label, SERIES[k % len(SERIES)]))
    if log:
        ax.set_yscale("log")
    if reference is not None:
        ax.axhline(reference, color=INK, lw=0.9, ls=DASHES[1], zorder=1)
        if at.size:
            ends.append(End(at[-1], reference, reference_label, INK))
    if at.size > 1:
        ax.set_xlim(at[0], at[-1])
    EndLabels(ax, ends)
    ax.grid(axis="y")
    ax.set(xlabel=xlabel, ylabel=ylabel)
