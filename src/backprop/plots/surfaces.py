"""A loss over two parameters, as contours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from backprop.evidence.formatting import power_of_ten
from backprop.plots.style import FIXED, INK, YELLOW


def contours(
    ax: Axes,
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    loss: npt.ArrayLike,
    best: tuple[float, float] | None = None,
    label: str = "loss",
) -> None:
    """Contours of the logarithm of `loss` [len(b), len(a)] > 0 over the grid of `a` and `b`.

    A star marks the minimum `best`; `label` names the colours. The map keeps its colours in dark mode.
    """
    x, y, z = np.asarray(a, float), np.asarray(b, float), np.asarray(loss, float)
    logs = np.log10(np.maximum(z, np.min(z[z > 0], initial=1.0)))
    filled = ax.contourf(x, y, logs, levels=24, cmap="cividis", alpha=0.55)
    filled.set(rasterized=True, gid=FIXED)
    ax.contour(x, y, logs, levels=12, colors="white", linewidths=0.5).set_gid(FIXED)
    if best is not None:
        ax.plot(*best, "*", color=YELLOW, mec=INK, mew=0.7, ms=9, zorder=5, gid=FIXED)
    powers = FuncFormatter(lambda v, _: power_of_ten(round(v)))
    bar = ax.figure.colorbar(
        filled, ax=ax, label=label, aspect=28, pad=0.02, format=powers, ticks=MaxNLocator(5, integer=True)
    )
    bar.outline.set_visible(False)
    ax.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
