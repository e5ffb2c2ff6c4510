"""The figure of the five ways: one curve where five are drawn, and the rounding that is between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.five_ways.protocol import PLAIN, WAYS
from backprop.plots.style import BLACK, BLUE, DASHES, GREEN, INK, ORANGE, SMALL, VERMILLION
from backprop.results.variant import Run

Runs = Mapping[str, Run]

COLOURS = dict(zip(PLAIN, (BLACK, VERMILLION, ORANGE, BLUE, GREEN), strict=True))


def losses(runs: Runs, values: Mapping[str, Any]) -> Figure:
    """Left the losses of the first data set; right how far the versions are apart, relative to NumPy's loss."""
    made = plots.figure(plots.WIDE, 3.1)
    left, right = made.subplots(1, 2, width_ratios=(1.15, 1))
    found = dict(zip(WAYS, runs["paper"].arrays["losses"][0], strict=True))
    for k, way in enumerate(PLAIN):  # the widest first, so that all five can be seen on each other
        left.plot(_finite(found[way]), color=COLOURS[way], lw=5.5 - 1.1 * k, solid_capstyle="butt")
    ends = [_end(found["numpy"], "five ways", INK)]
    for way, name, dash in (
        ("adam", "Adam", DASHES[1]),
        ("library_descent", "library's start", DASHES[2]),
        ("library_adam", "the same, Adam", DASHES[3]),
    ):
        left.plot(_finite(found[way]), color="#666666", lw=1.2, ls=dash)
        ends.append(_end(found[way], name, "#666666"))
    left.set_yscale("log")
    left.set(xlabel="step", ylabel="summed squared error", title="Losses", xlim=(0, len(found["numpy"]) - 1))
    left.grid(axis="y")
    plots.EndLabels(left, ends)
    _apart(right, runs)
    return made


def _apart(ax: Axes, runs: Runs) -> None:
    for run in runs.values():
        precision = run.protocol["precision"]
        numpys = run.arrays["losses"][0, 0]
        tops = []
        for k, way in enumerate(PLAIN[1:], start=1):
            relative = np.abs(run.arrays["losses"][0, k] - numpys) / numpys
            relative[~(relative > 0)] = np.nan  # equal to the last bit: nothing to draw on a logarithmic axis
            ax.plot(relative, color=COLOURS[way], lw=0.9, ls=DASHES[0] if precision == "double" else DASHES[2],
                    label=way if run is next(iter(runs.values())) else None)  # fmt: skip
            tops.append(np.nanmax(relative, initial=0))
        if max(tops) > 0:
            ax.annotate(f"{precision} precision", (0, max(tops)), (4, 4), textcoords="offset points", fontsize=SMALL)
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="relative difference", title="Differences from NumPy's losses")
    ax.margins(y=0.12)
    ax.legend(loc="lower right", ncols=2)
    ax.grid(axis="y")


def _finite(losses: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(losses), losses, np.nan)


def _end(losses: np.ndarray, name: str, colour: str) -> plots.End:
    known = np.flatnonzero(np.isfinite(losses))
    return plots.End(float(known[-1]), float(losses[known[-1]]), name, colour)


FIGURES: dict[str, Callable[[Runs, Mapping[str, Any]], Figure]] = {"losses": losses}
