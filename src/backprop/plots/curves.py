"""Errors and losses over time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from backprop.plots.labels import End, EndLabels
from backprop.plots.style import DASHES, INK, SERIES


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
