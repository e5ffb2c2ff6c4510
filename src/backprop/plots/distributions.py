"""Learning times and weight families of many networks: histograms, survival curves and scatter plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from backprop.evidence.statistics import kaplan_meier, quantile_of
from backprop.plots.labels import End, EndLabels
from backprop.plots.style import (
    BLUE,
    DASHES,
    INK,
    MUTED,
    SERIES,
    SMALL,
    VERMILLION,
    log_ticks,
    number_ticks,
    percent,
    percent_ticks,
)

Sample = tuple[npt.ArrayLike, npt.ArrayLike]


def sweeps_distribution(
    ax: Axes,
    first_sweeps: npt.ArrayLike,
    cap: float,
    mark: float | None = None,
    mark_label: str = "the paper",
    log: bool = False,
    bins: int = 60,
    top: float | None = None,
) -> None:
    """Histogram of the sweeps until each network met the criterion, with a separate bar for unsolved networks.

    `first_sweeps` is [n]: nan, a negative number or a number above `cap` means that the network was not solved by
    `cap` sweeps. `mark` draws a line at that many sweeps, labelled with the share of all networks solved by then;
    unsolved networks count as slower. `log` makes the axis of sweeps logarithmic. `top` is the count at which the axis
    of networks ends (default: just above the highest bar), so that several histograms can share it.
    """
    times = np.asarray(first_sweeps, float).ravel()
    solved = np.isfinite(times) & (times >= 0) & (times <= cap)
    learned = times[solved]
    low = max(float(learned.min() if learned.size else cap / 10), 1.0) if log else 0.0
    edges = np.geomspace(low * 0.95, cap, bins + 1) if log else np.linspace(low, cap, bins + 1)
    counts, _ = np.histogram(learned, edges)
    ax.stairs(counts, edges, fill=True, color=BLUE, alpha=0.85, lw=0)
    if log:
        ax.set_xscale("log")
        start, stop = cap * (cap / edges[0]) ** 0.05, cap * (cap / edges[0]) ** 0.1
    else:
        number_ticks(ax.xaxis)
        start, stop = cap * 1.05, cap * 1.1
    censored = times.size - learned.size
    top = top or max(float(counts.max(initial=1)), 1.0)
    if censored:
        # A tall bar of unsolved networks would flatten the histogram, so the bar is cut and labelled with its count.
        height = min(censored, 1.05 * top)
        ax.bar(
            start,
            height,
            stop - start,
            align="edge",
            color="white",
            edgecolor=VERMILLION,
            hatch="////",
            clip_on=False,
            lw=0.9,
        )
        if height < censored:
            for colour, width in ((VERMILLION, 4.4), ("white", 2.8)):
                span = np.array([start - 0.3 * (stop - start), stop + 0.3 * (stop - start)])
                tilt = np.array([0.92, 0.96]) * height
                ax.plot(span, tilt, color=colour, lw=width, solid_capstyle="butt", clip_on=False, zorder=3)
        ax.annotate(
            f"not solved\nby {cap:,.0f}:\n{censored:,}\n({percent(censored / times.size)})",
            (stop, height),
            (10, 0),
            textcoords="offset points",
            va="top",
            fontsize=SMALL,
            color=VERMILLION,
            annotation_clip=False,
        )
    ax.set_xlim(edges[0], stop if censored else cap)
    ax.set_ylim(0, 1.15 * top)
    if log:
        log_ticks(ax.xaxis)
    if mark is not None:
        share = quantile_of(mark, np.where(solved, times, cap), solved)
        ax.axvline(mark, ymax=0.97, color=INK, lw=1.1, ls=DASHES[1])
        late = mark > (np.sqrt(edges[0] * cap) if log else cap / 2)
        ax.annotate(
            f"{mark_label}: {mark:,.0f} sweeps" + ("" if share is None else f",\n{percent(share)} solved by then"),
            (mark, 1),
            (-4 if late else 4, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            fontsize=SMALL,
        )
    ax.set(xlabel="sweeps until solved", ylabel=f"networks (of {times.size:,})")


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
