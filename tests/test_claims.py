"""Claims as text: files and verdicts must agree, and errors name the file and the claim."""

from typing import Any

import pytest

from backprop import dependencies, strict_yaml
from backprop.documents import pages
from backprop.documents.claims import BRIEF, by_kind, count_verdicts, read_claims, read_gaps
from backprop.protocol import UserError

OTHER_FILES = {"parts", "rules", "gaps"}
FILE = """
claims:
  S2: {source: RHW p. 534, claim: Hidden units, paper: stated, ours: "<< values.count >> networks", rule: own,
    short: Hidden units, brief: "<< values.count >> networks"}
  S10: {kind: question, source: RHW p. 534, claim: "1:2:4", paper: stated, ours: "<< other.values.count >>",
    rule: share}
  M1: {source: RHW p. 533, claim: Equation (1), paper: stated, ours: equal, rule: share}
rules:
  own: Reproduced if << values.count >> networks do.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parts.yaml").write_text("M: {name: the method, kind: lab}\nS: {name: symmetry, kind: paper}\n")
    (tmp_path / "gaps.yaml").write_text("are checks: [S1]\n")
    (tmp_path / "rules.yaml").write_text("share: By its share.\n")
    (tmp_path / "symmetry.yaml").write_text(FILE)
    return tmp_path


def findings(**changes: Any) -> dict[str, Any]:
    verdicts = {"S2": "reproduced", "S10": "partly", "M1": "not judged"}
    return {
        "symmetry": {"values": {"count": 7}, "verdicts": verdicts} | changes,
        "other": {"values": {"count": 9}, "verdicts": {}},
    }


def test_claims_join_text_numbers_and_verdicts(folder):
    """Order by part, then by number; texts see their own experiment as `values` and the others by name."""
    claims = read_claims(findings(), folder)
    assert [claim.id for claim in claims] == ["M1", "S2", "S10"]
    assert claims[1].ours == "7 networks" and claims[1].rule == "Reproduced if 7 networks do."
    assert claims[2].ours == "9" and claims[2].rule == "By its share." and claims[2].verdict == "partly"
    kinds = {kind: [claim.id for claim in own] for kind, own in by_kind(claims).items()}
    assert kinds == {
        "paper": ["S2"], "companion": [], "check": [], "question": ["S10"], "lab": ["M1"], "all": ["M1", "S2", "S10"],
    }  # fmt: skip
    assert count_verdicts(claims) == {
        "reproduced": 1, "partly": 1, "not_reproduced": 0, "not_judged": 1, "not_checkable": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("S2:", "S3:", ["symmetry.yaml: the claim S3 has no verdict", "verdicts() of symmetry"]),
        ("  M1:", "  Z1:", ["the claim Z1 has no verdict"]),
        ("rule: share}\n  M1", "rule: shar}\n  M1", ["the rule of S10 is 'shar'", "known are own, share"]),
        ("ours: equal", "ours: ' '", ["symmetry.yaml: 'ours' of M1 is ' '; expected text"]),
        ("ours: equal", "ours: <% if false %>x<% endif %>", ["'ours' of M1 is empty for these results"]),
        ("ours: equal, ", "", ["the entry 'M1' must hold source, claim, paper, ours, rule"]),
        ('<< values.count >> networks"', '<< values.counts >>"', ["symmetry.yaml, ours of S2", "counts"]),
        ("rule: own", "rule: share", ["no claim uses the rule 'own'; delete it"]),
        ("rules:", "rule:", ["unknown key 'rule'; allowed are claims, rules"]),
        ("claims:", "claims: [", ["symmetry.yaml, line", "not valid YAML"]),
        ("kind: question", "kind: lab", ["the kind of S10 is 'lab'; allowed are check, question"]),
        ("short: Hidden units, ", "", ["S2 needs 'short', which the scoreboard prints"]),
        ("kind: question, ", "", ["S10 needs 'short', which the scoreboard prints"]),
        (
            "rule: share}\nrules",
            "rule: share, short: a}\nrules",
            ["M1 is no claim of the paper and must not have 'short'"],
        ),
        ('>> networks"}', '>> a b c d e f g h i j k l"}', ["'brief' of S2 has 13 words (7 a b c", "allowed are 12"]),
        ("  M1:", "  S2:", ["symmetry.yaml, line 7: the key 'S2' is given twice"]),
    ],
)
def test_errors_name_the_file_and_the_claim(folder, old, new, words):
    path = folder / "symmetry.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        read_claims(findings(), folder)
    for word in words:
        assert word in str(caught.value)


def test_a_mark_follows_its_word_without_a_space_but_a_number_keeps_it(folder):
    """A branch may end before a mark; ".1" is a number, as in "targets .1 and .9"."""
    path = folder / "symmetry.yaml"
    path.write_text(
        path.read_text().replace(
            "ours: equal", 'ours: "<% if true %> targets .1 <% endif %> ; .9 <% if true %>x<% endif %> ."'
        )
    )
    assert read_claims(findings(), folder)[0].ours == "targets .1; .9 x."


def test_a_verdict_needs_a_claim_and_a_known_word(folder):
    verdicts = findings()["symmetry"]["verdicts"]
    with pytest.raises(UserError, match="symmetry returns a verdict on S4, but the file has no such claim"):
        read_claims(findings(verdicts=verdicts | {"S4": "partly"}), folder)
    with pytest.raises(UserError, match="the verdict on S2 is 'yes'; allowed are reproduced"):
        read_claims(findings(verdicts=verdicts | {"S2": "yes"}), folder)


def test_an_id_occurs_once_and_belongs_to_a_part(folder):
    (folder / "other.yaml").write_text("claims: {M1: {source: a, claim: b, paper: c, ours: d, rule: share}}")
    both = findings() | {"other": {"values": {}, "verdicts": {"M1": "partly"}}}
    (folder / "symmetry.yaml").write_text(FILE.replace("other.values.count", "values.count"))
    with pytest.raises(UserError, match="the claim M1 is in another file too"):
        read_claims(both, folder)
    (folder / "parts.yaml").write_text("S: {name: symmetry, kind: paper}")
    with pytest.raises(UserError, match="'M1' is not an id; expected a number after one of the letters S"):
        read_claims(findings(), folder)


def test_every_claims_file_belongs_to_an_experiment():
    names = {path.stem for path in (pages.KIT / "claims").glob("*.yaml")} - OTHER_FILES
    assert names <= set(dependencies.experiments())


def test_numbers_without_a_claim_of_the_paper_have_a_reason(folder):
    """Consecutive numbers become a range; a number without a reason, or with one too many, is refused."""
    claims = read_claims(findings(), folder)
    assert read_gaps(claims, folder) == [{"ids": "S1", "why": "are checks"}]
    gaps = folder / "gaps.yaml"
    gaps.write_text("are checks: [S1, S4, S5, S6]\nare questions: [S10]\n")
    assert [row["ids"] for row in read_gaps(claims, folder)] == ["S1 and S4 to S6", "S10"]
    for text, words in (
        ("are questions: [S10]", "gaps.yaml: no claim of the paper has the number S1; say why"),
        ("are checks: [S1, S2]", "S2 is not missing, or its reason is given twice"),
        ("are checks: S1", "'are checks' is 'S1'; expected a list of ids"),
    ):
        gaps.write_text(text)
        with pytest.raises(UserError, match=words):
            read_gaps(claims, folder)


def test_the_scoreboard_counts_the_papers_own_claims():
    """By the files: no check of our own code, no question of our own, nothing of the companion chapter or a lab."""
    kinds = {letter: part["kind"] for letter, part in strict_yaml.load(pages.KIT / "claims/parts.yaml").items()}
    entries: dict[str, Any] = {}
    for path in (pages.KIT / "claims").glob("*.yaml"):
        if path.stem not in OTHER_FILES:
            entries |= strict_yaml.load(path).get("claims") or {}
    own = {id_ for id_, entry in entries.items() if entry.get("kind", kinds[id_[0]]) == "paper"}
    assert {id_[0] for id_ in own} == set("SFMRG")
    assert not own & {"M1", "M3", "M4", "M5", "M9", "S5", "S4", "S13", "S14", "S15"}
    assert {entry["source"].split()[0] for id_, entry in entries.items() if id_ in own} == {"RHW"}
    assert BRIEF == 12 and all("brief" in entries[id_] for id_ in own)
