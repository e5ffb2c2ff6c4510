"""Figures in one common style: pure functions from arrays to matplotlib, without torch, pandas or scipy.

    fig, ax = plots.axes(plots.COLUMN, 2.6)
    plots.survival_curves(ax, {"targets 0 and 1": (times, observed)}, cap=10_000)
    store.write_bytes(path, plots.save(fig))

`style` defines colours and sizes and saves figures. `labels` places the labels at the ends of lines. `networks` draws
weights, `distributions` learning times, `rates` rates with intervals, `curves` errors over time,
`grids` cells and images, and `surfaces` a loss over two parameters.
"""

from backprop.plots.curves import loss_curve
from backprop.plots.distributions import survival_curves
from backprop.plots.grids import colour_bar, confusion_matrix, heatmap, image_grid
from backprop.plots.labels import End, EndLabels, spread
from backprop.plots.networks import hinton_diagram, network_diagram
from backprop.plots.rates import interval_dots, rate_curves
from backprop.plots.style import (
    CARD,
    COLUMN,
    FIXED,
    WIDE,
    axes,
    figure,
    headline,
    number,
    number_ticks,
    percent,
    percent_ticks,
    save,
    tick,
)
from backprop.plots.surfaces import contours

__all__ = [
    "CARD",
    "COLUMN",
    "FIXED",
    "WIDE",
    "End",
    "EndLabels",
    "axes",
    "colour_bar",
    "confusion_matrix",
    "contours",
    "figure",
    "headline",
    "heatmap",
    "hinton_diagram",
    "image_grid",
    "interval_dots",
    "loss_curve",
    "network_diagram",
    "number",
    "number_ticks",
    "percent",
    "percent_ticks",
    "rate_curves",
    "save",
    "spread",
    "survival_curves",
    "tick",
]
