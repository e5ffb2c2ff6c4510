"""The figures of the line: what is recovered, the loss over both parameters, and the rate at which descent diverges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from backprop import plots
from backprop.evidence.formatting import power_of_ten
from backprop.plots.style import BLACK, BLUE, DASHES, INK, MARKERS, MUTED, SMALL, VERMILLION
from backprop.results.variant import Run

Runs = Mapping[str, Run]

COLOURS = {"small": BLACK, "large": VERMILLION, "adam": BLUE}


def recovered(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """Left, the lab's points and the lines through them; right, the errors of all recovered lines."""
    fig = plots.figure(plots.WIDE, 3.0)
    left, right = fig.subplots(1, 2, width_ratios=(1.15, 1))
    _points(left, runs["paper"], values)
    _misses(right, runs["paper"], values)
    return fig


def landscape(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """The mean squared error over (a, b) as contours, with the path of every method."""
    arrays = runs["paper"].arrays
    fig, ax = plots.axes(plots.COLUMN, 3.0)
    plots.contours(
        ax, arrays["mesh_a"], arrays["mesh_b"], arrays["surface"], best=tuple(arrays["least_squares"][0]),
        label="mean squared error",
    )  # fmt: skip
    ax.set(xlabel="slope a", ylabel="intercept b")
    for k, (name, colour) in enumerate(COLOURS.items()):
        # the first step of the diverging path already leaves the plot; nothing more of it can be drawn
        path = arrays[name][0][: 2 if name == "large" else None]
        ax.plot(*path.T, color="white", lw=2.6, alpha=0.8, gid=plots.FIXED)
        ax.plot(*path.T, color=colour, lw=1.4, ls=DASHES[k], gid=plots.FIXED)
        _name_path(ax, name, path, values)
    ax.plot(*arrays["small"][0, 0], "o", mfc="white", mec=INK, ms=5, gid=plots.FIXED)
    ax.set_title("Descent takes the steep side first, then the flat valley")
    return fig


def losses(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """The mean squared error of the lab's own line after every step; left, what converges; right, what diverges."""
    arrays, protocol = runs["paper"].arrays, runs["paper"].protocol
    fig = plots.figure(plots.COLUMN, 2.6)
    left, right = fig.subplots(1, 2, width_ratios=(2, 1))
    best = float(np.mean((_line(arrays, *arrays["least_squares"][0]) - arrays["y"]) ** 2))
    for k, name in ((0, "small"), (2, "adam")):
        mse = arrays[f"{name}_mse"][0]
        left.plot(np.arange(len(mse)), mse, color=COLOURS[name], ls=DASHES[k], label=label(name, protocol))
    left.legend()
    left.axhline(best, color=MUTED, lw=0.9, ls=DASHES[1], zorder=0)
    left.annotate(
        "least squares", (0, best), (2, -4), textcoords="offset points", va="top", fontsize=SMALL, color=MUTED
    )
    left.set_ylim(0, None)
    left.set(xlabel="step", ylabel="mean squared error", title="Converging")
    mse = arrays["large_mse"][0]
    mse = mse[np.isfinite(mse)]
    right.plot(np.arange(len(mse)), mse, color=COLOURS["large"], marker="o", ms=2.5)
    right.set_yscale("log")
    right.annotate(label("large", protocol), (0.06, 0.92), xycoords="axes fraction", fontsize=SMALL,
                   color=COLOURS["large"])  # fmt: skip
    right.set(xlabel="step", title="Diverging")
    right.grid(axis="y")
    return fig


def limit(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """Distance to least squares after many steps over the learning rate: it decreases, and above 2/λ it explodes."""
    arrays, bounds = runs["paper"].arrays, values["limit"]
    fig, ax = plots.axes(plots.COLUMN, 2.7)
    rates, distances = arrays["rates"], np.maximum(arrays["rate_distances"], 1e-16)
    floor, ceiling = 1e-16, 1e12  # rounding below, hundreds of orders of magnitude above
    ax.plot(rates, distances, color=BLUE, marker="o", ms=2.4, lw=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(floor / 10, ceiling)
    start = float(np.linalg.norm(arrays["small"][0, 0] - arrays["least_squares"][0]))
    ax.axhline(start, color=MUTED, lw=0.8, ls=DASHES[2], zorder=0)
    ax.annotate("initial distance", (rates[0], start), (2, 3), textcoords="offset points", fontsize=SMALL, color=MUTED)
    ax.axvline(bounds["limit"], color=VERMILLION, ls=DASHES[1], lw=1.2)
    ax.annotate("2/λ: the limit", (bounds["limit"], 0.97), (-4, 0), xycoords=("data", "axes fraction"), ha="right",
                va="top", textcoords="offset points", fontsize=SMALL, color=VERMILLION)  # fmt: skip
    for name in ("small", "large"):
        rate = values["rates"][name]
        text = f"lab 002: {np.format_float_positional(rate, trim='-')}"
        at = int(np.argmin(np.abs(np.log(rates / rate))))
        if distances[at] < ceiling:
            ax.plot(rates[at], distances[at], MARKERS[1], color=INK, ms=5)
            ax.annotate(text, (rates[at], distances[at]), (-4, -10), ha="right", textcoords="offset points",
                        fontsize=SMALL)  # fmt: skip
        else:
            power = f"\n{power_of_ten(round(np.log10(distances[at])))}" if np.isfinite(distances[at]) else ""
            ax.annotate(text + power, (rate, 0.97), (0, -26), xycoords=("data", "axes fraction"), ha="right",
                        textcoords="offset points", fontsize=SMALL, va="top",
                        arrowprops={"arrowstyle": "->", "color": INK, "lw": 0.8})  # fmt: skip
    ax.set(xlabel="learning rate on the summed error", ylabel=f"distance after {bounds['scan_steps']} steps")
    ax.grid(axis="y")
    return fig


def label(name: str, protocol: Mapping[str, Any]) -> str:
    """A method with its rate: "descent, rate 0.00001"."""
    rate = np.format_float_positional(protocol[f"{name}_rate"], trim="-")
    return f"{'Adam' if name == 'adam' else 'descent'}, rate {rate}"


def _points(ax: Axes, run: Run, values: Mapping[str, Any]) -> None:
    arrays = run.arrays
    x, y = arrays["x"], arrays["y"]
    ax.scatter(x, y, s=1.5, color=MUTED, alpha=0.25, lw=0, rasterized=True)
    ends = x[[0, -1]]
    for k, (name, (a, b), colour, width) in enumerate(
        (
            ("true line", arrays["truth"][0], INK, 3.6),
            ("descent", arrays["small"][0, -1], "#E69F00", 1.9),
            ("Adam", arrays["adam"][0, -1], BLUE, 1.1),
        )
    ):
        ax.plot(ends, a * ends + b, color=colour, lw=width, ls=DASHES[k and k], label=name)
    ax.legend(loc="upper right", handlelength=2.2)
    ax.set(xlabel="x", ylabel="y", title="The lab's data set")


def _misses(ax: Axes, run: Run, values: Mapping[str, Any]) -> None:
    precision = values["precision"]
    for factor, style in ((1.517, 0.9), (2.448, 0.9)):  # 68.3% and 95% of a normal distribution over two numbers
        ax.add_patch(Ellipse((0, 0), 2 * factor * precision["a"], 2 * factor * precision["b"], fill=False, ec=INK,
                             lw=style, ls=DASHES[1]))  # fmt: skip
    for name, marker, colour, size, fill in (
        ("least_squares", "o", BLACK, 16, "none"),
        ("small", "x", "#E69F00", 9, None),
        ("adam", ".", BLUE, 7, None),
    ):
        rows = run.table[run.table.method == name]
        text = {"least_squares": "least squares", "small": "descent", "adam": "Adam"}[name]
        if fill:
            ax.scatter(rows.error_a, rows.error_b, s=size, marker=marker, facecolors=fill, edgecolors=colour, lw=0.5,
                       label=text)  # fmt: skip
        else:
            ax.scatter(rows.error_a, rows.error_b, s=size, marker=marker, color=colour, lw=0.7, label=text)
    ax.set(xlabel="recovered minus true slope", ylabel="recovered minus true intercept")
    ax.set_title(f"{values['lines']} lines")
    reach = 3.6
    ax.set_xlim(-reach * precision["a"], reach * precision["a"])
    ax.set_ylim(-reach * precision["b"], 1.35 * reach * precision["b"])
    ax.legend(loc="upper right", ncols=3, columnspacing=0.8, handletextpad=0.1)


def _name_path(ax: Axes, name: str, path: np.ndarray, values: Mapping[str, Any]) -> None:
    (low, high), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    fine = np.linspace(path[0], path[1], 200) if name == "large" else path
    inside = fine[(fine[:, 0] > low) & (fine[:, 0] < high) & (fine[:, 1] > bottom) & (fine[:, 1] < top)]
    if not len(inside):  # the path diverges so fast that no point of it is in the plot
        return
    share, place, align = {
        "small": (0.08, (-6, 8), "right"),
        "adam": (0.3, (8, 2), "left"),
        "large": (0.97, (0, -22), "left"),
    }[name]
    text = {"small": "descent", "adam": "Adam", "large": f"rate {values['rates']['large']:g}:\nleaves the plot"}[name]
    ax.annotate(
        text, tuple(inside[int(share * (len(inside) - 1))]), place, textcoords="offset points", fontsize=SMALL,
        color=COLOURS[name], fontweight="bold", ha=align,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8, "gid": plots.FIXED}, gid=plots.FIXED,
    )  # fmt: skip


def _line(arrays: Mapping[str, np.ndarray], a: float, b: float) -> np.ndarray:
    return a * arrays["x"] + b


FIGURES: dict[str, Callable[[Runs, Mapping[str, Any]], Figure]] = {
    "recovered": recovered,
    "landscape": landscape,
    "losses": losses,
    "limit": limit,
}
