"""A claim of the paper beside what we measured, and the verdict that follows from a stated rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

VERDICTS = ("reproduced", "partly", "not reproduced", "not judged", "not checkable")


@dataclass(frozen=True)
class Claim:
    """One claim, judged; every field is text, and ValueError names the claim and the field that is wrong.

    Attributes:
        id: a letter for the part of the paper and a number, such as "S3".
        source: where it is stated ("paper, Figure 1").
        claim: the claim in our words.
        paper: the paper's value, as text.
        ours: our value, made from results, with its interval.
        verdict: one of VERDICTS.
        rule: how the verdict follows from our value, one sentence.
    """

    id: str
    source: str
    claim: str
    paper: str
    ours: str
    verdict: str
    rule: str

    def __post_init__(self) -> None:
        """Refuse an unknown verdict, an odd id, and empty text."""
        if not re.fullmatch(r"[A-Z]+[0-9]+[a-z]?", self.id):
            raise ValueError(f"claim {self.id!r}: the id must be letters and a number, such as S3.")
        if self.verdict not in VERDICTS:
            raise ValueError(f"claim {self.id}: the verdict is {self.verdict!r}; allowed: {', '.join(VERDICTS)}.")
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"claim {self.id}: the field '{field.name}' is {value!r}; it must be text.")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str]) -> Claim:
        """A claim as findings.json holds it; ValueError names missing and unknown fields."""
        names = {field.name for field in fields(cls)}
        missing, unknown = names - set(mapping), set(mapping) - names
        if missing or unknown:
            title = mapping.get("id", "without an id")
            raise ValueError(f"claim {title}: missing fields {sorted(missing)}, unknown fields {sorted(unknown)}.")
        return cls(**mapping)

    def as_mapping(self) -> dict[str, str]:
        """The claim as JSON holds it."""
        return asdict(self)


def ordered(claims: Iterable[Claim]) -> list[Claim]:
    """By the parts in the order in which they first come, and by number within a part (S2 before S10).

    ValueError when two claims have the same id.
    """
    claims = list(claims)
    parts: list[str] = []
    seen: set[str] = set()
    for claim in claims:
        if claim.id in seen:
            raise ValueError(f"claim {claim.id} is given twice; ids must differ.")
        seen.add(claim.id)
        if _part(claim) not in parts:
            parts.append(_part(claim))
    return sorted(claims, key=lambda claim: (parts.index(_part(claim)), _number(claim), claim.id))


def counts(claims: Iterable[Claim]) -> dict[str, int]:
    """How many claims got each verdict, in the order of VERDICTS, zeros included."""
    verdicts = [claim.verdict for claim in claims]
    return {verdict: verdicts.count(verdict) for verdict in VERDICTS}


def _part(claim: Claim) -> str:
    return claim.id.rstrip("0123456789abcdefghijklmnopqrstuvwxyz")


def _number(claim: Claim) -> int:
    return int(re.findall(r"\d+", claim.id)[0])
