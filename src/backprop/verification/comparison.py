"""Compare the finished variants of a run with the recorded ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from backprop.verification import agreement
from backprop.verification.agreement import Check
from backprop.verification.recorded import Finished

FALSE_ALARM = 0.01
"""The probability that a run of the same networks fails at least one of all checks (Bonferroni's bound)."""


@dataclass(frozen=True)
class Compared:
    """One variant beside its reference.

    Attributes:
        reference: the recorded variant of the same settings with the most networks; None if there is none.
        same_seeds: whether a recorded variant has the same numbers of seeds, too, so that bytes can be compared.
        differing: the files whose bytes differ from the recorded ones, where `same_seeds`.
        checks: one for each number that was compared.
        missing: quantities that only one of the two has; groups that were chosen by their results are such.
    """

    yours: Finished
    reference: Finished | None
    same_seeds: bool = False
    differing: tuple[str, ...] = ()
    checks: list[Check] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    @property
    def outside(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self.checks if not check.agrees]


def compare(yours: Iterable[Finished], recorded: Iterable[Finished]) -> list[Compared]:
    """Compare every finished variant with the recorded one of the same settings and the same data."""
    known = list(recorded)
    pairs = [(own, [other for other in known if _alike(own, other)]) for own in yours]
    largest = {id(own): max(others, key=lambda other: other.networks) for own, others in pairs if others}
    total = sum(
        agreement.count(reference.quantities[name], quantity)
        for own, _ in pairs
        if (reference := largest.get(id(own)))
        for name, quantity in own.quantities.items()
        if name in reference.quantities
    )
    level = FALSE_ALARM / max(total, 1)
    return [_compare(own, largest.get(id(own)), others, level) for own, others in pairs]


def _alike(own: Finished, other: Finished) -> bool:
    return (own.experiment, own.settings, own.content) == (other.experiment, other.settings, other.content)


def _compare(own: Finished, reference: Finished | None, others: list[Finished], level: float) -> Compared:
    if reference is None:
        return Compared(own, None)
    equal = next((other for other in others if other.protocol == own.protocol), None)
    differing = tuple(name for name in own.digests if equal and own.digests[name] != equal.digests.get(name))
    checks = [
        check
        for name, quantity in own.quantities.items()
        if name in reference.quantities
        for check in agreement.checks(name, reference.quantities[name], quantity, level)
    ]
    missing = tuple(sorted(own.quantities.keys() ^ reference.quantities.keys()))
    return Compared(own, reference, equal is not None, differing, checks, missing)
