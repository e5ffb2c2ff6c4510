"""The report's tools on a small sample with every feature, built to both formats."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from backprop.documents import pages, report, templates
from backprop.evidence import formatting
from backprop.protocol import UserError

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400pt" height="{height}pt" viewBox="0 0 400 {height}">'
    '<path d="M10 10 L390 90" stroke="#0072B2" fill="none"/></svg>'
)
FRONT = """
::: {.abstract}
**Abstract.** We train << symmetry.values.networks | thousands >> networks like that of @rumelhart1986.
:::

::: {.cards}
- **<< symmetry.values.rate | percent >>** of the networks solve the task
- **<< verdict_counts.paper.reproduced >>** claims reproduced
:::
"""
BODY = r"""
# Introduction {#sec:introduction}

The error is @eq:error, the units are those of [@eq:units]; see [@sec:details; @tbl:claims], [@fig:sweeps] and
[the weights](#fig:weights).
It is << [1, 2] | listing >> × 6-2-1 with ε ≤ ½ → 10⁻³ and $\alpha = 0.9$ [@wilson1927, p. 209].

$$E = \tfrac12 \sum_c \bigl( y_c - d_c \bigr)^2$$ {#eq:error}

::: {#eq:units alt="y equals the logistic function of x"}
$$y = \frac{1}{1 + e^{-x}}$$
:::

## Details {#sec:details}

![Sweeps with $\alpha = 0.9$, after @pdp1986.](figure:symmetry/sweeps){#fig:sweeps alt="A falling line."}

![Weights.](figure:symmetry/weights){#fig:weights alt="A tall picture." .wide}

::: {.finding title="It works"}
Most networks learn.
:::

::: {.warning}
Stand-in data.
:::

::: {.findings}
::: {.key-finding}
**1 Networks learn.**

![](figure:symmetry/small){alt="A small picture."}

All of them do.
:::
:::

```python
print("0.5")
```

::: {.details summary="All rows"}
| Seed | Sweeps |
|--:|--:|
<% for seed in range(60) %>
| << seed >> | << (1000 + seed) | thousands >> |
<% endfor %>

: Every seed. {#tbl:seeds}
:::

<< claims_table(claims.all, "Every claim.") >>

<< scoreboard(claims.paper, "In few words.") >>

# References {.unnumbered}

::: {#refs}
:::
"""


DOCUMENTS = """
report: {sections: sections, title: "A sample & its <title>", subtitle: "Of << symmetry.values.networks >> networks"}
labs: {sections: labs, title: Labs, subtitle: Two}
"""
CLAIMS = """
claims:
  S10: &claim {source: p. 534, claim: Sweeps | needed, paper: "1,425", ours: "<< values.networks >>", rule: own,
    short: Sweeps, brief: "<< values.networks >> | networks"}
  S3: *claim
  M1: *claim
rules: {own: As said.}
"""


@pytest.fixture
def sample(tmp_path: Path) -> dict[str, Any]:
    """Arguments of `report.build` for a small report that builds."""
    kit = tmp_path / "kit"
    (kit / "sections").mkdir(parents=True)
    (kit / "claims").mkdir()
    for path in pages.KIT.iterdir():
        if path.name not in ("sections", "claims", "labs", "documents.yaml"):
            (kit / path.name).symlink_to(path)
    gaps = "are missing: [S1, S2, S4, S5, S6, S7, S8, S9]"
    (kit / "claims" / "gaps.yaml").write_text(gaps, encoding="utf-8")
    for name in ("parts.yaml", "rules.yaml"):
        (kit / "claims" / name).symlink_to(pages.KIT / "claims" / name)
    (kit / "claims" / "symmetry.yaml").write_text(CLAIMS, encoding="utf-8")
    (kit / "labs").mkdir()
    (kit / "documents.yaml").write_text(DOCUMENTS, encoding="utf-8")
    (kit / "labs" / "10_lab.md.j2").write_text("See [the paper](report.html).\n", encoding="utf-8")
    (kit / "sections" / "00_front.md.j2").write_text(FRONT, encoding="utf-8")
    (kit / "sections" / "10_body.md.j2").write_text(BODY, encoding="utf-8")
    figures = {}
    for name, height in (("sweeps", 100), ("weights", 5000), ("small", 60)):
        figures[f"symmetry/{name}"] = tmp_path / f"{name}.svg"
        figures[f"symmetry/{name}"].write_text(SVG.format(height=height))
    verdicts = {"S10": "not reproduced", "S3": "reproduced", "M1": "not judged"}
    protocol = [{"label": "Rate", "stated": "0.1", "ours": "0.1", "where": "Fig. 1"}]
    return {
        "byline": {"author": ["A. Student", "B. Student"]},
        "findings": {
            "symmetry": {
                "values": {"networks": 4096, "rate": 0.934},
                "verdicts": verdicts,
                "protocol": protocol,
                "protocols": {"paper": {"seeds": 4096}, "patient": {"seeds": 10}},
            }
        },
        "figures": figures,
        "folder": tmp_path / "out",
        "kit": kit,
    }


def edit(sample: dict[str, Any], old: str, new: str, file: str = "10_body.md.j2") -> None:
    path = sample["kit"] / "sections" / file
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_report_in_both_formats(sample: dict[str, Any]) -> None:
    """Numbers, alternative text, links, citations and self-containment in HTML; tags and pages in the PDF."""
    report.build(**sample)
    page = (sample["folder"] / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<(style|script|math).*?</\1>", "", page, flags=re.DOTALL))
    text = re.sub(r"<[^>]+>", "", text)

    assert "<title>A sample &amp; its &lt;title&gt;</title>" in page
    assert "We train 4,096 networks like that of Rumelhart et al. (1986" in text
    assert "93%" in text
    assert "see Section 1.1 and Table 2, Figure 1 and the weights" in text
    assert "Figure 1. Sweeps with" in text
    assert "(Wilson 1927, 209)" in text
    assert "Finding · It works" in text
    assert 'role="img" aria-label="A falling line."' in page
    assert page.count('aria-label="A small picture."') == 1 and page.count("<figcaption") == 5
    assert re.findall(r"<td[^>]*>([MS]\d+)</td>", page) == 2 * ["S3", "S10", "M1"]
    assert 'class="badge not-reproduced"' in page
    assert "Sweeps | needed" in text
    assert page.count("<math") >= 4

    targets = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert not re.findall(r'(?:src|srcset)="(?!data:)', page)
    assert "<link" not in page.replace('<link rel="stylesheet" href="data:', "")
    assert not re.findall(r"url\((?![\"']?data:)", page)
    assert "@import" not in page
    assert str(sample["kit"].parent) not in page
    assert len(page) < 5e6

    pdf = (sample["folder"] / "report.pdf").read_bytes()
    assert b"/MarkInfo" in pdf
    assert b"pdfuaid:part" in pdf
    assert b"(A falling line.)" in pdf
    assert b"(A small picture.)" in pdf
    assert str(sample["kit"].parent).encode() not in pdf
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) <= 6


def test_appendices_have_letters_and_ratios_and_apostrophes_after_numbers_stay_whole(sample: dict[str, Any]) -> None:
    """A prime instead of the apostrophe of "Figure 1's", and a line that ends inside 1:2:4, are Typst's defaults."""
    more = "@fig:sweeps's bars, the 1990's 1:2:4 and @sec:proof are in [@sec:proof; @sec:second].\n\n"
    chapters = (
        "# Proof {#sec:proof .appendix}\n\n## Second {#sec:second}\n\n# More {#sec:more .appendix}\n\n@sec:more\n\n"
    )
    edit(sample, "# References", more + chapters + "# References")
    report.build(**sample)
    page = (sample["folder"] / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "Figure 1’s bars, the 1990’s 1:2:4 and Appendix A are in Appendix A and Section A.1" in text
    assert "A Proof" in text and "A.1 Second" in text and "B More" in text and "Appendix B" in text
    assert '<span class="nobreak">1:2:4</span>' in page
    printed = " ".join(
        p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(sample["folder"] / "report.pdf")
    )
    assert "1990’s" in printed and "1’s" in printed and "′" not in printed
    assert "A Proof" in printed and "A.1 Second" in printed and "B More" in printed


def test_a_scoreboard_of_more_than_a_page_stops_the_build(sample: dict[str, Any]) -> None:
    claims = "\n".join(f"  F{k}: *claim" for k in range(1, 60))
    path = sample["kit"] / "claims" / "symmetry.yaml"
    path.write_text(CLAIMS.replace("  M1: *claim", f"  M1: *claim\n{claims}"), encoding="utf-8")
    sample["findings"]["symmetry"]["verdicts"] |= {f"F{k}": "partly" for k in range(1, 60)}
    with pytest.raises(UserError, match="the scoreboard does not fit on one page"):
        report.build(**sample)


def test_each_document_has_its_own_title_and_links_to_the_other(sample: dict[str, Any]) -> None:
    report.build(**sample)
    page = (sample["folder"] / "labs.html").read_text(encoding="utf-8")
    assert "<title>Labs</title>" in page and 'href="report.html"' in page
    assert b"report.pdf" in (sample["folder"] / "labs.pdf").read_bytes()
    assert "Of 4096 networks" in (sample["folder"] / "report.html").read_text(encoding="utf-8")


def test_a_section_shows_the_markup_of_an_author_as_text(sample: dict[str, Any]) -> None:
    sample["byline"] = {"author": "<script>alert(1)</script> `alert(2)`{=html}"}
    (sample["kit"] / "sections" / "20_by.md.j2").write_text("# By\n\nBy << author >>.\n", encoding="utf-8")
    report.build(**sample)
    page = (sample["folder"] / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert page.count("By &lt;script&gt;alert(1)&lt;/script&gt; ") == 1 and "alert(2)" in page


def test_a_folder_of_any_name_gives_the_same_bytes(
    sample: dict[str, Any], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pandoc decodes percent signs, and opens no ä in an ASCII locale; `kit` is an ordinary name, once more."""

    def build(arguments: dict[str, Any]) -> list[bytes]:
        report.build(**arguments)
        return [path.read_bytes() for path in sorted(arguments["folder"].glob("*.*"))]

    first = build(sample)
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("kit", "50%20done \"b\" 'c' ä&é", "$HOME; `x`?b#c*[1]", "-x:y\\z\n"):
        odd = shutil.copytree(tmp_path, tmp_path_factory.mktemp("odd") / name, symlinks=True)
        moved = {key: odd / sample[key].relative_to(tmp_path) for key in ("folder", "kit")}
        figures = {figure: odd / path.relative_to(tmp_path) for figure, path in sample["figures"].items()}
        assert build({**sample, **moved, "figures": figures}) == first, name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[1, 2] | listing", "symmetry.values.median", r"10_body.md.j2, line 6: .*unknown value 'median'"),
        ("[1, 2] | listing", "none", r"10_body.md.j2, line 6: the value None cannot be put into a sentence"),
        ("[1, 2] | listing", "2 / 3", r"10_body.md.j2, line 6: the number 0.6666666666666666 needs a filter"),
        ("[1, 2] | listing", "none | percent", r"10_body.md.j2, line 6: percent: the value is None"),
        ("[1, 2] | listing", "claims.item", r"line 6: .*unknown value 'item'"),
        ("[1, 2] | listing >>", "[1, 2] | listing", r"10_body.md.j2, line \d+: "),
        ("@eq:error,", "@eq:eror,", r"refers to @eq:eror, but no equation is labelled #eq:eror"),
        ("[@fig:sweeps]", "[@tbl:seeds]", r"never refers to the figure @fig:sweeps"),
        ("@pdp1986", "@pdp1987", r"cites @pdp1987, which report/references.bib does not contain"),
        (' alt="A falling line."', "", r"figure:symmetry/sweeps needs alternative text"),
        (
            "figure:symmetry/weights",
            "figure:symmetry/wait",
            r"figure:symmetry/wait, which no experiment declares",
        ),
        ('{alt="A small picture."}', "", r"figure:symmetry/small needs alternative text"),
        ("#fig:weights alt", "alt", r"figure:symmetry/weights needs a label"),
        ("{#sec:details}", "{#sec:introduction}", r"Duplicate identifier 'sec:introduction'"),
        ("#fig:weights", "#fig:sweeps", r"the label #fig:sweeps is used twice"),
        ("](#fig:weights)", "](#fig:weight)", r"links to #fig:weight, but nothing"),
        ("## Details", "### Details", r"heading .Details. skips a level"),
        ("see [@sec:details; @tbl:claims]", "see [@sec:details; @wilson1927]", r"mixes a cross-reference"),
        ("Most networks learn.\n:::", "Most networks learn.", r"unclosed"),
    ],
)
def test_mistakes_are_refused_in_one_sentence(sample: dict[str, Any], old: str, new: str, message: str) -> None:
    """What an author can get wrong names the file or the label, and nothing is written."""
    edit(sample, old, new)
    with pytest.raises(UserError, match=message):
        report.build(**sample)
    assert not (sample["folder"] / "report.html").exists()


def test_unused_and_missing_figures_are_refused(sample: dict[str, Any]) -> None:
    extra = {**sample["figures"], "family/units": sample["figures"]["symmetry/sweeps"]}
    with pytest.raises(UserError, match="figure family/units is drawn but no section shows it"):
        report.build(**{**sample, "figures": extra})
    sample["figures"]["symmetry/sweeps"].unlink()
    with pytest.raises(UserError, match=r"symmetry/sweeps should be at .* does not exist"):
        report.build(**sample)


def test_a_mapping_entry_comes_before_its_method(tmp_path: Path) -> None:
    """`symmetry.values` is the entry called values, not dict.values."""
    template = tmp_path / "a.md.j2"
    template.write_text("<< symmetry.values.items >> <# unseen #>$<$ {{ }} << 3 | words >>")
    text = templates.render_file(template, {"symmetry": {"values": {"items": 7}}})
    assert text == "7 $<$ {{ }} three"


def test_reporting_does_not_import_torch() -> None:
    code = "import sys, backprop.documents.report, backprop.documents.assignment; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_reference_and_font_is_there() -> None:
    """The bibliography parses without warnings, and each font the style asks for exists and is small."""
    keys = pages.bibliography_keys()
    assert {"rumelhart1986", "pdp1986", "wilson1927", "kaplan1958"} <= keys
    text = "; ".join(f"@{key}" for key in sorted(keys))
    document = pages.parse(f"# R\n\nSee [{text}].\n\n::: {{#refs}}\n:::\n")
    page = pages.to_html(document, {"title": "R"}, {})
    assert page.count('class="csl-entry"') == len(keys)
    for name in re.findall(r"url\((fonts/[^)]+)\)", (pages.KIT / "style.css").read_text(encoding="utf-8")):
        assert 0 < (pages.KIT / name).stat().st_size < 150_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formatting.percent(0.934), "93%"),
        (formatting.percent(0.9996), "99.96%"),
        (formatting.percent(0.00012), "0.01%"),
        (formatting.percent(1.0, 1), "100%"),
        (formatting.points(0.1476), "14.8"),
        (formatting.points(-0.02, 0), "−2"),
        (formatting.exact(0.0125), "0.0125"),
        (formatting.exact(60000), "60,000"),
        (formatting.rate(0.934, 0.921, 1), "93% (92% to 100%)"),
        (formatting.interval((-1.25, 3), "signed"), "−1.2 to +3.0"),
        (formatting.interval([1200.4, 3000], "thousands"), "1,200 to 3,000"),
        (formatting.thousands(1425), "1,425"),
        (formatting.fixed(-0.001, 2), "0.00"),
        (formatting.fixed(-1234.56), "−1,234.6"),
        (formatting.signed(7.2), "+7.2"),
        (formatting.signed(0.0), "0.0"),
        (formatting.significant(0.001234), "0.0012"),
        (formatting.significant(12345), "12,000"),
        (formatting.significant(-3.14e-7), "−3.1×10⁻⁷"),
        (formatting.significant(9.99, 2), "10"),
        (formatting.significant(0), "0"),
        (formatting.median_with_cap(1210, 10000), "1,210 sweeps (cap 10,000)"),
        (formatting.median_with_cap(None, 10000), "not reached within 10,000 sweeps"),
        (formatting.median_with_cap(90, 100, ""), "90 (cap 100)"),
        (formatting.words(3), "three"),
        (formatting.words(4096), "4,096"),
        (formatting.count(1, "network"), "one network"),
        (formatting.count(0, "network"), "no networks"),
        (formatting.listing(["a", "b", "c"]), "a, b and c"),
        (formatting.capital("three networks"), "Three networks"),
    ],
)
def test_wording(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (formatting.percent, (float("nan"),), "percent: the value is nan"),
        (formatting.percent, (93.4,), "must be between 0 and 1"),
        (formatting.fixed, ("many",), "'many', not a number"),
        (formatting.interval, ((1, 2, 3),), "must be a pair"),
        (formatting.interval, ((0, 1), "percentage"), "allowed are percent"),
        (formatting.listing, ([],), "the list is empty"),
        (formatting.words, (2.5,), "must be a whole number"),
    ],
)
def test_wording_refuses_what_is_missing(
    function: Callable[..., str], arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        function(*arguments)
