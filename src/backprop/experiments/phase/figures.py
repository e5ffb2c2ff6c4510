"""The phase diagram: two maps per coding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def solved(runs: Runs, values: Values) -> Figure:
    """The share of networks that solve the task, by learning rate and momentum, for each coding."""
    return _maps(values, "solved", "solved", limits=(0.0, 1.0))


def sweeps(runs: Runs, values: Values) -> Figure:
    """The median number of sweeps, hatched where fewer than half solve the task by the cap."""
    return _maps(values, "median", "median sweeps", log=True, cmap="cividis_r")


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"solved": solved, "sweeps": sweeps}


def _maps(values: Values, measure: str, label: str, **look: Any) -> Figure:
    coded = by_coding(values["variants"])
    made = plots.figure(plots.WIDE, 3.0 * len(coded))
    for ax, (text, found) in zip(np.atleast_1d(made.subplots(len(coded), 1)), coded.items(), strict=True):
        cells = np.array([[np.nan if cell is None else cell for cell in line] for line in found[measure]], float)
        paper = values["paper"]["epsilon"], values["paper"]["alpha"]
        plots.heatmap(ax, cells, found["epsilons"], found["alphas"], label=label, mark=paper, **look)
        ax.set_title(f"targets {text}")
    return made
