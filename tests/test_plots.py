"""Figures show their data, clip nothing, accept degenerate data, and have the same bytes each time."""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from backprop import plots
from backprop.documents import drawings
from backprop.evidence.statistics import kaplan_meier, wilson
from backprop.plots import style
from backprop.plots.labels import EndLabels
from backprop.protocol import UserError

PAPER: dict[str, Any] = {
    "weights": [[14.2, -3.6, 7.2, -7.2, 3.6, -14.2], [-14.2, 3.6, -7.1, 7.1, -3.6, 14.2]],
    "biases": [-1.1, -1.1],
    "output_weights": [-8.8, -8.8],
    "output_bias": 6.4,
}


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _times() -> tuple[np.ndarray, np.ndarray]:
    times = np.ceil(_rng().lognormal(7.3, 0.5, 300))
    return np.minimum(times, 3000), times <= 3000


def network() -> Figure:
    fig = plots.figure(plots.COLUMN, 3.4)
    for ax in fig.subplots(1, 3)[:1]:
        plots.network_diagram(ax, **PAPER, title="The paper", subtitle="1,425 sweeps")
    return fig


def hinton() -> Figure:
    fig, ax = plots.axes(4, 2)
    plots.hinton_diagram(ax, _rng().normal(size=(2, 4)), rows=["a", "b"], columns=list("wxyz"), paper=True)
    return fig


def survival() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 3.2)
    never = (np.full(20, 3000), np.zeros(20, bool))
    plots.survival_curves(ax, {"first": _times(), "second": _times(), "never": never}, 3000, at_risk=True)
    return fig


def survival_log() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 2.6)
    plots.survival_curves(ax, {"first": _times()}, 3000, log=True, log_time=True)
    return fig


def heat() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 3)
    values = _rng().uniform(size=(3, 4))
    values[2, 3] = np.nan
    plots.heatmap(ax, values, [0.01, 0.1, 1, 10], [0, 0.5, 0.9], mark=(0.1, 0.9), label="rate", text="{:.2f}".format)
    return fig


def rates() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 2.8)
    x = np.geomspace(0.01, 1, 6)
    band = (np.full(6, 0.9), *wilson(np.full(6, 90), 100))
    plots.rate_curves(ax, x, {f"group {k}": band for k in range(5)}, mark=0.1)
    return fig


def dots() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 2.5)
    estimate = [[0.9, 0.8], [0.05, 0], [np.nan, np.nan]]
    low, high = wilson([[90, 80], [5, 0], [0, 0]], [[100, 100], [100, 100], [0, 0]])
    labels = ["the paper", "a rather long name of a variant", "nothing"]
    plots.interval_dots(ax, labels, estimate, low, high, ["targets 0, 1", "targets 0.1, 0.9"], reference=0.9)
    return fig


def images() -> Figure:
    fig = plots.figure(plots.COLUMN, 2)
    stack = _rng().normal(size=(7, 8, 8))
    names = [f"unit {k}" for k in range(7)]
    plots.image_grid(fig, stack, names, 4, diverging=True, common_scale=True, label="w")
    return fig


def confusion() -> Figure:
    fig, ax = plots.axes(4.4, 4.2)
    plots.confusion_matrix(ax, np.diag([980, 1135, 0]) + 7 * (1 - np.eye(3, dtype=int)))
    return fig


def contours() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 3)
    a, b = np.linspace(-1, 3, 30), np.linspace(-2, 2, 25)
    loss = (a[None] - 1) ** 2 + b[:, None] ** 2 + 0.1
    plots.contours(ax, a, b, loss, best=(1, 0))
    return fig


def loss() -> Figure:
    fig, ax = plots.axes(plots.COLUMN, 2.4)
    x = np.arange(1, 30)
    curves = {"training": 1 / x, "test": 1 / x + 0.001}
    plots.loss_curve(ax, x, curves, reference=0.035, reference_label="closed form")
    return fig


ALL: list[Callable[[], Figure]] = [
    network,
    hinton,
    survival,
    survival_log,
    heat,
    rates,
    dots,
    images,
    confusion,
    contours,
    loss,
]


def texts(fig: Figure) -> list[str]:
    return [t.get_text() for t in fig.findobj(Text) if isinstance(t, Text) and t.get_text()]


@pytest.mark.parametrize("make", ALL)
def test_the_same_figure_is_the_same_svg(make: Callable[[], Figure]) -> None:
    first = plots.save(make())
    assert first.startswith(b"<?xml")
    assert b"<dc:date>" not in first
    assert len(first) < 300_000
    assert plots.save(make()) == first


@pytest.mark.parametrize("make", ALL)
def test_no_text_leaves_the_figure(make: Callable[[], Figure]) -> None:
    fig = make()
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    frame = fig.bbox.padded(1)
    hidden = set().union(*(_hidden_ticks(ax) for ax in fig.axes))
    for text in fig.findobj(Text):
        if not (isinstance(text, Text) and text.get_text() and text.axes in fig.axes) or text in hidden:
            continue
        box = text.get_window_extent(canvas.get_renderer())
        assert frame.x0 <= box.x0, text
        assert box.x1 <= frame.x1, text
        assert frame.y0 <= box.y0, text
        assert box.y1 <= frame.y1, text


def _hidden_ticks(ax: Any) -> set[Any]:
    """Labels of ticks outside the limits, which exist as artists but are not drawn."""
    hidden = set()
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_transform().transform(axis.get_view_interval()))
        margin = 1e-6 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - margin <= axis.get_transform().transform(tick.get_loc()) <= high + margin:
                hidden |= {tick.label1, tick.label2}
    return hidden


@pytest.mark.parametrize("make", [survival, survival_log, rates, loss])
def test_labels_at_line_ends_do_not_overlap(make: Callable[[], Figure]) -> None:
    fig = make()
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    (labels,) = (a for a in fig.findobj(EndLabels) if isinstance(a, EndLabels))
    boxes = sorted((t.get_window_extent(canvas.get_renderer()) for t in labels.texts), key=lambda b: b.y0)
    assert len(boxes) == len(labels.ends) > 0
    for below, above in pairwise(boxes):
        assert below.y1 <= above.y0


def test_importing_plots_loads_no_torch_pandas_scipy_or_pyplot() -> None:
    slow = {"torch", "pandas", "scipy", "matplotlib.pyplot"}
    check = f"import sys, backprop.plots; print({slow} & set(sys.modules))"
    process = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "set()"


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_other_formats_are_deterministic_too(kind: str, magic: bytes) -> None:
    assert plots.save(dots(), kind).startswith(magic)
    assert plots.save(dots(), kind) == plots.save(dots(), kind)


def test_a_font_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"sans-regular.otf is not a readable font; restore it"):
        style.register_fonts(tmp_path)
    (tmp_path / "sans-regular.otf").write_bytes((style.FONTS / "sans-regular.otf").read_bytes()[:1000])
    with pytest.raises(UserError, match=r"sans-regular.otf is not a readable font; restore it"):
        style.register_fonts(tmp_path)


@pytest.mark.parametrize("make", ALL)
def test_text_is_text_in_a_size_and_in_characters_that_the_fonts_of_the_report_have(make: Callable[[], Figure]) -> None:
    svg = plots.save(make()).decode()
    assert "<text" in svg
    assert drawings.smallest_text(svg) >= style.SMALL
    assert svg_faults(svg) == []


def test_log_axes_have_powers_of_ten_without_mathematical_text() -> None:
    fig, ax = plots.axes()
    ax.plot([1e-9, 1], [1, 2000])
    ax.set(xscale="log", yscale="log")
    svg = plots.save(fig).decode()
    assert ">10⁻⁶</text>" in svg and ">1,000</text>" in svg
    assert svg_faults(svg) == []


def svg_faults(svg: str) -> list[str]:
    """Characters that the font lacks, text in another font, and numbers of four digits without a separator."""
    known = FT2Font(str(style.FONTS / "sans-regular.otf")).get_charmap()
    written = [unescape(text) for text in re.findall(r"<(?:text|tspan)[^>]*>([^<]*)<", svg)]
    missing = sorted(
        {f"no glyph for {letter!r}" for text in written for letter in text.strip() if ord(letter) not in known}
    )
    plain = [f"no separator in {text}" for text in written if re.fullmatch(r"[−-]?\d{4,}(\.\d+)?%?", text)]
    return missing + plain + [f"font {font}" for font in set(re.findall(r"font-family: ([^;\"]*)", svg))]


# The content of each figure


def test_the_network_diagram_prints_all_seventeen_numbers() -> None:
    fig, ax = plots.axes(3, 3.7)
    plots.network_diagram(ax, **PAPER)
    written = texts(fig)
    expected = np.r_[np.ravel(PAPER["weights"]), PAPER["biases"], PAPER["output_weights"], 6.4]
    for value in set(expected.tolist()):
        assert written.count(plots.number(value)) == np.sum(expected == value), value
    bars = [p.get_height() for p in ax.patches if isinstance(p, Rectangle)]
    np.testing.assert_allclose(np.array(bars) / bars[0] * 14.2, np.ravel(PAPER["weights"]), rtol=1e-12)


def test_the_numbers_of_a_network_diagram_do_not_overlap() -> None:
    fig = network()
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    boxes = [t.get_window_extent(canvas.get_renderer()) for t in fig.axes[0].texts if t.get_text()]
    for k, box in enumerate(boxes):
        assert not any(box.shrunk(0.92, 0.92).overlaps(other.shrunk(0.92, 0.92)) for other in boxes[k + 1 :])


def test_a_network_diagram_needs_two_hidden_units_and_accepts_nan() -> None:
    _, ax = plots.axes()
    with pytest.raises(ValueError, match="two hidden units"):
        plots.network_diagram(ax, np.ones((3, 6)), [1, 1, 1], [1, 1, 1], 0)
    fig, ax = plots.axes(3, 3.7)
    plots.network_diagram(ax, np.full((2, 6), np.nan), [np.nan, 0], [np.nan, 0], np.nan)
    assert texts(fig).count("?") == 12
    plots.save(fig)


def test_areas_in_a_hinton_diagram_are_magnitudes_and_nan_is_a_gap() -> None:
    _, ax = plots.axes()
    plots.hinton_diagram(ax, [[4.0, -1.0, np.nan], [-2.0, 0.0, 1.0]])
    positive, negative = (
        sorted(np.prod(np.ptp(np.asarray(p.vertices)[:4], axis=0)) for p in c.get_paths())
        for c in ax.collections
        if isinstance(c, PolyCollection)
    )
    np.testing.assert_allclose(np.array(positive) / positive[-1] * 4, [1, 4])
    np.testing.assert_allclose(np.array(negative) / positive[-1] * 4, [1, 2])


def test_survival_curves_are_kaplan_meier_estimates() -> None:
    _, ax = plots.axes()
    times, observed = _times()
    plots.survival_curves(ax, {"networks": (times, observed)}, 3000)
    curve = kaplan_meier(times, observed)
    x, y = (np.asarray(v) for v in ax.lines[0].get_data())
    np.testing.assert_array_equal(x[1:-1], curve.times)
    np.testing.assert_allclose(y[1:-1], curve.survival)
    assert y[0] == 1
    assert y[-1] == curve.survival[-1]


def test_the_heatmap_prints_its_cells_and_frames_the_marked_one() -> None:
    fig = heat()
    ax = fig.axes[0]
    assert len([t for t in ax.texts if t.get_text() not in ("the paper", "")]) == 11  # of 12, one is nan
    frames = [p.get_xy() for p in ax.patches if isinstance(p, Rectangle)]
    assert frames[0] == pytest.approx((1 - 0.46, 2 - 0.46))
    with pytest.raises(ValueError, match=r"len\(y\), len\(x\)"):
        plots.heatmap(ax, np.ones((4, 3)), [1, 2, 3, 4], [1, 2, 3])


def test_the_confusion_matrix_prints_counts_except_zeros_off_the_diagonal() -> None:
    fig, ax = plots.axes(4, 4)
    plots.confusion_matrix(ax, [[1135, 0], [3, 0]])
    assert [t.get_text() for t in ax.texts] == ["1,135", "3", "0"]
    plots.save(fig)


def test_interval_dots_are_at_their_estimates() -> None:
    fig = dots()
    ax = fig.axes[0]
    np.testing.assert_allclose(np.asarray(ax.lines[0].get_xdata(), float), [0.9, 0.05, np.nan])
    assert {"targets 0, 1", "targets 0.1, 0.9", "the paper"} <= set(texts(fig))


# Degenerate data


NONE = np.empty(0)
NO_NETWORKS = (NONE, NONE.astype(bool))
NAN = [np.nan, np.nan]
DEGENERATE: list[Callable[[Any], object]] = [
    lambda ax: plots.survival_curves(ax, {}, 1000),
    lambda ax: plots.survival_curves(ax, {"none": NO_NETWORKS}, 1000, log=True),
    lambda ax: plots.survival_curves(ax, {"never": ([1000], [False])}, 1000, log=True, log_time=True),
    lambda ax: plots.survival_curves(ax, {"always": ([3, 5], [True, True])}, 1000, log=True, at_risk=True),
    lambda ax: plots.heatmap(ax, [NAN], [1, 2], [1]),
    lambda ax: plots.heatmap(ax, [[1.0, 1.0]], [1, 2], [1], log=True, mark=(1.5, 1)),
    lambda ax: plots.rate_curves(ax, [0.1], {"nan": ([np.nan],) * 3, "one": ([0.5], [0.4], [0.6])}),
    lambda ax: plots.rate_curves(ax, [0.1], {}),
    lambda ax: plots.interval_dots(ax, [], NONE, NONE, NONE),
    lambda ax: plots.interval_dots(ax, ["a"], [[np.nan, 0.5]], [[np.nan, 0.4]], [[np.nan, 0.6]]),
    lambda ax: plots.loss_curve(ax, NONE, NONE),
    lambda ax: plots.hinton_diagram(ax, np.zeros((2, 2))),
    lambda ax: plots.hinton_diagram(ax, np.full((2, 2), np.nan)),
    lambda ax: plots.confusion_matrix(ax, np.zeros((2, 2), int)),
    lambda ax: plots.image_grid(ax.figure, np.empty((0, 8, 8))),
    lambda ax: plots.image_grid(ax.figure, np.full((1, 8, 8), np.nan), diverging=True),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("draw", DEGENERATE)
def test_empty_and_degenerate_data_still_make_figures(draw: Callable[[Any], object]) -> None:
    fig, ax = plots.axes()
    draw(ax)
    fig.draw_without_rendering()


# Helpers


@pytest.mark.parametrize("seed", range(20))
def test_spread_keeps_distance_order_and_bounds_and_moves_no_more_than_needed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted, sizes = rng.uniform(0, 100, 7), rng.uniform(1, 9, 7)
    placed = plots.spread(wanted, sizes, 0, 100)
    order = np.argsort(wanted)
    need = (sizes[order][1:] + sizes[order][:-1]) / 2
    assert np.all(np.diff(placed[order]) >= need - 1e-9)
    assert placed.min() >= 0
    assert (placed + sizes / 2).max() <= 100 + 1e-9
    apart = np.arange(7) * 10.0
    np.testing.assert_allclose(plots.spread(apart, 5), apart)
    np.testing.assert_allclose(plots.spread([5, 5], 4), [3, 7])
    assert plots.spread([], 3).size == 0


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-14.2, 1, "−14.2"), (-0.04, 1, "0.0"), (1425, 0, "1,425"), (np.nan, 1, "nan")],
)
def test_a_number_as_a_label(value: float, digits: int, text: str) -> None:
    assert plots.number(value, digits) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.0004, "<0.1%"), (0.9996, ">99.9%"), (0.055, "5.5%"), (0.5, "50%")],
)
def test_only_exact_shares_are_labelled_0_or_100_percent(share: float, text: str) -> None:
    assert plots.percent(share) == text


def test_ticks_are_labelled_in_plain_numbers_and_percent() -> None:
    _, ax = plots.axes()
    plots.number_ticks(ax.xaxis)
    plots.percent_ticks(ax.yaxis)
    assert ax.xaxis.get_major_formatter()(2_000_000, 0) == "2,000,000"
    assert ax.xaxis.get_major_formatter()(0.05, 0) == "0.05"
    assert ax.xaxis.get_major_formatter()(-2, 0) == "−2"
    assert [plots.tick(value) for value in (0, 1e-6, 2e8, -3e-5, 1e-5 / 2)] == [
        "0",
        "10⁻⁶",
        "2×10⁸",
        "−3×10⁻⁵",
        "5×10⁻⁶",
    ]
    assert ax.yaxis.get_major_formatter()(0.075, 0) == "7.5%"
    assert ax.yaxis.get_major_formatter()(1, 0) == "100%"
