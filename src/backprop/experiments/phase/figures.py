"""The phase diagram: two maps per coding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def solved(runs: Runs, values: Values) -> Figure:
    """The share of networks that solve the task, by learning rate and momentum, with lines of constant step."""
    fig = _maps(values, "solved", "share solved", limits=(0.0, 1.0))
    for ax, own in zip(fig.axes, by_coding(values["variants"]).values(), strict=False):
        for step in own["band"]["steps"] if own["band"] else ():
            _line_of_constant_step(ax, step, own["epsilons"], own["alphas"])
    return fig


def sweeps(runs: Runs, values: Values) -> Figure:
    """The median number of sweeps, hatched where fewer than half of the networks solve the task by the cap."""
    return _maps(values, "median", "median sweeps", log=True, cmap="cividis_r")


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"solved": solved, "sweeps": sweeps}


def _maps(values: Values, measure: str, label: str, **look: Any) -> Figure:
    coded = by_coding(values["variants"])
    fig = plots.figure(plots.WIDE, 3.0 * len(coded))
    paper = values["paper"]["epsilon"], values["paper"]["alpha"]
    for ax, (coding, own) in zip(np.atleast_1d(fig.subplots(len(coded), 1)), coded.items(), strict=True):
        cells = np.array([[np.nan if cell is None else cell for cell in line] for line in own[measure]], float)
        plots.heatmap(ax, cells, own["epsilons"], own["alphas"], label=label, mark=paper, **look)
        ax.set_title(f"targets {coding}")
    return fig


def _line_of_constant_step(ax: Axes, step: float, epsilons: Sequence[float], alphas: Sequence[float]) -> None:
    """The line ε / (1 − α) = step in a map whose cells have equal size, so that its axes are numbers of cells."""
    columns, rates = zip(*((k, epsilon) for k, epsilon in enumerate(epsilons) if epsilon > 0), strict=True)
    rows, wanted = zip(*((k, step * (1 - alpha)) for k, alpha in enumerate(alphas) if alpha < 1), strict=True)
    x = np.interp(np.log(wanted), np.log(rates), columns, left=np.nan, right=np.nan)
    for color, width in (("black", 2.4), ("white", 1.2)):
        ax.plot(x, rows, color=color, lw=width)
