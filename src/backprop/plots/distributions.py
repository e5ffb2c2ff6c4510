"""Learning times and weight families of many networks: histograms, survival curves and scatter plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from backprop.evidence.statistics import kaplan_meier
from backprop.plots.labels import End, EndLabels
from backprop.plots.style import (
    DASHES,
    MUTED,
    SERIES,
    SMALL,
    log_ticks,
    number_ticks,
    percent,
    percent_ticks,
)

Sample = tuple[npt.ArrayLike, npt.ArrayLike]


def survival_curves(
    ax: Axes,
    groups: Mapping[str, Sample],
    cap: float,
    log: bool = False,
    log_time: bool = False,
    at_risk: bool = False,
    level: float = 0.95,
) -> None:
    """Kaplan-Meier curves: the share of networks still unsolved over the sweeps, with pointwise log(-log) bands.

    `groups` maps a label to (times [n] in sweeps, observed [n] truth values), see `statistics.kaplan_meier`; empty
    groups are skipped. Labels are placed at the ends of the curves. `log` makes the axis of shares logarithmic,
    `log_time` the axis of sweeps. `at_risk` prints the number of unsolved, uncensored networks below each tick.
    `level` is the confidence level of the bands.
    """
    used = {label: (np.asarray(t, float), np.asarray(o, bool)) for label, (t, o) in groups.items() if np.size(t)}
    floor = 0.5 / max((t.size for t, _ in used.values()), default=1) if log else 0.0
    start = min((float(np.nanmin(t[o], initial=cap)) for t, o in used.values()), default=1.0) if log_time else 0.0
    start = max(start * 0.8, 1.0) if log_time else 0.0
    ends, lowest = [], 1.0
    for k, (label, (times, observed)) in enumerate(used.items()):
        colour, dash = SERIES[k % len(SERIES)], DASHES[k % len(DASHES)]
        curve = kaplan_meier(times, observed, level)
        by_cap = curve.times <= cap
        x = np.r_[start, curve.times[by_cap], cap]
        survival, low, high = (
            np.maximum(np.r_[1, s[by_cap], s[by_cap][-1] if by_cap.any() else 1], floor)
            for s in (curve.survival, curve.low, curve.high)
        )
        lowest = min(lowest, float(np.nanmin(low)))
        kept = _last_in_bins(np.log(x) if log_time else x)
        ax.fill_between(x[kept], low[kept], high[kept], step="post", color=colour, alpha=0.16, lw=0)
        ax.step(x, survival, where="post", color=colour, ls=dash, lw=1.4)
        ends.append(
            End(
                cap,
                float(survival[-1]),
                f"{label}  {percent(float(np.r_[1, curve.survival[by_cap]][-1]))}",
                colour,
            )
        )
    EndLabels(ax, ends)
    ax.set(xlabel="sweeps", ylabel="share of networks unsolved")
    if log:
        ax.set_yscale("log")
        ax.set_ylim(max(floor, 0.7 * lowest), 1.15)
    else:
        ax.set_ylim(0, 1.02)
    if log_time:
        ax.set_xscale("log")
    ax.set_xlim(start, cap)
    if log_time:
        log_ticks(ax.xaxis)
    else:
        number_ticks(ax.xaxis)
    percent_ticks(ax.yaxis)
    ax.grid(axis="y")
    if at_risk:
        _numbers_at_risk(ax, list(used.values()), cap)


def _last_in_bins(x: np.ndarray, bins: int = 600) -> np.ndarray:
    """Which points of a step function with thousands of steps to draw: the last of the ascending `x` in each bin."""
    bin_of = np.floor((x - x[0]) / max(x[-1] - x[0], 1e-9) * bins)
    return np.r_[True, bin_of[1:-1] < bin_of[2:], True] if x.size > 1 else np.array([True])


def _numbers_at_risk(ax: Axes, groups: Sequence[tuple[np.ndarray, np.ndarray]], cap: float) -> None:
    ticks = [t for t in ax.get_xticks() if ax.get_xlim()[0] <= t <= cap]
    ax.xaxis.labelpad = 3 + 10.5 * len(groups)
    for k, (times, _) in enumerate(groups):
        for tick in ticks:
            ax.annotate(
                f"{int(np.sum(times >= tick)):,}",
                (tick, 0),
                (0, -23 - 10.5 * k),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL,
                color=SERIES[k % len(SERIES)],
                annotation_clip=False,
            )
    ax.annotate(
        "unsolved:",
        (0, 0),
        (-14, -23),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=SMALL,
        color=MUTED,
        annotation_clip=False,
    )
