"""Counts the numbers in the sentences and paragraphs of a rendered document, and names those with too many.

    uv run python tests/prose.py results/report/report.html results/report/labs.html

A sentence may hold one number and a paragraph two; in an appendix (a heading of class `appendix`) twice as many. The
abstract has limits of its own: 130 words and 12 numbers. Only running text counts, paragraphs and list items: tables,
figures, captions, cards, the live network, code, formulas and references are exempt.

These are no numbers, because a reader does not compare them:

- words ("six bits"), digits inside names ("float32", "S10"), and ordinals;
- years, and the labels of things: sections, figures, tables, equations, pages, experiments, labs, seeds, versions;
- ratios and shapes ("1:2:4", "6-2-1"), and the values of targets ("0 and 1", ".1", ".9");
- the level of an interval ("95% interval").

"23 of 2,328", "8 × 8" and "3×10⁻⁷" are one number each.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import bs4

ROOT = Path(__file__).parents[1]
EXEMPT = (
    "figure, figcaption, table, nav, header, footer, math, pre, code, script, style, template, .cards, .live-network,"
    " .equation, .callout-title, .citation, #refs, sup, .unseen, [popover]"
)
MOST_IN_SENTENCE, MOST_IN_PARAGRAPH = 1, 2
MOST_IN_ABSTRACT, WORDS_IN_ABSTRACT = 12, 130

_KINDS = (
    "Figures?|Figs?\\.|Tables?|Sections?|Secs?\\.|Appendix|Appendices|Equations?|Eqs?\\.|Experiments?|Chapters?|Parts?|"
    "[Ll]abs?|[Ss]teps?|[Ss]eeds?|[Vv]ersions?|[Pp]ages?|pp?\\.|[Vv]ol\\.|[Nn]o\\.|Python|[Cc]laims?"
)
_LISTED = r"(?:\s*(?:,|and|to|or|–|-)\s*(?=[A-Z]?\d)[A-Z]?[\d.]*\d[a-z]?)*"
NAMES = [
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_KINDS})\s*\(?[A-Z]?\d[\d.]*\)?{_LISTED}",
        r"\(\d{1,2}\)(?:\s*(?:to|and|,)\s*\(\d{1,2}\))*",  # equations by their number
        r"\d+(?:\s*:\s*\d+)+",  # ratios
        r"\d+(?:-\d+)+\b",  # shapes of networks
        r"\b\d+\.\d+\.\d+\b",  # versions
        r"\b95\s*% (?:\w+ )?(?:interval|band)s?",
        r"(?<![\d.,])(?:1[6-9]|20)\d\ds?\b(?![.,]\d|\s*%|%)",  # years
        r"(?<![\w.,−-])(?:0|1|0?\.1|0?\.9)(?:/(?:1|0?\.9))?(?![\w%]|[.,]?\d|\s*%| of\b| in\b|\s*[×⋅])",  # targets
        r"\b\d+(?:st|nd|rd|th)\b",
    )
]
_ONE = r"[−+-]?(?:\d[\d,]*)?\.?\d+(?:\s*×\s*10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
NUMBER = re.compile(rf"(?<![\w.,]){_ONE}(?:\s*%)?(?:(?:\s*×\s*|\s+(?:out )?of (?:the )?|/){_ONE})?")
_NOT_AN_END = (
    r"(?<!\bFig\.)(?<!\bFigs\.)(?<!\bEq\.)(?<!\bp\.)(?<!\bpp\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bal\.)"
)
END = re.compile(rf"(?<=[.!?]){_NOT_AN_END}[”’\")]*\s+(?=[“‘\"(]?[A-Z0-9.])")


class Offender(NamedTuple):
    """Text with too many numbers: the section file it comes from, what it is, the numbers, how many are allowed."""

    file: str
    kind: str
    numbers: list[str]
    most: int
    text: str

    def __str__(self) -> str:
        found = f"{len(self.numbers)} numbers ({'; '.join(self.numbers)})" if self.numbers else "too many words"
        return f"{self.file}: {self.kind} with {found}, at most {self.most}: {self.text}"


def numbers(text: str) -> list[str]:
    """The numbers in `text` that count."""
    for pattern in NAMES:
        text = pattern.sub("§", text)
    return [match[0].strip() for match in NUMBER.finditer(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph."""
    return END.split(text.strip())


def offenders(html: str, folder: Path = ROOT / "report") -> list[Offender]:
    """Every sentence, paragraph and abstract of a rendered document with more numbers than its limit.

    `folder` contains the templates, among which each text is looked up to name its file.
    """
    # figures and scripts are nearly all of a page; without them it is parsed in a second
    page = bs4.BeautifulSoup(re.sub(r"<(svg|script|style)\b.*?</\1>", "", html, flags=re.DOTALL), "html.parser")
    sources = {
        str(path.relative_to(folder.parent)): _shingles(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.md.j2"))
    }
    appendix = {id(paragraph) for paragraph in _in_appendix(page)}
    for part in page.select(EXEMPT):
        part.decompose()
    found = []
    for paragraph in page.select("main p, main li"):
        if paragraph.find_parent("p") or paragraph.find("p") or paragraph.find_parent(class_="abstract"):
            continue
        text = " ".join(paragraph.get_text().split())
        factor = 2 if id(paragraph) in appendix else 1
        parts = [(sentence, "a sentence", MOST_IN_SENTENCE * factor) for sentence in sentences(text)]
        for words, kind, most in [*parts, (text, "a paragraph", MOST_IN_PARAGRAPH * factor)]:
            if len(numbers(words)) > most:
                found.append(Offender(_source(text, sources), kind, numbers(words), most, words))
    for abstract in page.select(".abstract"):
        text = " ".join(abstract.get_text(" ").split())
        if len(numbers(text)) > MOST_IN_ABSTRACT:
            found.append(Offender(_source(text, sources), "an abstract", numbers(text), MOST_IN_ABSTRACT, text))
        if len(text.split()) > WORDS_IN_ABSTRACT:
            found.append(Offender(_source(text, sources), "an abstract", [], WORDS_IN_ABSTRACT, text))
    return found


def _in_appendix(page: bs4.BeautifulSoup) -> list[bs4.Tag]:
    """The paragraphs and list items below a heading of class appendix, up to the next heading of its level."""
    inside, found = False, []
    for element in page.select("main h2, main p, main li"):
        if element.name == "h2":
            inside = "appendix" in (element.get("class") or [])
        elif inside:
            found.append(element)
    return found


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    """The triples of neighbouring words of a text, without what a template fills in."""
    words = re.findall(r"[A-Za-z’']+", re.sub(r"<<.*?>>|<%.*?%>|\{.*?\}", " # ", text))
    return Counter(zip(words, words[1:], words[2:], strict=False))


def _source(text: str, sources: dict[str, Counter[tuple[str, ...]]]) -> str:
    """The file that shares most triples of words with the text."""
    own = _shingles(text)
    return max(sources, key=lambda name: (sum((own & sources[name]).values()), name), default="?")


def main(paths: list[str]) -> int:
    """Print the offenders in the given documents; the exit status is 1 if there are any."""
    found = [offender for path in paths for offender in offenders(Path(path).read_text(encoding="utf-8"))]
    print(*found, sep="\n\n")
    print(f"\n{len(found)} offenders, by file: {dict(Counter(offender.file for offender in found).most_common())}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["results/report/report.html", "results/report/labs.html"]))
