"""A loss over two parameters, as a surface and as contours with the paths of optimisers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from backprop.evidence.formatting import power_of_ten
from backprop.plots.style import BLACK, BLUE, DASHES, INK, MARKERS, MUTED, PURPLE, SMALL, VERMILLION, YELLOW

PATHS = (BLACK, VERMILLION, BLUE, PURPLE)


def surface_and_contours(
    figure: Figure,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    loss: npt.ArrayLike,
    paths: Mapping[str, npt.ArrayLike] | None = None,
    best: tuple[float, float] | None = None,
    xlabel: str = "a",
    ylabel: str = "b",
    zlabel: str = "loss",
) -> tuple[Any, Axes]:
    """A surface beside its contours: the log10 of `loss` [len(b), len(a)] > 0 over the grid of `a` and `b`.

    `paths` maps a label to the points (a, b) [steps, 2] that an optimiser visited; each path is drawn on the contours,
    from a ring at its start to a marker at its end. Points that are not finite are skipped. `best` is the minimum,
    marked with a star. Returns the axes of the surface and of the contours.
    """
    x, y, z = np.asarray(a, float), np.asarray(b, float), np.asarray(loss, float)
    logs = np.log10(np.maximum(z, np.nanmin(z[z > 0], initial=1.0) if np.any(z > 0) else 1.0))
    left: Any
    right: Axes
    left = figure.add_subplot(1, 2, 1, projection="3d")
    right = figure.add_subplot(1, 2, 2)
    mesh_x, mesh_y = np.meshgrid(x, y)
    left.plot_surface(
        mesh_x, mesh_y, logs, cmap="cividis", rcount=60, ccount=60, lw=0, antialiased=False, rasterized=True
    )
    left.set_xlabel(xlabel, labelpad=-4)
    left.set_ylabel(ylabel, labelpad=-4)
    left.set_title(f"{zlabel}, logarithmic", fontweight="normal", loc="center", pad=0)
    powers = FuncFormatter(lambda v, _: power_of_ten(round(v)))
    for axis in (left.xaxis, left.yaxis, left.zaxis):
        axis.set_pane_color((0.965, 0.965, 0.96, 1))
        axis._axinfo["grid"].update(color="white", linewidth=0.7)
        axis.set_major_locator(MaxNLocator(5))
        axis.set_tick_params(pad=-2, labelsize=SMALL)
    left.zaxis.set_major_locator(MaxNLocator(4, integer=True))
    left.zaxis.set_major_formatter(powers)
    left.view_init(elev=32, azim=-125)

    filled = right.contourf(x, y, logs, levels=24, cmap="cividis", alpha=0.55)
    filled.set(rasterized=True)
    right.contour(x, y, logs, levels=12, colors="white", linewidths=0.5)
    for k, (label, points) in enumerate((paths or {}).items()):
        p = np.asarray(points, float).reshape(-1, 2)
        p = p[np.isfinite(p).all(1)]
        if not p.size:
            continue
        colour = PATHS[k % len(PATHS)]
        right.plot(p[:, 0], p[:, 1], color="white", lw=2.6, alpha=0.8)
        right.plot(p[:, 0], p[:, 1], color=colour, lw=1.3, ls=DASHES[k % len(DASHES)])
        right.plot(*p[0], "o", mfc="white", mec=colour, ms=5)
        right.plot(*p[-1], MARKERS[k % len(MARKERS)], color=colour, mec="white", ms=5.5)
        inside = np.clip(p, [x.min(), y.min()], [x.max(), y.max()])[0]
        flip = inside[0] > x.mean()
        right.annotate(
            label,
            tuple(inside),
            (-6 if flip else 6, 5),
            textcoords="offset points",
            ha="right" if flip else "left",
            fontsize=SMALL,
            color=colour,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
        )
    if best is not None:
        right.plot(*best, "*", color=YELLOW, mec=INK, mew=0.7, ms=9, zorder=5)
    bar = figure.colorbar(
        filled, ax=right, label=zlabel, aspect=28, pad=0.02, format=powers, ticks=MaxNLocator(5, integer=True)
    )
    bar.outline.set_visible(False)
    right.set(xlabel=xlabel, ylabel=ylabel, xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    right.tick_params(color=MUTED)
    return left, right
