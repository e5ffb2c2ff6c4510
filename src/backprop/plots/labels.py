"""Labels at the ends of lines instead of a legend, moved apart so that they do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from backprop.plots.style import SMALL, readable


def spread(positions: npt.ArrayLike, gaps: npt.ArrayLike, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
    """Move labels at `positions` [n] apart, by as little as possible (least squares), so that none overlap.

    `gaps` is the size of each label, a number or [n]. The centres of two neighbours end up at least half the sum of
    their sizes apart. All labels are then shifted into [low, high] as far as they fit. All arguments have one unit.
    """
    wanted = np.asarray(positions, float)
    order = np.argsort(wanted, kind="stable")
    sizes = np.broadcast_to(np.asarray(gaps, float), wanted.shape)[order]
    offsets = np.r_[0.0, np.cumsum((sizes[1:] + sizes[:-1]) / 2)] if wanted.size else sizes
    # After subtracting the offsets this is isotonic regression: replace neighbours in the wrong order by their mean.
    blocks: list[tuple[float, int]] = []
    for value in wanted[order] - offsets:
        total, count = float(value), 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            total, count = total + blocks[-1][0], count + blocks.pop()[1]
        blocks.append((total, count))
    level = np.concatenate([np.full(count, total / count) for total, count in blocks] or [np.empty(0)])
    if wanted.size:
        level = np.clip(level, low + sizes[0] / 2, None)
        level = np.clip(level, None, high - sizes[-1] / 2 - offsets[-1])
    placed = np.empty_like(wanted)
    placed[order] = level + offsets
    return placed


class End(NamedTuple):
    """The end of a line in data units, with the text and colour of its label."""

    x: float
    y: float
    label: str
    colour: str


class EndLabels(Artist):
    """Labels to the right of line ends, moved apart when drawn, because sizes and limits are final only then.

    If a label had to move, a thin line connects it to the end of its line.
    """

    def __init__(self, ax: Axes, ends: Sequence[End], size: float = SMALL) -> None:
        super().__init__()
        self.ends = [end for end in ends if np.isfinite(end.y)]
        self.texts = [Text(0, 0, e.label, color=readable(e.colour), fontsize=size, va="center") for e in self.ends]
        self.leaders = [Line2D([], [], color=e.colour, lw=0.6) for e in self.ends]
        self._ax = ax
        fig: Any = ax.figure
        for artist in self.get_children():
            artist.set_figure(fig)
        ax.add_artist(self)
        self.set_clip_on(False)

    def get_children(self) -> list[Artist]:
        """The labels and the lines that connect them to their ends."""
        return [*self.texts, *self.leaders]

    def _place(self, renderer: Any) -> None:
        frame, points = self._ax.get_window_extent(renderer), renderer.points_to_pixels(1)
        ends = [self._ax.transData.transform((e.x, e.y)) for e in self.ends]
        sizes = [text.get_window_extent(renderer).height + 1.5 * points for text in self.texts]
        places = spread([y for _, y in ends], sizes, frame.y0, frame.y1)
        right = max([frame.x1, *(x for x, _ in ends)])
        moved = any(abs(place - y) > 3 * points for place, (_, y) in zip(places, ends, strict=True))
        start = right + (13 if moved else 5) * points
        for text, line, place, (x, y) in zip(self.texts, self.leaders, places, ends, strict=True):
            text.set_position((start, place))
            far = moved or right - x > 8 * points
            line.set_data([x + 3 * points, start - 2 * points] if far else [], [y, place] if far else [])

    def get_window_extent(self, renderer: Any = None) -> Bbox:
        """The box around all labels, in pixels; the layout reserves room for it."""
        fig: Any = self._ax.get_figure(root=True)
        renderer = renderer or fig._get_renderer()
        self._place(renderer)
        boxes = [text.get_window_extent(renderer) for text in self.texts]
        return Bbox.union(boxes) if boxes else Bbox.null()

    def get_tightbbox(self, renderer: Any = None) -> Any:
        """The same box, None without labels: labels are outside the axes and are never clipped."""
        return self.get_window_extent(renderer) if self.texts else None

    def draw(self, renderer: Any) -> None:
        """Place the labels and draw them."""
        self._place(renderer)
        for artist in self.get_children():
            artist.draw(renderer)


def name_above(ax: Axes, x: float, text: str, colour: str) -> None:
    """Write `text`, the name of a mark, just above the axes, centred at `x` in data units."""
    ax.annotate(
        text,
        (x, 1),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=SMALL,
        color=colour,
    )
