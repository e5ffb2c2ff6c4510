"""The figure about networks without hidden units: a pure function of saved results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.separability.analyse import outputs
from backprop.experiments.symmetry import measures
from backprop.plots import style
from backprop.results.variant import Run

Runs = Mapping[str, Run]
Values = Mapping[str, Any]

HALVES = ("000", "001", "010", "011", "100", "101", "110", "111")
"""Half an input, in the order of the rows and columns."""


def answers(runs: Runs, values: Values) -> Figure:
    """The outputs for all 64 inputs in a grid: a trained network without hidden units, and RHW Fig. 1."""
    inputs = measures.cases()
    without = outputs(runs["paper"].arrays["weights"][:1].astype(float), inputs)[0]
    printed = measures.outputs(measures.FIGURE_1[0][None], measures.FIGURE_1[1][None], inputs)[0]
    palindrome = measures.is_palindrome(inputs)
    fig = plots.figure(plots.COLUMN, 2.2)
    axes = fig.subplots(1, 2, sharey=True)
    shown = (("No hidden units", without), ("RHW Fig. 1", printed))
    for ax, (name, output) in zip(axes, shown, strict=True):
        right = int(((output > 0.5) == palindrome).sum())
        mesh = plots.heatmap(
            ax, grid(inputs, output), range(8), range(8), "right half, read backwards", "left half", limits=(0, 1),
            bar=False,
        )  # fmt: skip
        ax.set_xticks(range(8), labels=HALVES)
        ax.set_yticks(range(8), labels=HALVES)
        ax.plot(range(8), range(8), "o", ms=9, mfc="none", mec=style.VERMILLION, mew=1.6, ls="none")
        ax.set(title=f"{name}: {right} of {len(inputs)} right", aspect="equal")
    axes[1].set_ylabel("")
    plots.colour_bar(mesh, list(axes), "output")
    return fig


def grid(inputs: np.ndarray, output: np.ndarray) -> np.ndarray:
    """The `output` [64] for each of the `inputs` [64, 6] as [left half, right half backwards].

    Palindromes are on the diagonal.
    """
    places = np.array([4, 2, 1])
    cells = np.full((8, 8), np.nan)
    cells[(inputs[:, :3] @ places).astype(int), (inputs[:, :2:-1] @ places).astype(int)] = output
    return cells


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"answers": answers}
