"""The figure of the five ways: five losses that coincide, and the rounding differences between them."""

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
    """Left, losses on the first data set; right, differences between the versions, relative to the loss of NumPy."""
    fig = plots.figure(plots.WIDE, 3.1)
    left, right = fig.subplots(1, 2, width_ratios=(1.15, 1))
    losses_of = dict(zip(WAYS, runs["paper"].arrays["losses"][0], strict=True))
    for k, way in enumerate(PLAIN):  # from the widest to the narrowest line, so that all five are visible
        left.plot(_finite(losses_of[way]), color=COLOURS[way], lw=5.5 - 1.1 * k, solid_capstyle="butt")
    ends = [_end(losses_of["numpy"], "five ways", INK)]
    for way, name, dash in (
        ("adam", "Adam", DASHES[1]),
        ("library_descent", "default start", DASHES[2]),
        ("library_adam", "default start, Adam", DASHES[3]),
    ):
        left.plot(_finite(losses_of[way]), color="#666666", lw=1.2, ls=dash)
        ends.append(_end(losses_of[way], name, "#666666"))
    left.set_yscale("log")
    left.set(xlabel="step", ylabel="summed squared error", title="Losses", xlim=(0, len(losses_of["numpy"]) - 1))
    left.grid(axis="y")
    plots.EndLabels(left, ends)
    _differences(right, runs)
    return fig


def _differences(ax: Axes, runs: Runs) -> None:
    for run in runs.values():
        precision = run.protocol["precision"]
        reference = run.arrays["losses"][0, 0]
        tops = []
        for k, way in enumerate(PLAIN[1:], start=1):
            relative = np.abs(run.arrays["losses"][0, k] - reference) / reference
            relative[~(relative > 0)] = np.nan  # equal to the last bit: a logarithmic axis cannot show it
            ax.plot(relative, color=COLOURS[way], lw=0.9, ls=DASHES[0] if precision == "double" else DASHES[2],
                    label=way if run is next(iter(runs.values())) else None)  # fmt: skip
            tops.append(np.nanmax(relative, initial=0))
        if max(tops) > 0:
            ax.annotate(f"{precision} precision", (0, max(tops)), (4, 4), textcoords="offset points", fontsize=SMALL)
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel="relative difference", title="Differences from the losses of NumPy")
    ax.margins(y=0.12)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4, columnspacing=1, handlelength=1.2)
    ax.grid(axis="y")


def _finite(losses: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(losses), losses, np.nan)


def _end(losses: np.ndarray, name: str, colour: str) -> plots.End:
    known = np.flatnonzero(np.isfinite(losses))
    return plots.End(float(known[-1]), float(losses[known[-1]]), name, colour)


FIGURES: dict[str, Callable[[Runs, Mapping[str, Any]], Figure]] = {"losses": losses}
