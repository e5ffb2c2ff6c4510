"""The two family trees of Figure 2, the 104 cases that follow from them, and what Figure 4 shows of its units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

RELATIONS = (
    "father", "mother", "husband", "wife", "son", "daughter", "uncle", "aunt", "brother", "sister", "nephew", "niece",
)  # fmt: skip
"""The twelve relations, as input units have them."""


@dataclass(frozen=True)
class Tree:
    """One family: people in the order of Figure 4's columns, six men and then six women.

    Attributes:
        people: their names.
        couples: husband and wife, by place; the first two couples are the eldest, of the two branches.
        children: of each couple that has any, by place: (couple, child).
    """

    people: tuple[str, ...]
    couples: tuple[tuple[int, int], ...] = ((0, 6), (1, 7), (2, 10), (3, 8), (4, 9))
    children: tuple[tuple[int, int], ...] = ((0, 2), (0, 8), (1, 3), (1, 9), (3, 5), (3, 11))

    def is_man(self, person: int) -> bool:
        """Men come first."""
        return person < len(self.people) // 2

    def parents(self, person: int) -> tuple[int, ...]:
        """Father and mother, or nobody."""
        return next((self.couples[couple] for couple, child in self.children if child == person), ())

    def spouse(self, person: int) -> tuple[int, ...]:
        """Husband or wife, or nobody."""
        return tuple(a + b - person for a, b in self.couples if person in (a, b))

    def siblings(self, person: int) -> tuple[int, ...]:
        """The other children of the same parents."""
        mine = self.parents(person)
        return tuple(other for _, other in self.children if other != person and mine and self.parents(other) == mine)

    def offspring(self, person: int) -> tuple[int, ...]:
        """Sons and daughters."""
        return tuple(child for couple, child in self.children if person in self.couples[couple])

    def relatives(self, person: int) -> dict[str, list[int]]:
        """By relation, who is that to `person`; marriage makes uncles, aunts, nephews and nieces too."""
        elders = [aunt for parent in self.parents(person) for aunt in self._with_spouses(self.siblings(parent))]
        juniors = [
            child for one in (person, *self.spouse(person)) for other in self.siblings(one)
            for child in self.offspring(other)
        ]  # fmt: skip
        found: dict[str, list[int]] = {relation: [] for relation in RELATIONS}
        for man, woman, people in (
            ("father", "mother", self.parents(person)),
            ("husband", "wife", self.spouse(person)),
            ("son", "daughter", self.offspring(person)),
            ("uncle", "aunt", elders),
            ("brother", "sister", self.siblings(person)),
            ("nephew", "niece", juniors),
        ):
            for other in people:
                found[man if self.is_man(other) else woman].append(other)
        return found

    def _with_spouses(self, people: Iterable[int]) -> list[int]:
        return [one for person in people for one in (person, *self.spouse(person))]


ENGLISH = Tree((
    "Christopher", "Andrew", "Arthur", "James", "Charles", "Colin",
    "Penelope", "Christine", "Victoria", "Jennifer", "Margaret", "Charlotte",
))  # fmt: skip
ITALIAN = Tree((
    "Roberto", "Pierro", "Emilio", "Marco", "Tomaso", "Alfonso",
    "Maria", "Francesca", "Lucia", "Angela", "Gina", "Sophia",
))  # fmt: skip
PEOPLE = ENGLISH.people + ITALIAN.people
"""All 24, each Italian twelve places after the English twin."""


@dataclass(frozen=True)
class Case:
    """A person and a relation, and who is so related to the person; by place in PEOPLE and RELATIONS."""

    person: int
    relation: int
    answers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{PEOPLE[self.person]} {RELATIONS[self.relation]}"


def _cases() -> tuple[Case, ...]:
    found = []
    for tree in (ENGLISH, ITALIAN):
        first = PEOPLE.index(tree.people[0])
        for person in range(len(tree.people)):
            for relation, others in tree.relatives(person).items():
                if others:
                    answers = tuple(sorted(first + other for other in others))
                    found.append(Case(first + person, RELATIONS.index(relation), answers))
    return tuple(found)


CASES = _cases()
"""Every pair of a person and a relation that has an answer."""

# what one may ask of a unit, by place in PEOPLE; both trees alike but for the first
_GENERATION = np.array([1, 1, 2, 2, 2, 3, 1, 1, 2, 2, 2, 3])
_BRANCH = np.array([1, -1, 1, -1, -1, 0, 1, -1, 1, -1, 1, 0])  # the youngest belong to both
FEATURES = {
    "nationality": np.repeat([1, -1], 12),
    "generation": np.tile(_GENERATION, 2),
    "branch": np.tile(_BRANCH, 2),
}
"""Nationality (English 1, Italian -1), generation (1 the eldest), and branch (of the first eldest couple 1, of the
second -1, with those who married into it; 0 for the two who come from both)."""


CODE = 6
"""Units that encode a person, and as many for a relation."""


def kept_in(held: np.ndarray) -> np.ndarray:
    """Which cases each network learns, truth values [S, 104], from those held out [S, k]."""
    kept = np.ones((len(held), len(CASES)), dtype=bool)
    np.put_along_axis(kept, held, False, axis=1)
    return kept


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """Inputs [104, 36], a person and a relation on, and targets [104, 24], the answers on."""
    inputs, targets = np.zeros((len(CASES), 36)), np.zeros((len(CASES), 24))
    for row, case in enumerate(CASES):
        inputs[row, [case.person, 24 + case.relation]] = 1
        targets[row, list(case.answers)] = 1
    return inputs, targets
