"""One look for every figure: colours, sizes, labels that do not collide, bytes that depend on content alone.

Nothing here touches pyplot: figures are plain `matplotlib.figure.Figure` objects, so that nothing is shared
between two of them and a drawing job starts fast.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, LogLocator, NullFormatter

COLUMN, WIDE = 6.3, 8.5
"""Widths in inches: the report's text column, and a figure that reaches into the margin."""

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
"""Okabe and Ito's palette, told apart by the colour-blind."""

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
"""What the n-th group looks like: colour, dashes and marker differ together, for prints in grey."""

POSITIVE, NEGATIVE, NEGATIVE_FILL = BLUE, VERMILLION, "#F4B183"
"""Signs of weights: a positive one is dark and solid, a negative one light with a dark edge, also in grey."""

SIZE, SMALL = 8.5, 7.5
"""Font sizes in points, at the width at which a figure is shown."""

STYLE: Any = {
    "font.family": "sans-serif",
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
    "axes3d.automargin": True,
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
    "svg.fonttype": "path",  # outlines: a reader needs none of our fonts
    "svg.hashsalt": "backprop-1986",  # the ids inside an SVG are random without it
    "path.simplify": True,
}


def figure(width: float = COLUMN, height: float = 3.0) -> Figure:
    """An empty figure of `width` x `height` inches in this style, laid out so that nothing is clipped."""
    matplotlib.rcParams.update(STYLE)
    made = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(made)
    return made


def axes(width: float = COLUMN, height: float = 3.0) -> tuple[Figure, Axes]:
    """A figure with one plot in it, sizes in inches."""
    made = figure(width, height)
    return made, made.add_subplot()


def register_fonts(folder: Path | None) -> None:
    """Let the .ttf and .otf files in `folder` come before matplotlib's own sans; None does nothing."""
    names = []
    for path in sorted(folder.glob("*.[to]tf")) if folder else ():
        font_manager.fontManager.addfont(path)
        names.append(font_manager.FontProperties(fname=path).get_name())
    ours = list(dict.fromkeys(name for name in names if "Serif" not in name and "Mono" not in name))
    if ours:
        matplotlib.rcParams["font.sans-serif"] = [*ours, "DejaVu Sans"]


def save(made: Figure, kind: str = "svg", dpi: float = 150) -> bytes:
    """The figure as `kind`: "svg", "png" or "pdf"; the same figure gives the same bytes at any time.

    `dpi` is the resolution of a png, and of the parts of an svg that are drawn as an image.
    """
    nothing = {
        "svg": ("Date", "Creator"),
        "png": ("Software",),
        "pdf": ("CreationDate", "Creator", "Producer"),
    }
    buffer = io.BytesIO()
    with matplotlib.rc_context({k: STYLE[k] for k in ("svg.fonttype", "svg.hashsalt", "hatch.linewidth")}):
        made.savefig(buffer, format=kind, dpi=dpi, metadata=dict.fromkeys(nothing[kind]))
    return buffer.getvalue() if kind != "svg" else _shortened(buffer.getvalue())


def _shortened(svg: bytes) -> bytes:
    """The same drawing in fewer bytes: paths to a tenth of a point, and nothing that nothing refers to or reads."""

    def rounded(digits: int) -> Callable[[re.Match[str]], str]:
        return lambda match: re.sub(
            r"-?\d+\.\d+", lambda n: f"{float(n[0]):.{digits}f}".rstrip("0").rstrip("."), match[0]
        )

    text = svg.decode("utf-8")
    text = re.sub(r' d="[^"]*"', rounded(1), text)
    text = re.sub(r'(?<= d=")[^"]*', lambda match: re.sub(r"\s*([A-Za-z])\s*", r"\1", match[0]), text)
    text = re.sub(r"translate\([^)]*\)", rounded(2), text)
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    used = set(re.findall(r"#([^\")]+)", text))
    text = re.sub(r'<g id="([^"]*)"', lambda match: match[0] if match[1] in used else "<g", text)
    return re.sub(r"\n\s*", "\n", text).encode("utf-8")


def number(value: float, digits: int = 1) -> str:
    """`value` for a label: `digits` decimals, thousands separated, a true minus sign, never "−0.0"."""
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A share for a label: whole percents, one decimal near 0 and 1, and never a false 0% or 100%."""
    if share in (0, 1):
        return f"{share:.0%}"
    if share < 0.001 or share > 0.999:
        return "<0.1%" if share < 0.5 else ">99.9%"
    return f"{share:.1%}" if share < 0.1 or share > 0.9 else f"{share:.0%}"


def readable(colour: str) -> Any:
    """`colour` for text: as it is, or darkened if it is too pale to read on white."""
    rgb = np.asarray(to_rgb(colour))
    return tuple(rgb * 0.72) if luminance(rgb) > 0.33 else colour


def log_ticks(axis: Any) -> None:
    """Label a logarithmic axis, its limits set, in plain numbers: at 1, 2, 5, or at powers of ten if many."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
    axis.set_minor_formatter(NullFormatter())


def plain_ticks(axis: Any, values: Iterable[float]) -> None:
    """Label a logarithmic axis at `values` only, in plain numbers rather than powers of ten."""
    values = list(values)
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FixedFormatter([f"{v:,g}" for v in values]))
    axis.set_minor_formatter(NullFormatter())


def luminance(colour: Any) -> np.ndarray:
    """Relative luminance of RGB(A) colours [..., 3 or 4], 0 (black) to 1, to choose the colour of text."""
    rgb = np.asarray(colour, float)[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722])
