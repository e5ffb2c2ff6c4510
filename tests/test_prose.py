"""One number per sentence, two per paragraph: the rules on small texts, and both documents against them."""

import re

import pytest

from tests import prose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In 1986 six bits made 33% of the 1990s.", ["33%"]),
        ("By sweep 1,425 none had solved it.", ["1,425"]),
        ("See Figure 3, RHW Fig. 1, Table 4 and Section 3.2 or Appendix B.1; seeds 3 and 17, p. 209.", []),
        ("Equations (1) to (7) and claims S10, S3 hold in float32.", []),
        ("Ratios of 1:2:4, else 2 : 3 : 4, in a 6-2-1 network.", []),
        ("Targets are 0 and 1, or .1 and .9, also 0/1 and .1/.9.", []),
        ("The output is .9 for a palindrome.", []),
        ("Wilson's 95% interval, 95 % confidence intervals and 95% bands.", []),
        ("Only 23 of 2,328 come later.", ["23 of 2,328"]),
        ("Of 8 × 8 cells 5 are grey.", ["8 × 8", "5"]),
        ("A share of 2% to 5% and −2×10⁻⁵ of 10⁻³.", ["2%", "5%", "−2×10⁻⁵ of 10⁻³"]),
        ("A gain of 1.5 points, from 0.1 points by 0%.", ["1.5", "0%"]),
        ("It takes 1 of 7 and ε = 0.03.", ["1 of 7", "0.03"]),
        ("The 2nd is 32 times shorter.", ["32"]),
        ("The mean is 1,860 sweeps, the 20th 2,000 sweeps.", ["1,860", "2,000"]),
    ],
)
def test_numbers_that_count(text, expected):
    assert prose.numbers(text) == expected


def test_sentences_end_at_full_stops_but_not_in_abbreviations_or_targets():
    text = "It draws RHW Fig. 1. With targets of .1 and .9 (e.g. here) it ends. 33% fail? “Yes.” All (see p. 5) do."
    assert prose.sentences(text) == [
        "It draws RHW Fig. 1.",
        "With targets of .1 and .9 (e.g. here) it ends.",
        "33% fail?",
        "“Yes.",
        "All (see p. 5) do.",
    ]


PAGE = """<main><div class="abstract"><p>{abstract}</p></div>
<h2>One</h2><p>{first}</p><ul><li>{item}</li></ul>
<figure><p>1 2 3</p><figcaption>Shares of 2%, 3% and 4%.</figcaption></figure>
<table><tr><td><p>5 6 7</p></td></tr></table>
<h2 class="appendix">Two</h2><p>{appendix}</p></main>"""
FINE = {"abstract": "", "first": "One has 5%. Two have 6%.", "item": "7 units.", "appendix": "It has 5 to 6."}


@pytest.mark.parametrize(
    ("part", "text", "kinds"),
    [
        ("first", "It rises from 5% to 6%.", ["a sentence"]),
        ("first", "It has 5%. It has 6%. It has 7%.", ["a paragraph"]),
        ("item", "It is 5 or 6.", ["a sentence"]),
        ("appendix", "It has 5, 6 and 7.", ["a sentence"]),
        ("appendix", "It has 5 to 6. It has 6 to 7. It has 8.", ["a paragraph"]),
        ("abstract", "It is 20. " * 13, ["an abstract"]),
        ("abstract", "word " * 131, ["an abstract"]),
    ],
)
def test_offenders_are_found_and_nothing_else(part, text, kinds, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report/10_one.md.j2").write_text("It has << x >>. It rises from << x >> to << y >>.")
    found = prose.offenders(PAGE.format(**FINE | {part: text}), tmp_path / "report")
    assert [offender.kind for offender in found] == kinds
    assert str(found[0]).startswith("report/10_one.md.j2: a")
    assert prose.offenders(PAGE.format(**FINE), tmp_path / "report") == []


def test_the_file_of_an_offender_is_the_one_that_shares_its_words():
    text = "<main><p>Of these, 3 solve it. For all practical purposes it is in a minimum of 0.31, not 0.4.</p></main>"
    (offender, _) = prose.offenders(text)
    assert "For all practical purposes" in (prose.ROOT / offender.file).read_text(encoding="utf-8")


@pytest.mark.pipeline
@pytest.mark.parametrize("name", ["report", "labs"])
def test_the_documents_hold_one_number_per_sentence(finished, name):
    page = (finished / f"results/report/{name}.html").read_text(encoding="utf-8")
    found = prose.offenders(page)
    assert not found, "\n\n".join(map(str, found))
    assert re.findall(r"[^<>]{0,40}\d\s%[^<>]{0,20}", page) == [], "a percent sign follows its number without a space"
