"""The common style of all figures: colours, sizes, number formats, and saving to bytes that depend on content alone.

This module does not use pyplot. Figures are plain `matplotlib.figure.Figure` objects: they share no state, and a
drawing job starts fast.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, LogFormatter, LogLocator, NullFormatter

from backprop.evidence.formatting import power_of_ten
from backprop.protocol import UserError

matplotlib.rcdefaults()  # figures must not depend on the matplotlibrc of a user or a folder

COLUMN, WIDE, CARD = 6.3, 7.4, 2.08
"""Widths in inches: the text column of the report, a figure that extends into the margins, also of a printed page, and
one of three figures side by side.
Both are printed as they are drawn, so a font size here is the one in print."""

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
"""The palette of Okabe and Ito, which colour-blind readers can distinguish."""

INK, MUTED, RULE, SHADE = "#222222", "#666666", "#d9d9d9", "#f1f0ee"
"""Text, secondary text, grid lines, shaded background."""

SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.4, 1.4)),
    (0, (6, 1.5, 1.4, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Colour, dashes and marker of the n-th group; all three differ, so that groups also differ in a grey print."""

POSITIVE, NEGATIVE, NEGATIVE_FILL = BLUE, VERMILLION, "#F4B183"
"""Colours of weights: positive is dark and solid, negative is light with a dark edge, so that both differ in grey."""

FIXED = "fixed"
"""The `gid` of text on a coloured cell, which keeps its colour in dark mode because its cell does."""

SIZE, SMALL = 8.5, 8.0
"""Font sizes in points; no text of a figure is smaller than SMALL."""

FONTS = Path(__file__).parents[3] / "report" / "fonts"
"""The fonts of the documents. Figures are laid out with the same files, so that no label moves or collides there."""

FAMILY = "Report Sans"
FALLBACK = f"'{FAMILY}', 'Source Sans 3', 'Source Sans Pro', sans-serif"
"""The fonts of a figure that is shown outside the documents; the first is the one that its layout is made for."""

STYLE: Any = {
    "font.family": FAMILY,
    "font.size": SIZE,
    "axes.titlesize": SIZE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.labelsize": SIZE,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "hatch.linewidth": 0.5,
    "hatch.color": "edge",
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100,
    "svg.fonttype": "none",  # text stays text; the documents supply the font
    "svg.hashsalt": "backprop-1986",  # without it the ids inside an SVG are random
    "path.simplify": True,
}


def figure(width: float = COLUMN, height: float = 3.0) -> Figure:
    """An empty figure of `width` × `height` inches in this style, with a layout that clips nothing."""
    register_fonts()
    matplotlib.rcParams.update(STYLE)
    fig = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(fig)
    return fig


def headline(fig: Figure, message: str) -> None:
    """Write `message`, what a figure of several plots shows, at its top left."""
    fig.suptitle(message, x=0.01, ha="left", fontsize=SIZE, fontweight="bold")


def keep_colours(legend: Legend) -> None:
    """Let what a legend shows keep its colours in dark mode, as what it explains does."""
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_gid(FIXED)


def axes(width: float = COLUMN, height: float = 3.0) -> tuple[Figure, Axes]:
    """A figure of `width` × `height` inches with one plot."""
    fig = figure(width, height)
    return fig, fig.add_subplot()


@cache
def register_fonts(folder: Path = FONTS) -> None:
    """Let matplotlib use the sans-serif fonts in `folder`; UserError names a file that is missing or no font."""
    for path in (folder / f"sans-{face}.otf" for face in ("regular", "italic", "bold")):
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError) as error:
            raise UserError(f"{path} is not a readable font; restore it from the project's sources.") from error


def save(fig: Figure, kind: str = "svg", dpi: float = 150) -> bytes:
    """The figure as `kind` ("svg", "png" or "pdf"); the same figure always gives the same bytes.

    `dpi` is the resolution of a PNG, and of the rasterised parts of an SVG.
    """
    varying = {
        "svg": ("Date", "Creator"),
        "png": ("Software",),
        "pdf": ("CreationDate", "Creator", "Producer"),
    }
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if axis.get_scale() == "log" and isinstance(axis.get_major_formatter(), LogFormatter):
            log_ticks(axis)
    buffer = io.BytesIO()
    with matplotlib.rc_context({k: STYLE[k] for k in ("svg.fonttype", "svg.hashsalt", "hatch.linewidth")}):
        fig.savefig(buffer, format=kind, dpi=dpi, metadata=dict.fromkeys(varying[kind]))
    return buffer.getvalue() if kind != "svg" else _shortened(buffer.getvalue())


def _shortened(svg: bytes) -> bytes:
    """The same drawing in fewer bytes: coordinates of paths to a tenth of a point, no comments and no unused ids.

    What keeps its colours in dark mode is marked by the class FIXED, and coloured cells by the class cells.
    """

    def rounded(digits: int) -> Callable[[re.Match[str]], str]:
        return lambda match: re.sub(
            r"-?\d+\.\d+", lambda n: f"{float(n[0]):.{digits}f}".rstrip("0").rstrip("."), match[0]
        )

    text = svg.decode("utf-8")
    text = re.sub(r'<g id="QuadMesh_\d+"', '<g class="cells"', text)
    text = text.replace(f'<g id="{FIXED}"', f'<g class="{FIXED}"')
    text = text.replace(f"font-family: '{FAMILY}'; ", "").replace("<svg ", f'<svg font-family="{FALLBACK}" ', 1)
    text = re.sub(r' transform="rotate\(-?0 [^"]*"', "", text)
    text = re.sub(r' (?:x|y|transform)="[^"]*"', rounded(2), text)
    text = re.sub(r' d="[^"]*"', rounded(1), text)
    text = re.sub(r'(?<= d=")[^"]*', lambda match: re.sub(r"\s*([A-Za-z])\s*", r"\1", match[0]), text)
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([^\")]+)", text))
    text = re.sub(r'<g id="([^"]*)"', lambda match: match[0] if match[1] in used else "<g", text)
    return re.sub(r"\n\s*", "\n", text).encode("utf-8")


def number(value: float, digits: int = 1) -> str:
    """`value` as a label: `digits` decimals, a thousands separator, a true minus sign, and never "−0.0"."""
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A share from 0 to 1 as a label: whole percents, one decimal near 0 and 1; only exact values give 0% or 100%."""
    if share in (0, 1):
        return f"{share:.0%}"
    if share < 0.001 or share > 0.999:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{share:.1%}" if share < 0.1 or share > 0.9 else f"{share:.0%}"


def readable(colour: str) -> Any:
    """`colour` for text on white, darkened if it is too pale to read."""
    rgb = np.asarray(to_rgb(colour))
    return tuple(rgb * 0.72) if luminance(rgb) > 0.33 else colour


def tick(value: float) -> str:
    """`value` as the label of a tick: "1,000", "0.01", "−2"; large and small values as "2×10⁸", "10⁻⁶"."""
    if value and not 1e-4 <= abs(value) < 1e8:
        mantissa, exponent = f"{value:.6e}".split("e")
        factor = f"{float(mantissa):g}×".replace("-", "−")
        return factor.removeprefix("1×") + power_of_ten(int(exponent))
    return f"{value:,.10g}".replace("-", "−")


def number_ticks(axis: Any) -> None:
    """Label an axis in plain numbers with a thousands separator."""
    axis.set_major_formatter(FuncFormatter(lambda v, _: tick(v)))


def percent_ticks(axis: Any) -> None:
    """Label an axis of shares, from 0 to 1, in percent."""
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:,g}%"))


def log_ticks(axis: Any) -> None:
    """Label a logarithmic axis in plain numbers, at 1, 2 and 5, or at powers of ten only if its range is wide.

    Call it after the limits of the axis are set.
    """
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
    number_ticks(axis)
    axis.set_minor_formatter(NullFormatter())


def plain_ticks(axis: Any, values: Iterable[float]) -> None:
    """Label a logarithmic axis at `values` only, in plain numbers instead of powers of ten."""
    values = list(values)
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FixedFormatter([tick(v) for v in values]))
    axis.set_minor_formatter(NullFormatter())


def luminance(colour: Any) -> np.ndarray:
    """Relative luminance of RGB(A) colours [..., 3 or 4], from 0 (black) to 1, to choose the colour of text on them."""
    rgb = np.asarray(colour, float)[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])
