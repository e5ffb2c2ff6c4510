"""Figures: pure functions from arrays to matplotlib, one look for all. Never imports torch, pandas or scipy.

    made, ax = plots.axes(plots.COLUMN, 2.6)
    plots.survival_curves(ax, {"targets 0 and 1": (times, observed)}, cap=10_000)
    store.write_bytes(path, plots.save(made))

`style` holds colours, sizes and saving, `labels` the labels at line ends; `networks` draws weights,
`distributions` learning times and families, `rates` intervals, `curves` errors over time, `grids` cells and
images, `surfaces` a loss over two parameters.
"""

from backprop.plots.curves import error_curves, loss_curve
from backprop.plots.distributions import (
    ratio_scatter,
    survival_curves,
    sweeps_distribution,
)
from backprop.plots.grids import confusion_matrix, heatmap, image_grid
from backprop.plots.labels import End, EndLabels, spread
from backprop.plots.networks import hinton_diagram, hinton_gallery, network_diagram
from backprop.plots.rates import interval_dots, rate_curves, rate_intervals
from backprop.plots.style import COLUMN, WIDE, axes, figure, number, percent, register_fonts, save
from backprop.plots.surfaces import surface_and_contours

__all__ = [
    "COLUMN",
    "WIDE",
    "End",
    "EndLabels",
    "axes",
    "confusion_matrix",
    "error_curves",
    "figure",
    "heatmap",
    "hinton_diagram",
    "hinton_gallery",
    "image_grid",
    "interval_dots",
    "loss_curve",
    "network_diagram",
    "number",
    "percent",
    "rate_curves",
    "rate_intervals",
    "ratio_scatter",
    "register_fonts",
    "save",
    "spread",
    "surface_and_contours",
    "survival_curves",
    "sweeps_distribution",
]
