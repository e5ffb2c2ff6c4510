"""Figures inside a page: unique ids, colours that follow dark mode, and text that keeps its size."""

import re

import pytest

from backprop.documents import drawings
from backprop.protocol import UserError

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 400 100">
<defs><style type="text/css">*{stroke-linejoin: round}</style>
<clipPath id="c1"><rect width="9" fill="#cc79a7"/></clipPath></defs>
<g clip-path="url(#c1)"><path id="m" style="fill: #ffffff; stroke: #0072b2"/><use xlink:href="#m"/></g>
<g class="cells"><path style="fill: #00204d; stroke: #ffffff"/></g>
<g class="fixed"><path style="fill: #ffffff; stroke: #ffffff"/>
<text style="font-size: 8px; fill: #ffffff">a &lt; b</text></g>
</svg>"""


@pytest.fixture
def svg(tmp_path):
    path = tmp_path / "a.svg"
    path.write_text(SVG)
    return path


def test_ids_of_two_figures_differ_and_references_follow(svg):
    first, second = (drawings.inline(svg, "A line.", prefix, set()) for prefix in ("f1-", "f2-"))
    assert set(re.findall(r'id="([^"]*)"', first)) == {"f1-c1", "f1-m"}
    assert 'clip-path="url(#f1-c1)"' in first and '<use href="#f1-m"' in first
    assert not set(re.findall(r'id="([^"]*)"', first)) & set(re.findall(r'id="([^"]*)"', second))
    assert "<style" not in first and "xmlns" not in first and 'aria-label="A line."' in first and "a &lt; b" in first


def test_colours_are_variables_but_cells_and_their_text_keep_their_fills(svg):
    colours: set[str] = set()
    page = drawings.inline(svg, "", "", colours)
    assert colours == {"#ffffff", "#0072b2", "#cc79a7", "#000000"}
    assert "fill: var(--ffffff); stroke: var(--0072b2)" in page
    assert '<rect width="9" style="fill: var(--cc79a7); "' in page
    assert "fill: #00204d; stroke: var(--ffffff)" in page and "fill: #ffffff; stroke: #ffffff" in page
    assert "font-size: 8px; fill: #ffffff" in page
    assert "px; fill: var(--000000)" in page and '<g class="fixed" style="fill: #000000">' in page
    sheet = drawings.stylesheet(colours)
    assert sheet.index("--ffffff:#ffffff") < sheet.index("dark") < sheet.index("--ffffff:#16181c")


def test_bands_are_stronger_on_a_dark_page(svg):
    svg.write_text(SVG.replace("stroke: #0072b2", "fill-opacity: 0.16; opacity: 0.9"))
    page = drawings.inline(svg, "", "", set())
    assert "fill-opacity: calc(0.16 * var(--bands)); opacity: 0.9" in page
    light, dark = re.findall(r"--bands:([\d.]+)", drawings.stylesheet(set()))
    assert float(light) == 1 < float(dark)


def test_the_smallest_text_has_eleven_pixels_on_a_narrow_screen(svg):
    page = drawings.inline(svg, "", "", set())
    (least,) = re.findall(r"min-width: (\d+)px", page)
    assert 8 * float(least) / 400 >= 11


@pytest.mark.parametrize(
    "colour", ["#000000", "#222222", "#666666", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#330066"]
)
def test_text_and_data_have_contrast_on_a_dark_page(colour):
    dark = drawings.in_dark_mode(colour)
    light, ground = (drawings.luminance([int(c[at : at + 2], 16) for at in (1, 3, 5)]) for c in (dark, "#16181c"))
    assert (light + 0.05) / (ground + 0.05) >= 4.5, dark


def test_paper_becomes_paper_and_pale_greys_stay_next_to_it():
    assert drawings.in_dark_mode("#ffffff") == "#16181c"
    shade, rule = (drawings.in_dark_mode(colour) for colour in ("#f1f0ee", "#d9d9d9"))
    assert "#16181c" < shade < rule < "#444444"


@pytest.mark.parametrize("text", ["", SVG[:400], SVG.replace('viewBox="0 0 400 100"', "")])
def test_an_incomplete_file_is_named(svg, text):
    svg.write_text(text)
    with pytest.raises(UserError, match=r"a.svg is damaged or incomplete; delete it and make it again"):
        drawings.inline(svg, "", "", set())
