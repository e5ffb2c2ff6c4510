"""The comparison of a run with the recorded one as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.plain_text import table, wrapped
from backprop.verification.agreement import Check
from backprop.verification.comparison import FALSE_ALARM, Compared

HEAD = ("quantity", "reference", "yours", "allowed", "verdict")


def as_text(compared: Sequence[Compared], every: bool = False) -> str:
    """What agrees and what does not: bytes first, a line for each variant, then the quantities that are outside.

    With `every`, all quantities are listed.
    """
    known = [one for one in compared if one.reference]
    head = ("variant", "networks", "recorded", "agree", "outside")
    parts = [wrapped(_bytes(known)), table([head, *map(_row, known)])]
    unknown = ", ".join(f"{one.yours.experiment}/{one.yours.variant}" for one in compared if not one.reference)
    if unknown:
        parts.append(wrapped([f"Not compared, because no recorded run has these settings and data: {unknown}."]))
    rows = [_cells(one, check) for one in known for check in one.checks if every or not check.agrees]
    if rows:
        parts.append(table([HEAD, *rows]))
    return "\n\n".join([*parts, wrapped(_conclusion(known))])


def _bytes(known: Sequence[Compared]) -> list[str]:
    comparable = [one for one in known if one.same_seeds]
    if not comparable:
        return ["No recorded run has the same seeds, so that bytes cannot be compared."]
    equal = sum(not one.differing for one in comparable)
    if equal == len(comparable):
        return [f"The weights and tables of all {equal} variants with the recorded seeds have the recorded bytes."]
    return [
        f"Of {len(comparable)} variants with the recorded seeds, {equal} have the recorded bytes.",
        "Other processors and versions round differently; the quantities tell whether it matters.",
    ]


def _row(one: Compared) -> tuple[str, ...]:
    assert one.reference
    outside = len(one.outside)
    return (
        f"{one.yours.experiment}/{one.yours.variant}",
        f"{one.yours.networks:,}",
        f"{one.reference.networks:,}",
        f"{len(one.checks) - outside} of {len(one.checks)}",
        str(outside) if outside else "–",
    )


def _cells(one: Compared, check: Check) -> tuple[str, ...]:
    name = f"{one.yours.experiment}/{one.yours.variant}: {check.name}"
    allowed = f"{_number(check, check.low)} to {_number(check, check.high)}"
    verdict = "agrees" if check.agrees else "OUTSIDE"
    return name, _number(check, check.reference), _number(check, check.yours), allowed, verdict


def _number(check: Check, value: float) -> str:
    return f"{value:.1%}" if check.is_share else f"{value:.4g}".replace("inf", "∞").replace("-", "−")


def _conclusion(known: Sequence[Compared]) -> list[str]:
    total, outside = (sum(map(len, group)) for group in ([one.checks for one in known], [one.outside for one in known]))
    rule = (
        "Rule: both runs are treated as independent samples of the same networks. If they are, the probability that any"
        f" quantity is outside is at most {FALSE_ALARM:.0%}. Shares are compared by Fisher's exact test, samples of"
        " fewer than 100 by Student's test, and larger ones at their 10%, 50% and 90% quantiles."
    )
    if not total:
        return ["Nothing was compared."]
    if outside:
        return [f"The run does not agree with the recorded one: {outside:,} of {total:,} quantities are outside.", rule]
    return [f"The run agrees with the recorded one: all {total:,} quantities are within the allowed range.", rule]
