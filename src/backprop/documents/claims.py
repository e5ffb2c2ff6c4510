"""Claims as text: `report/claims` says what is claimed, where, and by which rule; results supply values and verdicts.

Each experiment has a file `<experiment>.yaml` with two mappings. `claims` maps an id to its source, the claim, the
paper's value, our value and the name of its rule; `rules` maps a name to the sentence that states the rule. A claim of
the paper also has the few words that the scoreboard prints, `short` and `brief`; a check of our own code or a question
of our own says so as its `kind`. Rules that several experiments share are in `rules.yaml`, the parts of the numbering
in `parts.yaml`, the reasons for gaps in it in `gaps.yaml`. Texts are templates: they see `values`, the numbers of their
own experiment, and every experiment by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backprop import strict_yaml
from backprop.documents.templates import render_text
from backprop.evidence.formatting import listing
from backprop.evidence.verdicts import VERDICTS
from backprop.protocol import UserError

KINDS = ("paper", "companion", "check", "question", "lab")
"""Whose claims: the paper's, its companion chapter's, checks of our own code, our own questions, a lab's."""

OF_PARTS = ("paper", "companion", "lab")
"""The kinds that a part can have; a claim of the paper's part may be a check or a question instead."""

BRIEF = 12
"""The most words of a value in the scoreboard."""


@dataclass(frozen=True)
class Part:
    """A part of the numbering: claims whose ids begin with `letter`.

    Attributes:
        letter: of the ids.
        name: what the part is about, in a sentence: "Experiment 1".
        kind: one of OF_PARTS, whose claims they are.
    """

    letter: str
    name: str
    kind: str


@dataclass(frozen=True)
class Claim:
    """A judged claim, as the report prints it; every field is text.

    Attributes:
        id: the letter of a part and a number, such as "S3".
        source: where it is stated ("RHW p. 534").
        claim: the claim in our words.
        paper: the value of the paper or the lab.
        ours: our value.
        verdict: one of VERDICTS.
        rule: how the verdict follows from our value, one sentence.
        experiment: whose results judge it.
        kind: one of KINDS.
        short: the claim in a few words; empty if the claim is not the paper's.
        brief: our value in at most BRIEF words; empty if the claim is not the paper's.
    """

    id: str
    source: str
    claim: str
    paper: str
    ours: str
    verdict: str
    rule: str
    experiment: str
    kind: str
    short: str = ""
    brief: str = ""

    @property
    def letter(self) -> str:
        """The letter of its part."""
        return self.id[0]

    @property
    def number(self) -> int:
        """Its number within the part."""
        return int(self.id[1:])


TEXTS = ("source", "claim", "paper", "ours", "rule")
"""What the entry of each claim in a file holds."""

IN_SCOREBOARD = ("short", "brief")
"""What the entry of a claim of the paper holds besides."""


def read_parts(folder: Path) -> list[Part]:
    """The parts in their order, from `parts.yaml`."""
    path = folder / "parts.yaml"
    parts = []
    for letter, entry in _mapping(path).items():
        _check_entry(path, letter, entry, ("name", "kind"))
        if entry["kind"] not in OF_PARTS:
            raise UserError(f"{path}: the kind of {letter} is '{entry['kind']}'; allowed are {', '.join(OF_PARTS)}.")
        parts.append(Part(letter, entry["name"], entry["kind"]))
    return parts


def read_claims(findings: Mapping[str, Mapping[str, Any]], folder: Path) -> list[Claim]:
    """Every claim of every experiment, by part and number.

    Args:
        findings: by experiment, what its findings.json holds; `values` and `verdicts` are used.
        folder: of the claim files.

    Raises:
        UserError: names the file and the claim when a claim has no verdict, a verdict no claim, a rule no sentence, a
            sentence no claim, or an id is malformed, repeated or of an unknown part.
    """
    kinds = {part.letter: part.kind for part in read_parts(folder)}
    letters = list(kinds)
    shared = _mapping(folder / "rules.yaml")
    claims: dict[str, Claim] = {}
    used: set[str] = set()
    for experiment, content in findings.items():
        path = folder / f"{experiment}.yaml"
        entries, own = _read(path) if path.exists() else ({}, {})
        _check_verdicts(path, experiment, entries, content["verdicts"])
        context = {**findings, "values": content["values"]}
        for id_, entry in entries.items():
            if not re.fullmatch(r"[A-Z][1-9][0-9]*", id_) or id_[0] not in letters:
                known = ", ".join(letters)
                raise UserError(f"{path}: '{id_}' is not an id; expected a number after one of the letters {known}.")
            if id_ in claims:
                raise UserError(f"{path}: the claim {id_} is in another file too; ids must differ.")
            rule = entry["rule"]
            if rule not in own and rule not in shared:
                known = ", ".join([*own, *shared])
                raise UserError(f"{path}: the rule of {id_} is '{rule}', which has no sentence; known are {known}.")
            used.add(rule)
            kind = entry.get("kind", kinds[id_[0]])
            _check_kind(path, id_, entry, kind)
            texts = {name: text for name, text in entry.items() if name != "kind"}
            texts["rule"] = own.get(rule, shared.get(rule))
            rendered = {name: _render(path, id_, name, text, context) for name, text in texts.items()}
            if len(words := rendered.get("brief", "").split()) > BRIEF:
                raise UserError(
                    f"{path}: 'brief' of {id_} has {len(words)} words ({rendered['brief']}); allowed are {BRIEF}."
                )
            claims[id_] = Claim(id=id_, verdict=content["verdicts"][id_], experiment=experiment, kind=kind, **rendered)
        if unused := set(own) - used:
            raise UserError(f"{path}: no claim uses the rule '{min(unused)}'; delete it.")
    return sorted(claims.values(), key=lambda claim: (letters.index(claim.letter), claim.number))


def by_kind(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    """The claims of each kind, under the words of KINDS, and all of them under "all"."""
    claims = list(claims)
    return {kind: [claim for claim in claims if claim.kind == kind] for kind in KINDS} | {"all": claims}


def read_gaps(claims: Iterable[Claim], folder: Path) -> list[dict[str, str]]:
    """Which numbers are missing between the claims of the paper, and why, from `gaps.yaml`.

    Returns:
        Rows of `ids`, such as "F1, F3 and F6 to F8", and `why`.

    Raises:
        UserError: names a number without a reason, or a reason for a number that has a claim.
    """
    path = folder / "gaps.yaml"
    claims = list(claims)
    judged = {claim.id: claim.kind for claim in claims}
    rows, explained = [], set()
    for why, ids in _mapping(path).items():
        if not isinstance(ids, list) or not ids or not all(isinstance(id_, str) for id_ in ids):
            raise UserError(f"{path}: '{why}' is {ids!r}; expected a list of ids such as [F1, F3].")
        for id_ in ids:
            if id_ in explained or judged.get(id_) == "paper":
                raise UserError(f"{path}: {id_} is not missing, or its reason is given twice; delete it.")
            explained.add(id_)
        rows.append({"ids": _ranges(ids), "why": why})
    own = [claim for claim in claims if claim.kind == "paper"]
    last = {claim.letter: claim.number for claim in own}
    for letter, number in last.items():
        missing = {f"{letter}{k}" for k in range(1, number + 1)} - {claim.id for claim in own} - explained
        if missing:
            raise UserError(f"{path}: no claim of the paper has the number {min(missing)}; say why.")
    return rows


def _ranges(ids: list[str]) -> str:
    """The ids as a list in which three or more consecutive ones are a range: "F1, F3 and F6 to F8"."""
    runs: list[list[str]] = []
    for id_ in ids:
        follows = runs and id_[0] == runs[-1][-1][0] and int(id_[1:]) == int(runs[-1][-1][1:]) + 1
        runs[-1].append(id_) if follows else runs.append([id_])
    texts = [text for run in runs for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else run)]
    return listing(texts)


def count_verdicts(claims: Iterable[Claim]) -> dict[str, int]:
    """How many claims have each verdict, under names that a template can use: reproduced, not_judged, ..."""
    verdicts = [claim.verdict for claim in claims]
    return {verdict.replace(" ", "_"): verdicts.count(verdict) for verdict in VERDICTS}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims and the rules of one experiment's file."""
    content = _mapping(path)
    for key in content:
        if key not in ("claims", "rules"):
            raise UserError(f"{path}: unknown key '{key}'; allowed are claims, rules.")
    entries, rules = content.get("claims") or {}, content.get("rules") or {}
    for id_, entry in entries.items():
        _check_entry(path, id_, entry, TEXTS, ("kind", *IN_SCOREBOARD))
    return entries, rules


def _check_kind(path: Path, id_: str, entry: Mapping[str, str], kind: str) -> None:
    """A claim of the paper has the words of the scoreboard, and no other has them."""
    if "kind" in entry and kind not in ("check", "question"):
        raise UserError(f"{path}: the kind of {id_} is '{kind}'; allowed are check, question.")
    for name in IN_SCOREBOARD:
        if (name in entry) != (kind == "paper"):
            what = "needs" if kind == "paper" else "is no claim of the paper and must not have"
            raise UserError(f"{path}: {id_} {what} '{name}', which the scoreboard prints.")


def _mapping(path: Path) -> dict[str, Any]:
    content = strict_yaml.load(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a mapping.")
    return content


def _check_entry(
    path: Path, name: object, entry: object, expected: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    if not isinstance(entry, dict) or not set(expected) <= set(entry) <= {*expected, *optional}:
        raise UserError(f"{path}: the entry '{name}' must hold {', '.join(expected)} and nothing else.")
    for key, value in entry.items():
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"{path}: '{key}' of {name} is {value!r}; expected text (quote it).")


def _check_verdicts(path: Path, experiment: str, entries: Mapping[str, Any], verdicts: Mapping[str, str]) -> None:
    for id_ in entries:
        if id_ not in verdicts:
            raise UserError(f"{path}: the claim {id_} has no verdict; verdicts() of {experiment} must return one.")
    for id_, verdict in verdicts.items():
        if id_ not in entries:
            raise UserError(f"{path}: {experiment} returns a verdict on {id_}, but the file has no such claim.")
        if verdict not in VERDICTS:
            allowed = ", ".join(VERDICTS)
            raise UserError(f"{experiment}: the verdict on {id_} is '{verdict}'; allowed are {allowed}.")


def _render(path: Path, id_: str, name: str, text: str, context: Mapping[str, Any]) -> str:
    rendered = " ".join(render_text(text, context, f"{path.name}, {name} of {id_}").split())
    rendered = re.sub(r" ([;,.])(?!\d)", r"\1", rendered)  # a branch of the template may end before the mark
    if not rendered:
        raise UserError(f"{path}: '{name}' of {id_} is empty for these results; write what to print instead.")
    return rendered
