"""Rates and medians with their intervals, plotted over a parameter or for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from backprop.plots.labels import End, EndLabels, name_above
from backprop.plots.style import DASHES, MARKERS, MUTED, SERIES, log_ticks, percent_ticks

Band = tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]


def rate_curves(
    ax: Axes,
    x: npt.ArrayLike,
    groups: Mapping[str, Band],
    xlabel: str = "learning rate ε",
    ylabel: str = "networks that solve the task",
    log: bool = True,
    rate: bool = True,
    mark: float | None = None,
    mark_label: str = "the paper",
    name_ends: bool = True,
) -> None:
    """A rate or a median over a parameter `x` [k], one line per group with its shaded interval.

    `groups` maps a label to (value, low, high), each [k]; nan leaves a gap. Labels are placed at the right ends of the
    lines; without `name_ends` the caller adds a legend. `log` makes the x axis logarithmic. With `rate` the values are
    shares, on an axis from 0 to 100%. `mark` draws a vertical line at that x, labelled `mark_label`.
    """
    at = np.asarray(x, float)
    ends = []
    for k, (label, band) in enumerate(groups.items()):
        value, low, high = (np.asarray(v, float) for v in band)
        colour = SERIES[k % len(SERIES)]
        ax.fill_between(at, low, high, color=colour, alpha=0.16, lw=0)
        ax.plot(
            at,
            value,
            color=colour,
            ls=DASHES[k % len(DASHES)],
            marker=MARKERS[k % len(MARKERS)],
            ms=3.6,
            mfc="white" if k % 2 else colour,
            mew=1,
            lw=1.3,
            label=label,
        )
        known = np.flatnonzero(np.isfinite(value))
        if known.size and name_ends:
            ends.append(End(at[known[-1]], value[known[-1]], label, colour))
    if log:
        ax.set_xscale("log")
        log_ticks(ax.xaxis)
    if rate:
        ax.set_ylim(-0.02, 1.02)
        percent_ticks(ax.yaxis)
    if mark is not None:
        ax.axvline(mark, color=MUTED, lw=0.9, ls=DASHES[2], zorder=0)
        name_above(ax, mark, mark_label, MUTED)
    EndLabels(ax, ends)
    ax.grid(axis="y")
    ax.set(xlabel=xlabel, ylabel=ylabel)


def interval_dots(
    ax: Axes,
    labels: Sequence[str],
    estimate: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    groups: Sequence[str] = (),
    xlabel: str = "networks that solve the task",
    reference: float | None = None,
    log: bool = False,
    rate: bool = True,
) -> None:
    """A dot with its interval for each variant, one line per variant, the first at the top.

    `estimate`, `low` and `high` are [variants] or [variants, groups]; the groups of a variant share its line, slightly
    shifted. nan draws nothing. With `rate` the values are shares, on an axis from 0 to 100%. `reference` draws a
    vertical line. `log` makes the axis logarithmic.
    """
    middle, lower, upper = np.array([estimate, low, high], float).reshape(3, len(labels), -1 if labels else 1)
    count = middle.shape[1]
    rows = np.arange(len(labels))
    shifts = (np.arange(count) - (count - 1) / 2) * min(0.3, 0.75 / max(count, 1))
    for row in rows[1::2]:
        ax.axhspan(row - 0.5, row + 0.5, color="#f7f6f4", lw=0, zorder=0)
    for k in range(count):
        colour = SERIES[k % len(SERIES)]
        ax.hlines(rows + shifts[k], lower[:, k], upper[:, k], color=colour, lw=1.6, zorder=2)
        ax.plot(
            middle[:, k],
            rows + shifts[k],
            MARKERS[k % len(MARKERS)],
            color=colour,
            ms=4.6,
            mew=1.1,
            zorder=3,
            mfc=colour if k % 2 == 0 else "white",
            label=groups[k] if k < len(groups) else None,
            clip_on=False,
        )
    if reference is not None:
        ax.axvline(reference, color=MUTED, lw=0.8, ls=DASHES[1], zorder=1)
    ax.set_yticks(rows, labels=list(labels))
    ax.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x")
    ax.set_xlabel(xlabel)
    if log:
        ax.set_xscale("log")
        log_ticks(ax.xaxis)
    elif rate:
        ax.set_xlim(0, 1)
        percent_ticks(ax.xaxis)
    if groups:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=len(groups),
            handletextpad=0.2,
            columnspacing=1.4,
            borderaxespad=0.2,
        )
