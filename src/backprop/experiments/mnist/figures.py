"""The figures of the digit classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from backprop import plots
from backprop.experiments.mnist.analyse import confusion, most_wrong
from backprop.plots.style import SERIES
from backprop.results.variant import Run

LABELS = {"paper": "the lab's network", "softmax": "with a softmax", "dropout": "with dropout"}


def loss(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Batch loss, with and without a softmax before it: mean and range over the networks."""
    fig, ax = plots.axes(plots.COLUMN, 2.3)
    shown = {name: runs[name] for name in ("paper", "softmax") if name in runs}
    steps = np.arange(1, values["loss"]["steps"] + 1)
    curves = {LABELS[name]: run.arrays["losses"].mean(axis=0, dtype=float) for name, run in shown.items()}
    for k, run in enumerate(shown.values()):
        low, high = run.arrays["losses"].min(axis=0), run.arrays["losses"].max(axis=0)
        ax.fill_between(steps, low, high, color=SERIES[k], alpha=0.2, lw=0)
    floor = values["why_no_softmax"]["floor"] if "softmax" in shown else None
    plots.loss_curve(
        ax, steps, curves, "batch", "cross-entropy (nats)", floor, "lowest loss with\na softmax", log=False
    )
    ax.set_ylim(bottom=0)
    return fig


def accuracy(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Test accuracy by variant: mean, range and every network; dropout with and without eval()."""
    del values
    rows = []
    for name, run in runs.items():
        label = LABELS.get(name, name)
        rows.append((label, run.table.accuracy))
        if name == "dropout":
            rows.append((f"{label}, eval() forgotten", run.table.accuracy_training_mode))
    fig, ax = plots.axes(plots.COLUMN, 0.8 + 0.36 * len(rows))
    middle, low, high = (np.array([f(x) for _, x in rows]) for f in (np.mean, np.min, np.max))
    plots.interval_dots(
        ax, [label for label, _ in rows], 100 * middle, 100 * low, 100 * high,
        xlabel="test images recognised (%)", rate=False,
    )  # fmt: skip
    for row, (_, x) in enumerate(rows):
        ax.plot(100 * x, np.full(len(x), row + 0.22), "|", color=SERIES[0], ms=5, mew=0.8, alpha=0.8)
    return fig


def answers(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """Confusion matrix, mean counts over the networks."""
    del values
    run = runs["paper"]
    fig, ax = plots.axes(4.2, 3.7)
    classes = run.about["provenance"]["MNIST"]["classes"]
    plots.confusion_matrix(ax, np.rint(confusion(run.arrays).mean(axis=0)), classes, "network's answer", "digit")
    return fig


def wrong(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """The images with the most confident wrong answers."""
    run = runs["paper"]
    worst = most_wrong(run.arrays, values["missed"]["shown"])
    titles = [
        f"{label}, read {answer}\n{100 * confidence:.0f}%"
        for label, answer, confidence in zip(worst.label, worst.answer, worst.confidence, strict=True)
    ]
    lines = max(1, -(-len(worst) // 10))
    fig = plots.figure(plots.COLUMN, lines * (plots.COLUMN / 10 + 0.32))
    plots.image_grid(fig, run.arrays["missed_images"][worst.place], titles, columns=10)
    return fig


def weights(runs: Mapping[str, Run], values: Mapping[str, Any]) -> Figure:
    """First-layer weights of one network, one image per hidden unit, the strongest first."""
    del values
    layer = runs["paper"].arrays["layer_1"][0]
    layer = layer[np.argsort(-np.linalg.norm(layer, axis=1), kind="stable")][:32]
    columns = 8
    lines = max(1, -(-len(layer) // columns))
    fig = plots.figure(plots.COLUMN, lines * (plots.COLUMN / columns) * 0.93)
    plots.image_grid(fig, layer.reshape(-1, 28, 28), columns=columns, diverging=True, common_scale=True, label="weight")
    return fig


FIGURES: dict[str, Callable[[Mapping[str, Run], Mapping[str, Any]], Figure]] = {
    "loss": loss,
    "accuracy": accuracy,
    "answers": answers,
    "wrong": wrong,
    "weights": weights,
}
