"""The pages of both PDFs are full, figures are near their text, and their letters are large enough."""

import re

import pypdfium2
import pytest
import typst

from backprop import plots
from backprop.documents import drawings, pages
from backprop.documents.pages import KIT
from tests import pages_layout

HEAD = '#set page(paper: "a4", margin: (x: 2.35cm, top: 2cm, bottom: 2cm), footer: [1])\n#set text(size: 11pt)\n'
LINES = "#range({}).map(i => [Line #i]).join(linebreak())\n\n"
PICTURE = "#figure(rect(width: 5cm, height: 15cm, fill: red), placement: {}) <fig:a>\n\n"


def printed(path, text):
    path.write_bytes(typst.compile((HEAD + text).encode()))
    return path


@pytest.mark.parametrize(
    ("text", "full"),
    [
        (LINES.format(300), 1.0),
        (LINES.format(22), 0.44),
        (LINES.format(10) + "#v(10cm)\n" + LINES.format(8), 0.35),
        ("Start\n#v(1fr)\nEnd", 0.0),
    ],
)
def test_the_fill_of_a_page_is_what_is_not_in_a_hole(tmp_path, text, full):
    document = pypdfium2.PdfDocument(printed(tmp_path / "a.pdf", text))
    assert pages_layout.fill(document[0]) == pytest.approx(full, abs=0.03)


def test_a_page_that_is_half_empty_is_named_but_the_last_may_be(tmp_path):
    path = printed(tmp_path / "a.pdf", LINES.format(22) + "#pagebreak()\n" + LINES.format(3))
    (fault,) = (fault for fault in pages_layout.faults(path) if "full" in fault)
    assert fault.startswith("a.pdf, page 1: 43% full") and "at least 70% must be; blank from" in fault


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("@fig:a\n\n" + PICTURE.format("none"), (1, 1)),
        (LINES.format(30) + "@fig:a\n\n" + PICTURE.format("none"), (1, 2)),
        (PICTURE.format("none") + LINES.format(30) + "@fig:a", (2, 1)),
        ("@fig:a\n\n" + LINES.format(90) + PICTURE.format("none"), (1, 3)),
    ],
)
def test_the_distance_of_a_figure_from_the_text_is_found(tmp_path, text, pages):
    path = printed(tmp_path / "a.pdf", '#set figure(numbering: "1", supplement: [Figure])\n' + text)
    (reference,) = pages_layout.references(pypdfium2.PdfDocument(path))
    assert (reference.text, reference.mentions, reference.page) == ("Figure 1", [pages[0]], pages[1])
    far = [fault for fault in pages_layout.faults(path) if "Figure 1 is on page" in fault]
    assert bool(far) == (pages[1] - pages[0] not in (0, 1))


def test_a_figure_is_on_the_page_of_its_caption(tmp_path):
    """Typst's link to a figure at the top of a page can lead to the end of the page before."""
    look = "#set figure(numbering: none, supplement: [Figure])\n#set figure.caption(separator: none)\n"
    text = "#link(<fig:a>)[Figure 1]\n\n" + LINES.format(90) + "#figure(rect(), caption: [Figure 1. Red.])"
    path = printed(tmp_path / "a.pdf", look + "A <fig:a>\n\n" + text)
    document = pypdfium2.PdfDocument(path)
    (reference,) = pages_layout.references(document)
    assert len(document) > 1 and (reference.mentions, reference.page) == ([1], len(document))


def test_a_character_that_the_fonts_of_the_report_lack_is_named(tmp_path):
    """This page is in Typst's own font."""
    (fault,) = pages_layout.faults(printed(tmp_path / "a.pdf", "Aba"))
    assert fault == "a.pdf, page 1: the report's fonts have no 1 A a b"


def largest():
    """Width and height in points of the largest figure that a page holds without shrinking it, from the templates."""
    report, look = ((KIT / "templates" / name).read_text(encoding="utf-8") for name in ("report.typ", "look.typ"))
    (margin,) = map(float, re.findall(r"margin: \(x: ([\d.]+)cm", report))
    (overhang,) = map(float, re.findall(r"#let overhang = ([\d.]+)cm", report))
    (height,) = map(float, re.findall(r"([\d.]+)cm / natural.height", look))
    return [72 / 2.54 * length for length in (21 - 2 * margin + 2 * overhang, height)]


def test_the_title_comes_before_a_table_that_floats_to_the_top():
    document = pages.parse(
        "Text (@tbl:a).\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n: A table. {#tbl:a}\n\n# One\n\nMore.\n"
    )
    text = pypdfium2.PdfDocument(pages.to_pdf(document, {"title": "Paper title"}, {}))[0].get_textpage()
    title, caption = (text.get_charbox(text.search(words).get_next()[0])[3] for words in ("Paper title", "A table."))
    assert title > caption


def test_a_wide_figure_fits_onto_the_page_unshrunk():
    assert largest()[0] >= 72 * plots.WIDE


@pytest.mark.pipeline
def test_the_text_of_every_figure_has_eight_points_in_print(finished):
    small, (widest, tallest) = [], largest()
    for path in sorted(finished.glob("results/*/figures/*.svg")):
        svg = path.read_text(encoding="utf-8")
        width, height = drawings.size(svg)
        printed = drawings.smallest_text(svg) * min(1, widest / width, tallest / height)
        if printed < plots.style.SMALL:
            small.append(f"{path.parent.parent.name}/{path.name}: {printed:.1f} pt")
    assert not small, "\n".join(small)


@pytest.mark.pipeline
@pytest.mark.parametrize("name", ["report", "labs"])
def test_pages_are_full_and_figures_near_their_text(finished, name):
    """A run with few seeds takes other branches of the text, so that figures may be a page later than in a full run."""
    assert not pages_layout.faults(finished / f"results/report/{name}.pdf", late=2)
