"""Figures in a page: inline SVG whose text can be selected, whose colours follow dark mode, and which stays readable.

An SVG in an <img> sees neither the fonts of the page nor its colour scheme. Inside the page it does, but then its ids
must differ from those of the other figures, and a narrow screen must scroll it instead of shrinking its text.
"""

from __future__ import annotations

import colorsys
import math
import re
from pathlib import Path
from xml.etree import ElementTree

from backprop.results.store import damaged

SMALLEST = 11
"""The least size of text on a screen, in CSS pixels."""

PAPER, INK = (0x16, 0x18, 0x1C), (0xE4, 0xE5, 0xE8)
"""Background and text of style.css in dark mode."""

BLACK = "#000000"
"""The fill of what states none, which matplotlib leaves out."""

_LEGIBLE = 0.2155
"""The relative luminance that has a contrast of 4.5 to PAPER."""

_COLOUR = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")

_BAND = re.compile(r"((?:fill-)?opacity): (0\.[12]\d*)\b")
"""The opacity of the bands around curves."""


def smallest_text(svg: str) -> float:
    """The size of the smallest text of an SVG in its own units, which are points; infinite without text."""
    return min((float(points) for points in re.findall(r"font-size: ([\d.]+)px", svg)), default=math.inf)


def size(svg: str) -> tuple[float, float]:
    """Width and height of an SVG in points; ValueError if it states none."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if not box:
        raise ValueError("the SVG has no viewBox that begins at 0 0")
    return float(box[1]), float(box[2])


def parse(path: Path) -> tuple[str, ElementTree.Element]:
    """The text of an SVG file and its root element; UserError if it is damaged."""
    try:
        svg = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(svg)
        size(svg)
    except (ElementTree.ParseError, ValueError) as error:
        raise damaged(path) from error
    return svg, root


def inline(path: Path, alt: str, prefix: str, colours: set[str]) -> str:
    """The SVG file `path` as HTML.

    Args:
        path: a figure that `backprop.plots.save` wrote.
        alt: its alternative text, escaped for an attribute.
        prefix: precedes every id of the figure, so that ids differ within the page.
        colours: gets the colours of the figure, "#rrggbb"; the figure refers to them as variables of `stylesheet`.

    Raises:
        UserError: the file is not an SVG.
    """
    svg, root = parse(path)
    width, height = size(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    for definitions in root.findall("defs"):  # a style sheet here would apply to the whole page
        for sheet in definitions.findall("style"):
            definitions.remove(sheet)
    _rename(root, prefix)
    _recolour(root, colours)
    colours.add(BLACK)
    body = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    least = math.ceil(width * SMALLEST / smallest_text(svg) + 0.01)
    return (
        f'<div class="drawing" tabindex="0"><svg role="img" aria-label="{alt}" viewBox="0 0 {width:g} {height:g}" '
        f'style="width: {width:g}pt; min-width: {least}px; fill: var(--{BLACK[1:]})">{body}</svg></div>'
    )


def _rename(root: ElementTree.Element, prefix: str) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, prefix + value)
            elif value.startswith("#") and name == "href":
                element.set(name, f"#{prefix}{value[1:]}")
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{prefix}"))


def _recolour(root: ElementTree.Element, colours: set[str], fixed: bool = False) -> None:
    """Replace colours by variables; cells and what is drawn on them keep theirs, but for the lines between cells."""
    cells = root.get("class") == "cells"
    if cells or root.get("class") == "fixed":
        fixed = True
        root.set("style", f"fill: {BLACK}")
    if cells:
        for line in root.iter():
            line.set("style", line.get("style", "").replace("stroke: #ffffff", "stroke: var(--ffffff)"))
        colours.add("#ffffff")

    def variable(match: re.Match[str]) -> str:
        if fixed:
            return match[0]
        colours.add(match[2])
        return f"{match[1]}: var(--{match[2][1:]})"

    for name in ("fill", "stroke"):  # matplotlib writes hatches so; only a style can hold a variable
        if root.get(name, "").startswith("#"):
            root.set("style", f"{name}: {root.attrib.pop(name)}; {root.get('style', '')}")
    if style := root.get("style"):
        root.set("style", _BAND.sub(r"\1: calc(\2 * var(--bands))", _COLOUR.sub(variable, style)))
    for child in root:
        _recolour(child, colours, fixed)


def stylesheet(colours: set[str]) -> str:
    """The variables behind the colours of the figures, in light and in dark mode."""
    light = "".join(f"--{colour[1:]}:{colour};" for colour in sorted(colours))
    dark = "".join(f"--{colour[1:]}:{in_dark_mode(colour)};" for colour in sorted(colours))
    return f":root{{--bands:1;{light}}}@media screen and (prefers-color-scheme: dark){{:root{{--bands:2;{dark}}}}}"


def in_dark_mode(colour: str) -> str:
    """The counterpart of "#rrggbb" on a dark page.

    White becomes the page, black its text, and greys lie between. A dark hue is mixed with white until its contrast is
    that of text.
    """
    rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    if max(rgb) - min(rgb) <= 12:
        grey = sum(rgb) / (3 * 255)
        rgb = [round(ink + grey * (paper - ink)) for ink, paper in zip(INK, PAPER, strict=True)]
    else:
        hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in rgb))
        while luminance(rgb) < _LEGIBLE:
            lightness += 0.01
            rgb = [round(255 * part) for part in colorsys.hls_to_rgb(hue, lightness, min(saturation, 0.75))]
    return "#" + "".join(f"{part:02x}" for part in rgb)


def luminance(rgb: list[int]) -> float:
    """The relative luminance of a colour with parts from 0 to 255."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (p / 255 for p in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
