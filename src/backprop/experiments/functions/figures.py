"""The figures of lab 003's perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.functions.protocol import PRINTED
from backprop.plots.style import BLUE, SMALL, VERMILLION
from backprop.results.variant import Run


def printed(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """The lab's run among ours: cost over the epochs, and cost and accuracy at the end."""
    arrays = runs["paper"].arrays
    fig = plots.figure(plots.COLUMN, 2.9)
    left, right = fig.subplots(1, 2, width_ratios=(1.15, 1))
    epochs = np.arange(1, arrays["costs"].shape[1] + 1)
    left.plot(epochs, arrays["costs"].T, color=BLUE, lw=0.7, alpha=0.4)
    shown = {} if values["data"]["stand_in"] else {e: p for e, p in PRINTED.items() if e <= epochs[-1]}
    left.plot(list(shown), [cost for cost, _ in shown.values()], "o", ms=4, mfc="white", color=VERMILLION, mew=1.2)
    left.set(xlabel="epoch", ylabel="cost (nats)", title="Cost of the batches")
    common = values["printed"]
    if common is not None:
        place = arrays["epochs"].tolist().index(common["epoch"])
        right.plot(
            arrays["costs"][:, common["epoch"] - 1],
            100 * arrays["accuracy"][:, place],
            "o",
            color=BLUE,
            ms=4,
            alpha=0.6,
        )
        if shown:
            cost, share = PRINTED[common["epoch"]]
            right.plot([cost], [100 * share], "o", ms=7, mfc="white", color=VERMILLION, mew=1.6)
            right.annotate(
                "printed in the lab", (cost, 100 * share), (0, -9), textcoords="offset points", ha="center", va="top",
                fontsize=SMALL, color=VERMILLION,
            )  # fmt: skip
        right.margins(0.15)
        right.locator_params(axis="x", nbins=4)
        right.set(xlabel="cost (nats)", ylabel="test images recognised (%)", title=f"After {common['epoch']} epochs")
    else:
        right.axis("off")
    return fig


def activations(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Test accuracy over the epochs, by activation: mean and range over seeds."""
    fig, ax = plots.axes(plots.COLUMN, 2.7)
    groups = {}
    for name, run in runs.items():
        share = 100 * run.arrays["accuracy"].astype(float)
        groups[values["activations"][name]["label"]] = (share.mean(axis=0), share.min(axis=0), share.max(axis=0))
    plots.rate_curves(
        ax, runs["paper"].arrays["epochs"], groups, "epoch", "test images recognised (%)", log=False, rate=False
    )
    ax.set_ylim(0, None)
    return fig


FIGURES: dict[str, Callable[[Mapping[str, Run], Mapping[str, Any]], Figure]] = {
    "printed": printed,
    "activations": activations,
}
