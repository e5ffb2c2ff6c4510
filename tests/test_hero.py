"""The first screen of the report: an abstract that is short whatever the results are, and five findings."""

import itertools
import re

import pytest

from tests import experiments

WORDS, NUMBERS = 130, 12
"""The most words and numbers that the abstract may have."""


def count(text):
    """Words and numbers of a text without markup; 1:2:4, 64% and 4,000 are one number each."""
    words = [word for word in text.split() if re.search(r"\w", word)]
    return len(words), len(re.findall(r"(?<![\w.])\.?\d[\d.,:]*", text))


def abstract(page):
    """The abstract of a rendered section, without its fences."""
    (text,) = re.findall(r"::: \{\.abstract\}\n(.*?)\n:::", page, re.DOTALL)
    return text


def results(inside, mirror, families, late, stuck, mean, trees):
    """What the hero and the findings read, with long numbers."""

    def share(rate, **more):
        return {"rate": rate, "low": rate, "high": rate, "count": round(rate * 4000), "n": 4000, **more}

    paper = {"networks": 400_000, "cap": 60_000, "solved": share(0.9996), "mirror": share(mirror)}
    paper["named_families"] = families
    other = {"solved": share(0.9996), "late": share(0.05 if stuck else 0.5)}
    effect = {"clear": mean is not None, "rate": mean, "shorter": 32.0}
    learned = [{"all_learned": {"count": number}} for number in trees]
    return {
        "symmetry": {"values": {"variants": {"paper": paper, "targets_0.1_0.9": other}, "stories": None}},
        "long_run": {"values": {"summary": {"0/1": {"solved": share(1 if late else 0.9)}}}},
        "departures": {"values": {"summary": {"mean_error": effect}}},
        "targets": {"values": {"points_inside": inside, "summary": {}}},
        "family_trees": {"values": {"variants": dict(zip(("paper", "late_decay", "search"), learned, strict=True))}},
        "claims": {"paper": [None] * 40},
        "verdict_counts": {
            "paper": dict.fromkeys(("reproduced", "partly", "not_reproduced", "not_judged", "not_checkable"), 11)
        },
    }


CASES = list(
    itertools.product(
        (True, False), (0.99, 0.4), (["1:2:4", "2:3:4"], []), (True, False), (True, False), (0, 0.2, None),
        ((0, 9, 9), (0, 0, 9), (9, 9, 9)),
    )
)  # fmt: skip


def test_the_abstract_is_short_in_every_branch():
    counts, texts = [], set()
    for case in CASES:
        text = abstract(experiments.section("00_hero", results(*case)))
        counts.append(count(text))
        texts.add(text)
    assert len(texts) > 100
    assert max(words for words, _ in counts) <= WORDS, max(counts)
    assert max(numbers for _, numbers in counts) <= NUMBERS, max(counts, key=lambda both: both[1])


def test_numbers_are_counted_as_a_reader_counts_them():
    assert count("In 1986 we trained 4,000 networks; 64% solve it, with targets .1 and .9 as 1:2:4.") == (16, 6)


@pytest.mark.parametrize("case", CASES[::7])
def test_there_are_five_findings_in_every_branch_each_with_a_picture_and_a_sentence(case):
    page = experiments.section("05_findings", results(*case))
    cards = re.findall(r"::: \{\.key-finding\}\n+(.*?)\n:::", page, re.DOTALL)
    assert len(cards) == 5
    title, picture, words = r"\*\*{} [^*]+\.\*\*", r'!\[\]\(figure:\w+/finding\){{alt="[^"]+"}}', r"\w.*\(@sec:\w+\)\."
    for number, card in enumerate(cards, start=1):
        assert re.match(rf"{title}\n+{picture}\n+{words}".format(number), card, re.DOTALL), card


@pytest.mark.pipeline
def test_the_built_report_begins_with_the_task_the_abstract_and_the_findings(finished):
    page = (finished / "results/report/report.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<div class="abstract">(.*?)</div>', page, re.DOTALL)
    words, numbers = count(re.sub(r"<[^>]+>", "", text))
    assert words <= WORDS and numbers <= NUMBERS
    places = [page.index(mark) for mark in ('id="fig:task"', 'class="abstract"', 'class="cards"', 'class="findings"')]
    assert places == sorted(places) and page.count('class="key-finding"') == 5
