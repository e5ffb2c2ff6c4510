"""Measures the pages of a PDF: how full each is, and how far each figure is from the sentences that refer to it.

uv run python tests/pages_layout.py results/report/report.pdf results/report/labs.pdf
"""

import ctypes
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

LEAST_FULL = 0.7
"""The least share of a page, but the last, that holds text or figures."""

TOP, BOTTOM = 56, 57
"""Margins in points, with the running head and the page number."""

CAPTION = re.compile(r"^(Figure \d+)\. ", re.MULTILINE)
"""The label at the beginning of a caption."""

HOLE = 40
"""A blank band is a hole from this height on, in points; above a heading there are 22."""


class Reference(NamedTuple):
    """A figure to which the text refers: its name, its page, and the pages with references to it."""

    text: str
    page: int
    mentions: list[int]


def holes(page: pypdfium2.PdfPage) -> list[tuple[float, float]]:
    """The blank bands of a page, each from top to bottom in points from the upper edge of the paper."""
    ink = np.asarray(page.render(scale=1, grayscale=True).to_numpy()).reshape(round(page.get_height()), -1).min(1) < 245
    body = np.arange(TOP, len(ink) - BOTTOM)
    edges = [TOP, *body[ink[body]].tolist(), len(ink) - BOTTOM]
    return [(low, high) for low, high in pairwise(edges) if high - low > HOLE]


def fill(page: pypdfium2.PdfPage) -> float:
    """The share of the height between the margins that is not in a hole."""
    return 1 - sum(high - low for low, high in holes(page)) / (page.get_height() - TOP - BOTTOM)


def references(document: pypdfium2.PdfDocument) -> list[Reference]:
    """The figures to which links of the document lead, in the order of the first link to each.

    A figure is on the page of its caption; the target of a link can be the end of the page before.
    """
    texts = [page.get_textpage().get_text_bounded() for page in document]
    captions = {label: number for number, text in enumerate(texts, 1) for label in CAPTION.findall(text)}
    found: dict[str, Reference] = {}
    for number, page in enumerate(document, 1):
        text = page.get_textpage()
        for rectangle, target in _links(document, page):
            said = " ".join(text.get_text_bounded(*rectangle).split())
            if said.startswith("Figure"):
                found.setdefault(said, Reference(said, captions.get(said, target), [])).mentions.append(number)
    return list(found.values())


def _links(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage
) -> Iterator[tuple[tuple[float, float, float, float], int]]:
    """The rectangle of each link inside the document, with the number of the page that it leads to."""
    at, link, box = ctypes.c_int(0), pdfium.FPDF_LINK(), pdfium.FS_RECTF()
    while pdfium.FPDFLink_Enumerate(page, ctypes.byref(at), ctypes.byref(link)):
        target = pdfium.FPDFLink_GetDest(document, link)
        if target and pdfium.FPDFLink_GetAnnotRect(link, ctypes.byref(box)):
            index = pdfium.FPDFDest_GetDestPageIndex(document, target)
            yield (box.left, box.bottom, box.right, box.top), index + 1


def strangers(page: pypdfium2.PdfPage) -> list[str]:
    """The characters of a page in a font that is not the report's, because its fonts lack them."""
    text, name, flags = page.get_textpage(), ctypes.create_string_buffer(100), ctypes.c_int()
    found = set()
    for at in range(text.count_chars()):
        if pdfium.FPDFText_GetFontInfo(text, at, name, 100, ctypes.byref(flags)) and b"Report" not in name.value:
            found.add(chr(pdfium.FPDFText_GetUnicode(text, at)))
    return sorted(found)


def faults(path: Path, late: int = 1) -> list[str]:
    """What is wrong with the pages of a PDF, one sentence each; a figure may be `late` pages after a reference."""
    document = pypdfium2.PdfDocument(path)
    found = [
        f"{path.name}, page {number}: {fill(page):.0%} full, at least {LEAST_FULL:.0%} must be; "
        f"blank from {', '.join(f'{low:.0f} to {high:.0f} pt' for low, high in holes(page))}"
        for number, page in enumerate(document, 1)
        if number < len(document) and fill(page) < LEAST_FULL
    ]
    for number, page in enumerate(document, 1):
        if letters := strangers(page):
            found.append(f"{path.name}, page {number}: the report's fonts have no {' '.join(letters)}")
    for text, page, mentions in references(document):
        if min(mentions) > page or not set(range(page - late, page + 1)) & set(mentions):
            pages = ", ".join(map(str, sorted(set(mentions))))
            found.append(
                f"{path.name}: {text} is on page {page}, but the text refers to it on page {pages}; a figure must be "
                "on the page of a reference or on the next, and not before the first"
            )
    return found


def main(paths: list[str]) -> int:
    """Print the fill of each page and all faults; the exit status is 1 if there is a fault."""
    wrong = []
    for path in map(Path, paths):
        document = pypdfium2.PdfDocument(path)
        print(path, " ".join(f"{number}:{fill(page):.0%}" for number, page in enumerate(document, 1)))
        print(" ".join(f"{text}: p. {page}, from {mentions};" for text, page, mentions in references(document)))
        wrong += faults(path)
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["results/report/report.pdf", "results/report/labs.pdf"]))
