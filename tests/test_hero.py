"""The first screen of the report: an abstract that is short whatever the results are, and five findings."""

import itertools
import re
from collections.abc import Sequence
from typing import Any

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


def results(inside, mirror, families, late, stuck, mean, smaller, trees, encoded):
    """What the hero and the findings read, with long numbers."""

    def share(rate, **more):
        return {"rate": rate, "low": rate, "high": rate, "count": round(rate * 4000), "n": 4000, **more}

    paper = {"networks": 400_000, "cap": 60_000, "solved": share(0.9996), "mirror": share(mirror)}
    paper["named_families"] = families
    other = {"solved": share(0.9996), "late": share(0.05 if stuck else 0.5)}
    effect = {"clear": mean is not None, "rate": mean, "shorter": 32.0}
    learned = [{"all_learned": share(number / 4000)} for number in trees]
    return {
        "symmetry": {"values": {"variants": {"paper": paper, "targets_0.1_0.9": other}, "stories": None}},
        "long_run": {"values": {"summary": {"0/1": {"solved": share(1 if late else 0.9)}}}},
        "departures": {"values": {"summary": {"mean_error": effect | {"sweep": 1425}, "smaller_rate": smaller}}},
        "targets": {"values": {"points_inside": inside, "summary": {}}},
        "family_trees": {
            "values": {
                "variants": dict(zip(("paper", "late_decay", "search"), learned, strict=True)),
                "late_reaches_printed": encoded,
            }
        },
        "claims": {"paper": [None] * 40},
        "verdict_counts": {
            "paper": dict.fromkeys(("reproduced", "partly", "not_reproduced", "not_judged", "not_checkable"), 11)
        },
    }


BRANCHES: tuple[Sequence[tuple[Any, ...]], ...] = (
    [(True,), (False,)],  # whether the targets point inside
    [(0.99, ["1:2:4", "2:3:4"]), (0.99, []), (0.4, [])],  # the mirror pattern and the families
    [(True, True), (True, False), (False, True)],  # whether failures are late, and stuck
    [
        (0, True),
        (0, False),
        (0.2, True),
        (None, True),
    ],  # the share solved with the mean error; does a smaller rate help
    [
        ((0, 9, 9), ["nationality", "generation", "branch"]),
        ((0, 9, 9), []),
        ((0, 0, 9), []),
        ((9, 9, 9), []),
    ],  # the family trees, and what their units encode
)
"""What each branch of the hero depends on, as arguments of `results`; branches do not depend on each other."""


def rendered(section, branches):
    return experiments.section(section, results(*itertools.chain(*branches)))


def varied():
    """The first choice of every branch, and with one branch changed."""
    first = [choices[0] for choices in BRANCHES]
    for place, choices in enumerate(BRANCHES):
        for choice in choices:
            yield place, choice, [*first[:place], choice, *first[place + 1 :]]


@pytest.mark.parametrize(("which", "most"), [(0, WORDS), (1, NUMBERS)])
def test_the_abstract_is_short_in_every_branch(which, most):
    """The longest choice of each branch, all together."""
    lengths: dict[int, list[tuple[int, tuple[Any, ...]]]] = {}
    for place, choice, branches in varied():
        lengths.setdefault(place, []).append((count(abstract(rendered("00_hero", branches)))[which], choice))
    assert all(len(found) == len(choices) for found, choices in zip(lengths.values(), BRANCHES, strict=True))
    longest = [max(found, key=lambda one: one[0])[1] for found in lengths.values()]
    assert count(abstract(rendered("00_hero", longest)))[which] <= most


def test_numbers_are_counted_as_a_reader_counts_them():
    assert count("In 1986 we trained 4,000 networks; 64% solve it, with targets .1 and .9 as 1:2:4.") == (16, 6)


@pytest.mark.parametrize("branches", [branches for _, _, branches in varied()])
def test_there_are_five_findings_in_every_branch_each_with_a_picture_and_a_sentence(branches):
    page = rendered("05_findings", branches)
    cards = re.findall(r"::: \{\.key-finding\}\n+(.*?)\n:::", page, re.DOTALL)
    assert len(cards) == 5
    title, picture, words = r"\*\*{} [^*]+\.\*\*", r'!\[\]\(figure:\w+/finding\){{alt="[^"]+"}}', r"\w.*\(@sec:\w+\)\."
    for number, card in enumerate(cards, start=1):
        assert re.match(rf"{title}\n+{picture}\n+{words}".format(number), card, re.DOTALL), card


@pytest.mark.pipeline
def test_the_built_report_begins_with_the_task_the_abstract_and_the_findings(finished):
    page = (finished / "results/report/report.html").read_text(encoding="utf-8")
    places = [page.index(mark) for mark in ('id="fig:task"', 'class="abstract"', 'class="cards"', 'class="findings"')]
    assert places == sorted(places) and page.count('class="key-finding"') == 5
