"""The figure on second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.equations.analyse import METHODS
from backprop.experiments.equations.protocol import EARLY
from backprop.experiments.symmetry.protocol import by_coding
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]


def second(runs: Runs, values: Values) -> Figure:
    """The smallest early E of each method from the same initial weights, and whether the network solves the task."""
    coded = by_coding(runs)
    fig = plots.figure(plots.WIDE, 2.7)
    for ax, (label, run) in zip(np.atleast_1d(fig.subplots(1, len(coded), sharey=True)), coded.items(), strict=True):
        budget = values["second"][run.variant]["budget"]
        errors = [run.table[f"{name}_error"] for name in METHODS]
        solved = [run.table[name] <= budget for name in METHODS]
        for place, (error, done) in enumerate(zip(errors, solved, strict=True)):
            across = place + np.random.default_rng(1986).uniform(-0.25, 0.25, len(error))
            for state, colour in ((False, style.VERMILLION), (True, style.BLUE)):
                ax.scatter(across[done == state], error[done == state], s=9, color=colour, alpha=0.6, lw=0)
            ax.text(place, 1.0, f"{done.mean():.0%} solved\nwithin {budget}", ha="center", va="bottom",
                    fontsize=style.SMALL, transform=ax.get_xaxis_transform())  # fmt: skip
        ax.set_xticks(range(len(METHODS)), [name.replace("–", "–\n").replace(" ", "\n") for name in METHODS.values()])
        ax.set(ylim=(0, None), xlim=(-0.5, len(METHODS) - 0.5))
        ax.grid(axis="y")
        ax.set_title(f"targets {label}", pad=24)
    fig.axes[0].set_ylabel(f"smallest E within {EARLY} sweeps")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"second": second}
