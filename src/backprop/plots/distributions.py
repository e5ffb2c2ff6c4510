"""Learning times and rates over many networks: histograms, survival curves, weight families, intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from backprop.evidence.statistics import kaplan_meier, quantile_of
from backprop.plots.labels import End, EndLabels
from backprop.plots.style import (
    BLUE,
    DASHES,
    INK,
    MARKERS,
    MUTED,
    SERIES,
    SMALL,
    VERMILLION,
    log_ticks,
    percent,
    plain_ticks,
)

Sample = tuple[npt.ArrayLike, npt.ArrayLike]


def sweeps_distribution(
    ax: Axes,
    first_sweeps: npt.ArrayLike,
    cap: float,
    mark: float | None = 1425,
    mark_label: str = "the paper",
    log: bool = False,
    bins: int = 60,
) -> None:
    """Histogram of sweeps to criterion [n]; networks unsolved by `cap` (nan, negative) get their own bar.

    A line at `mark` sweeps says which quantile of all networks that is, the unsolved counted as slower. `log`
    makes the sweeps logarithmic.
    """
    times = np.asarray(first_sweeps, float).ravel()
    solved = np.isfinite(times) & (times >= 0) & (times <= cap)
    inside = times[solved]
    low = max(float(inside.min() if inside.size else cap / 10), 1.0) if log else 0.0
    edges = np.geomspace(low * 0.95, cap, bins + 1) if log else np.linspace(low, cap, bins + 1)
    counts, _ = np.histogram(inside, edges)
    ax.stairs(counts, edges, fill=True, color=BLUE, alpha=0.85, lw=0)
    if log:
        ax.set_xscale("log")
        start, stop = cap * (cap / edges[0]) ** 0.05, cap * (cap / edges[0]) ** 0.1
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
        start, stop = cap * 1.05, cap * 1.1
    censored = times.size - inside.size
    top = max(float(counts.max(initial=1)), 1.0)
    if censored:
        # A tall censored bar would flatten the histogram: it is cut, and its count is written on it.
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
    """Kaplan-Meier curves: share of networks unsolved after so many sweeps, with pointwise log(-log) bands.

    `groups` maps a label to (times [n] in sweeps, observed [n] truth values); empty groups are left out.
    Labels stand at the ends of the curves. `log` and `log_time` make the share and the sweeps logarithmic;
    `at_risk` writes the number still unsolved and uncensored under the ticks.
    """
    used = {label: (np.asarray(t, float), np.asarray(o, bool)) for label, (t, o) in groups.items() if np.size(t)}
    floor = 0.5 / max((t.size for t, _ in used.values()), default=1) if log else 0.0
    start = min((float(np.nanmin(t[o], initial=cap)) for t, o in used.values()), default=1.0) if log_time else 0.0
    start = max(start * 0.8, 1.0) if log_time else 0.0
    ends, lowest = [], 1.0
    for k, (label, (times, observed)) in enumerate(used.items()):
        colour, dash = SERIES[k % len(SERIES)], DASHES[k % len(DASHES)]
        curve = kaplan_meier(times, observed, level)
        inside = curve.times <= cap
        x = np.r_[start, curve.times[inside], cap]
        survival, low, high = (
            np.maximum(np.r_[1, s[inside], s[inside][-1] if inside.any() else 1], floor)
            for s in (curve.survival, curve.low, curve.high)
        )
        lowest = min(lowest, float(np.nanmin(low)))
        drawn = _last_in_bins(np.log(x) if log_time else x)
        ax.fill_between(x[drawn], low[drawn], high[drawn], step="post", color=colour, alpha=0.16, lw=0)
        ax.step(x, survival, where="post", color=colour, ls=dash, lw=1.4)
        ends.append(
            End(
                cap,
                float(survival[-1]),
                f"{label}  {percent(float(np.r_[1, curve.survival[inside]][-1]))}",
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
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:,g}%"))
    ax.grid(axis="y")
    if at_risk:
        _numbers_at_risk(ax, list(used.values()), cap)


def _last_in_bins(x: np.ndarray, bins: int = 600) -> np.ndarray:
    """Which of the ascending x to draw of a step function with thousands of steps: the last in each of `bins`."""
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
                fontsize=SMALL - 0.5,
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
        fontsize=SMALL - 0.5,
        color=MUTED,
        annotation_clip=False,
    )


def ratio_scatter(
    ax: Axes,
    r1: npt.ArrayLike,
    r2: npt.ArrayLike,
    centres: Mapping[str, tuple[float, float]],
    family: Sequence[str] | None = None,
    xlabel: str = "middle / smallest magnitude",
    ylabel: str = "largest / smallest magnitude",
    limit: float | None = None,
) -> None:
    """Every network's two ratios of weight magnitudes [n] on log axes; families such as "1:2:4" are named.

    `centres` maps a family's label to its ideal (r1, r2), drawn as a ring with the label and, where `family`
    [n] gives each network's label ("" for none), the share of networks in it. Ratios beyond `limit` (default:
    twice the largest centre) stand on the border, so that none is lost silently; nan is left out.
    """
    x, y = np.asarray(r1, float), np.asarray(r2, float)
    limit = limit or 2 * max((max(c) for c in centres.values()), default=8)
    names = np.full(x.shape, "") if family is None else np.asarray(family)
    kept = np.isfinite(x) & np.isfinite(y)
    beyond = kept & ((x > limit) | (y > limit))
    x, y = np.clip(x, None, limit), np.clip(y, None, limit)
    many = x.size > 1500
    style = {
        "s": 7 if many else 13,
        "lw": 0,
        "alpha": 0.35 if many else 0.6,
        "rasterized": many,
        "clip_on": False,
    }
    other = kept & ~np.isin(names, list(centres))
    ax.scatter(x[other], y[other], color=MUTED, marker=".", **style)
    for k, (label, (cx, cy)) in enumerate(centres.items()):
        colour, chosen = SERIES[k % len(SERIES)], kept & (names == label)
        ax.scatter(x[chosen], y[chosen], color=colour, marker=MARKERS[k % len(MARKERS)], **style)
        ax.scatter([cx], [cy], s=90, facecolor="none", edgecolor=INK, lw=0.9, zorder=4)
        share = f"\n{percent(np.mean(names == label))}" if family is not None and x.size else ""
        ax.annotate(
            label + share,
            (cx, cy),
            (12, 0),
            textcoords="offset points",
            fontsize=SMALL,
            va="center",
            zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.7},
        )
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    ticks = [t for t in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32) if t <= limit]
    top = [min(1.0, float(np.min(v[kept], initial=1.0))) * 0.94 for v in (x, y)]
    plain_ticks(ax.xaxis, ticks)
    plain_ticks(ax.yaxis, ticks)
    ax.minorticks_off()
    ax.set(xlim=(top[0], limit * 1.02), ylim=(top[1], limit * 1.02))
    ax.grid(True)
    if beyond.any():
        ax.annotate(
            f"{int(beyond.sum()):,} beyond {limit:g}, drawn on the border",
            (1, 1),
            (0, 4),
            ha="right",
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=SMALL - 0.5,
            color=MUTED,
        )
