"""Errors and losses over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from backprop.plots.labels import End, EndLabels
from backprop.plots.style import BLUE, DASHES, INK, SERIES, VERMILLION, log_ticks, number_ticks


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
    """One curve per network: the error over the sweeps, with its plateaus and drops.

    `sweeps` is [records], `errors` is [records, networks] and `solved` is [networks]. Networks that solved the task
    are blue; the others are vermillion. `highlight` lists the columns of `errors` to draw with thick lines, dashed for
    a network that did not solve the task. A curve has a gap where E is nan and, on a logarithmic axis, where E is 0.
    `log` makes the error axis logarithmic, `log_time` the axis of sweeps.
    """
    x, e, ok = np.asarray(sweeps, float), np.asarray(errors, float), np.asarray(solved, bool)
    log = log and bool(np.any(e > 0))  # a logarithmic axis needs a positive number
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
        number_ticks(ax.xaxis)
    ax.set(xlabel="sweeps", ylabel=ylabel)
    ends = []
    for state, colour, label in ((True, BLUE, "solved"), (False, VERMILLION, "not solved")):
        last = e[-1, ok == state] if e.size else np.empty(0)
        last = last[np.isfinite(last)]
        if np.any(ok == state):
            y = float(np.median(last)) if last.size else float(np.mean(ax.get_ylim()))
            ends.append(End(x[-1], y, f"{int(np.sum(ok == state)):,} {label}", colour))
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
    """One loss curve over `steps` [k], or several.

    `losses` is [k], or maps a label to [k]. `reference` is a level for comparison: a horizontal line with the label
    `reference_label`. `log` makes the loss axis logarithmic.
    """
    x = np.asarray(steps, float)
    curves = losses if isinstance(losses, Mapping) else {"": losses}
    ends = []
    for k, (label, loss) in enumerate(curves.items()):
        values = np.asarray(loss, float)
        ax.plot(x, values, color=SERIES[k % len(SERIES)], ls=DASHES[k % len(DASHES)], lw=1.4)
        known = np.flatnonzero(np.isfinite(values))
        if label and known.size:
            ends.append(End(x[known[-1]], values[known[-1]], label, SERIES[k % len(SERIES)]))
    if log:
        ax.set_yscale("log")
    if reference is not None:
        ax.axhline(reference, color=INK, lw=0.9, ls=DASHES[1], zorder=1)
        if x.size:
            ends.append(End(x[-1], reference, reference_label, INK))
    if x.size > 1:
        ax.set_xlim(x[0], x[-1])
    EndLabels(ax, ends)
    ax.grid(axis="y")
    ax.set(xlabel=xlabel, ylabel=ylabel)
