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


def answers(runs: Runs, values: Values) -> Figure:
    """The outputs for all 64 inputs: a trained network without hidden units, and RHW Fig. 1."""
    run = runs["paper"]
    inputs = measures.cases()
    palindrome = measures.is_palindrome(inputs)
    shown = {
        "no hidden units (trained)": outputs(run.arrays["weights"][:1].astype(float), inputs)[0],
        "two hidden units (RHW Fig. 1)": measures.outputs(
            measures.FIGURE_1[0][None], measures.FIGURE_1[1][None], inputs
        )[0],
    }
    fig = plots.figure(plots.COLUMN, 2.5)
    for ax, (title, output) in zip(fig.subplots(1, 2, sharey=True), shown.items(), strict=True):
        places = np.arange(len(inputs))
        ax.vlines(places[palindrome], 0, output[palindrome], color=style.BLUE, lw=0.8)
        ax.plot(places[~palindrome], output[~palindrome], ".", ms=3.5, color=style.MUTED, label="others")
        ax.plot(places[palindrome], output[palindrome], "o", ms=4.5, color=style.BLUE, label="palindromes")
        ax.axhline(0.5, color=style.INK, lw=0.7, ls=style.DASHES[2], zorder=0)
        ax.set(title=title, ylim=(0, 1), xlabel="input, as a binary number")
        ax.set_xticks([0, 16, 32, 48, 63])
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1.12), ncols=2, handletextpad=0.2, borderaxespad=0)
    fig.axes[0].set_ylabel("output")
    return fig


FIGURES: dict[str, Callable[[Runs, Values], Figure]] = {"answers": answers}
