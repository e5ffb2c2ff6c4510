"""Drawings of weights: a small network as in RHW Fig. 1, and Hinton diagrams as in RHW Fig. 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Circle, Rectangle

from backprop.plots.style import FIXED, INK, MUTED, NEGATIVE, NEGATIVE_FILL, POSITIVE, RULE, SHADE, SMALL, number


def network_diagram(
    ax: Axes,
    weights: npt.ArrayLike,
    biases: npt.ArrayLike,
    output_weights: npt.ArrayLike,
    output_bias: float,
    title: str = "",
    subtitle: str = "",
    largest: float | None = None,
    size: float = SMALL,
) -> None:
    """Draw an n-2-1 network: the inputs at the bottom, two hidden units, the output at the top (as in RHW Fig. 1).

    Each hidden unit has one row of bars, one bar per weight, above the input that the weight comes from. `weights` is
    [2, n]; another shape raises ValueError. A positive weight is a blue bar upwards, a negative one a light vermillion
    bar downwards. A ratio of weights is thus a ratio of lengths, and weights that are equal and opposite about the
    middle form an odd function about the dashed axis. `biases` [2] and `output_bias` are printed inside the units,
    `output_weights` [2] beside the lines to the output, whose width grows with the magnitude. `largest` is the
    magnitude of a full bar (default: the largest of `weights`). `size` is the font size of the numbers in points; three
    diagrams fit into a figure of 7.4 × 3.7 inches.
    """
    w = np.asarray(weights, float)
    if w.ndim != 2 or w.shape[0] != 2:
        raise ValueError(f"network_diagram draws two hidden units: weights must be [2, inputs], got {w.shape}")
    b, out = np.asarray(biases, float), np.asarray(output_weights, float)
    n = w.shape[1]
    scale = largest or float(np.nanmax(np.abs(w), initial=0.0)) or 1.0
    columns = np.arange(n) - (n - 1) / 2
    left, right = columns[0] - 1.15, columns[-1] + 1.15
    inputs, rows, top = 0.0, (2.9, 7.3), 10.3
    radius = 0.7

    ax.plot([0, 0], [inputs - 0.5, rows[1] + 2.1], color=MUTED, lw=0.7, ls=(0, (3, 2.5)), zorder=0)
    for x, label in zip(columns, range(1, n + 1), strict=True):
        ax.plot([x, x], [inputs, rows[1]], color=RULE, lw=0.8, zorder=0)
        _unit(ax, x, inputs, 0.38, str(label), size, MUTED)
    for row, (y, side) in enumerate(zip(rows, (left, right), strict=True)):
        ax.plot([columns[0] - 0.5, columns[-1] + 0.5], [y, y], color=MUTED, lw=0.8, zorder=1)
        ax.plot([side, np.clip(side, columns[0] - 0.5, columns[-1] + 0.5)], [y, y], color=MUTED, lw=0.8, zorder=1)
        for x, value in zip(columns, w[row], strict=True):
            _bar(ax, x, y, float(value), scale, size)
        # One hidden unit is on the left and one on the right, each with its line to the output, so that no lines cross.
        weight = float(out[row])
        width = 0.8 + 2.6 * min(abs(weight) / scale, 1.5) if np.isfinite(weight) else 0.8
        # A negative line has a light core, like a negative bar.
        strokes = ((POSITIVE, width),) if weight > 0 else ((NEGATIVE, width), (NEGATIVE_FILL, width - 1.3))
        for colour, stroke in strokes:
            if stroke > 0:
                ax.plot([side, side, 0], [y, top, top], color=colour, lw=stroke, zorder=1, solid_joinstyle="round")
        _unit(ax, side, y, radius, number(b[row]), size)
        ax.text(
            side / 2 + np.sign(side) * 0.2,
            top + 0.18,
            number(weight),
            fontsize=size,
            ha="center",
            va="bottom",
        )
    _unit(ax, 0, top, radius, number(output_bias), size)
    ax.text(0, top + 0.8, "output", fontsize=size, color=MUTED, ha="center", va="bottom")
    ax.set(xlim=(left - 0.85, right + 0.85), ylim=(inputs - 0.5, top + 1.4), aspect="equal")
    ax.axis("off")
    if title:
        ax.set_title(title + ("\n" if subtitle else ""), loc="center")
    if subtitle:
        ax.text(
            0.5,
            1.015,
            subtitle,
            transform=ax.transAxes,
            ha="center",
            va="bottom",
            fontsize=SMALL,
            color=MUTED,
        )


def _unit(ax: Axes, x: float, y: float, radius: float, text: str, size: float, colour: str = INK) -> None:
    ax.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=colour, lw=0.8, zorder=3))
    ax.text(x, y - 0.02, text, ha="center", va="center", fontsize=size, color=colour, zorder=4)


def _bar(ax: Axes, x: float, y: float, value: float, scale: float, size: float) -> None:
    if not np.isfinite(value):
        ax.text(x, y, "?", ha="center", va="center", fontsize=size, zorder=4)
        return
    height = float(np.clip(value / scale, -1.2, 1.2)) * 1.3
    face, edge = (POSITIVE, POSITIVE) if value > 0 else (NEGATIVE_FILL, NEGATIVE)
    ax.add_patch(Rectangle((x - 0.27, y), 0.54, height, facecolor=face, edgecolor=edge, lw=0.7, zorder=2))
    up = value >= 0
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.9}
    ax.text(
        x,
        y + height + (0.1 if up else -0.1),
        number(value),
        ha="center",
        va="bottom" if up else "top",
        fontsize=size,
        zorder=2.5,
        bbox=box,
    )


def hinton_diagram(
    ax: Axes,
    matrix: npt.ArrayLike,
    largest: float | None = None,
    paper: bool = False,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    background: str = SHADE,
) -> None:
    """One square per entry of `matrix` [rows, columns], its area proportional to the magnitude, the first row on top.

    Positive entries are solid blue and negative ones light vermillion with an edge; with `paper` they are white and
    black on grey, as in RHW Fig. 4. `largest` is the magnitude that fills a cell (default: the largest finite one);
    larger magnitudes are clipped to the cell. Entries that are not finite leave a gap. `rows` and `columns` are labels.
    """
    m = np.atleast_2d(np.asarray(matrix, float))
    finite = np.isfinite(m)
    scale = largest or float(np.max(np.abs(m), where=finite, initial=0.0)) or 1.0
    side = 0.94 * np.sqrt(np.clip(np.abs(np.where(finite, m, 0)) / scale, 0, 1))
    y, x = np.indices(m.shape)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    squares = np.stack([x, y], -1)[..., None, :] + side[..., None, None] * corners
    colours = {True: (POSITIVE, POSITIVE), False: (NEGATIVE_FILL, NEGATIVE)}
    if paper:
        colours, background = {True: ("white", "white"), False: ("black", "black")}, "#9a9a9a"
        ax.patch.set_gid(FIXED)  # white means positive there, also in dark mode
    for positive in (True, False):
        chosen = finite & (m > 0 if positive else m < 0)
        face, edge = colours[positive]
        vertices: Any = squares[chosen]
        squares_of_sign = PolyCollection(vertices, facecolors=face, edgecolors=edge, linewidths=0.5)
        squares_of_sign.set_gid(FIXED if paper else None)
        ax.add_collection(squares_of_sign)
    height, width = m.shape
    ax.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal", facecolor=background)
    ax.set_xticks(range(len(columns)), labels=list(columns))
    ax.set_yticks(range(len(rows)), labels=list(rows))
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
