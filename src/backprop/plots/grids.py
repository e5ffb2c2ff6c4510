"""Grids: a phase diagram over two parameters, small images, and a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from backprop.plots.labels import name_above
from backprop.plots.style import INK, MUTED, SMALL, VERMILLION, log_ticks, luminance

MAP, DIVERGING = "cividis", "RdBu"


def heatmap(
    ax: Axes,
    values: npt.ArrayLike,
    x: Sequence[float],
    y: Sequence[float],
    xlabel: str = "learning rate ε",
    ylabel: str = "momentum α",
    label: str = "",
    mark: tuple[float, float] | None = None,
    mark_label: str = "the paper",
    limits: tuple[float | None, float | None] = (None, None),
    log: bool = False,
    text: Callable[[float], str] | None = None,
    cmap: str = MAP,
    bar: bool = True,
) -> None:
    """A scan of two parameters: `values` [len(y), len(x)], one cell per pair, the first row at the bottom.

    Cells have equal size, whatever the spacing of `x` and `y`, and are labelled with the numbers in `x` and `y`. Cells
    with nan are hatched. `mark` is a point (x, y): a frame around the cell there, or a cross between two cells. `label`
    names the colour bar, which is drawn unless `bar` is false; `limits` fixes the range of colours, and `log` makes the
    colours logarithmic. `text` formats the value printed in each cell. A wrong shape of `values` raises ValueError.
    """
    v = np.ma.masked_invalid(np.asarray(values, float))
    if v.shape != (len(y), len(x)):
        raise ValueError(f"values must be [len(y), len(x)] = {(len(y), len(x))}, got {v.shape}")
    low, high = (
        limit if limit is not None else extreme(v) if v.count() else default
        for limit, extreme, default in zip(limits, (np.min, np.max), (0.1, 1.0), strict=True)
    )
    norm = (LogNorm if log else Normalize)(float(low), float(high))
    ax.patch.set(hatch="/////", facecolor="white", edgecolor="#b5b5b5")
    columns, rows = np.arange(len(x) + 1) - 0.5, np.arange(len(y) + 1) - 0.5
    # Vector squares, because some viewers interpolate an image and blur its cells.
    mesh = ax.pcolormesh(columns, rows, v, norm=norm, cmap=cmap, edgecolors="white", linewidth=0.6)
    ax.set_xticks(range(len(x)), labels=[f"{t:g}" for t in x])
    ax.set_yticks(range(len(y)), labels=[f"{t:g}" for t in y])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=columns[[0, -1]], ylim=rows[[0, -1]])
    if text:
        for (row, column), value in np.ndenumerate(v.filled(np.nan)):
            if np.isfinite(value):
                dark = luminance(mesh.to_rgba(value)) > 0.3
                ax.text(
                    column,
                    row,
                    text(float(value)),
                    ha="center",
                    va="center",
                    fontsize=SMALL - 0.5,
                    color=INK if dark else "white",
                )
    if mark is not None:
        _mark(ax, (_index(mark[0], x), _index(mark[1], y)), mark_label)
    if bar:
        assert ax.figure is not None
        scale = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.02, aspect=28)
        if log:
            log_ticks(scale.ax.yaxis)
        scale.outline.set_visible(False)


def _index(value: float, grid: Sequence[float]) -> float:
    """The position of `value` among the cells, interpolated between grid points, in logarithms if all are positive."""
    points = np.asarray(grid, float)
    order = np.argsort(points)
    close = np.flatnonzero(np.isclose(points, value))
    if close.size:
        return float(close[0])
    logs = bool(np.all(points > 0)) and value > 0
    scale: Any = np.log if logs else np.asarray
    return float(np.interp(scale(value), scale(points[order]), order))


def _mark(ax: Axes, place: tuple[float, float], label: str) -> None:
    column, row = place
    if column.is_integer() and row.is_integer():
        for colour, width in (("white", 3.4), (VERMILLION, 1.8)):
            ax.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, ec=colour, lw=width, zorder=4))
    else:
        ax.plot([column], [row], "X", ms=8, color=VERMILLION, mec="white", mew=1, zorder=4)
    name_above(ax, column, label, VERMILLION)


def image_grid(
    figure: Figure,
    images: npt.ArrayLike,
    titles: Sequence[str] = (),
    columns: int = 10,
    diverging: bool = False,
    common_scale: bool = False,
    label: str = "",
) -> None:
    """Small images [n, height, width] in lines of `columns`, each below its title.

    A figure about `lines * (width / columns + 0.2)` inches high has no gaps between the lines.

    Images are dark on white. With `diverging`, for weights, zero is white, positive values are blue and negative ones
    red; each image has its own scale unless `common_scale` is set, which also draws a colour bar named `label`.
    """
    stack = np.asarray(images, float)
    lines = max(1, -(-len(stack) // columns))
    grid = figure.subplots(lines, columns, squeeze=False)
    shared = float(np.nanmax(np.abs(stack), initial=0.0)) or 1.0
    shown = None
    for k, ax in enumerate(grid.ravel()):
        if k >= len(stack):
            ax.axis("off")
            continue
        top = shared if common_scale or not diverging else float(np.nanmax(np.abs(stack[k]), initial=0.0)) or 1.0
        shown = ax.imshow(
            stack[k],
            cmap=DIVERGING if diverging else "gray_r",
            vmin=-top if diverging else 0,
            vmax=top,
            interpolation="nearest",
        )
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set(visible=True, color="#c8c8c8", linewidth=0.5)
        if k < len(titles):
            ax.set_title(titles[k], fontsize=SMALL, fontweight="normal", pad=2, loc="center")
    if shown is not None and diverging and common_scale:
        bar = figure.colorbar(shown, ax=grid.ravel().tolist(), label=label, pad=0.01, aspect=30, shrink=0.9)
        bar.outline.set_visible(False)


def confusion_matrix(
    ax: Axes,
    counts: npt.ArrayLike,
    labels: Sequence[str] = (),
    xlabel: str = "network's answer",
    ylabel: str = "true class",
) -> None:
    """Counts [true class, answer], printed in cells that are coloured by their share of the row.

    The colour grows with the square root of the share, so that the rare errors of a good network remain visible. The
    row of a class without cases is white. Zeros off the diagonal are not printed.
    """
    n = np.asarray(counts, int)
    totals = n.sum(1, keepdims=True)
    share = np.divide(n, totals, out=np.zeros(n.shape), where=totals > 0)
    blues = colormaps["Blues"]
    norm = PowerNorm(0.5, 0, 1)
    edges = np.arange(len(n) + 1) - 0.5
    ax.pcolormesh(edges, edges, share, cmap=blues, norm=norm, edgecolors="white", linewidth=0.6)
    for (row, column), count in np.ndenumerate(n):
        if count or row == column:
            dark = luminance(blues(norm(share[row, column]))) < 0.35
            ax.text(
                column,
                row,
                f"{count:,}",
                ha="center",
                va="center",
                fontsize=SMALL - 0.3,
                color="white" if dark else INK,
                fontweight="bold" if row == column else "normal",
            )
    names = list(labels) or [str(k) for k in range(len(n))]
    ax.set_xticks(range(len(n)), labels=names)
    ax.set_yticks(range(len(n)), labels=names)
    ax.tick_params(length=0, labelcolor=INK, color=MUTED)
    ax.spines[:].set_visible(False)
    ax.set(xlabel=xlabel, ylabel=ylabel, aspect="equal", xlim=edges[[0, -1]], ylim=edges[[-1, 0]])
