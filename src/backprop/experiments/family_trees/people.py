"""The two family trees of RHW Fig. 2, the 104 cases that follow from them, and the features that units encode."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

RELATIONS = (
    "father", "mother", "husband", "wife", "son", "daughter", "uncle", "aunt", "brother", "sister", "nephew", "niece",
)  # fmt: skip
"""The twelve relations, in the order of their input units."""


@dataclass(frozen=True)
class Tree:
    """One family: people in the order of the columns of RHW Fig. 4, six men and then six women.

    Attributes:
        people: their names.
        couples: (husband, wife), by their places in `people`; the first two couples are the eldest, one of each branch.
        children: (couple, child), by their places in `couples` and `people`.
    """

    people: tuple[str, ...]
    couples: tuple[tuple[int, int], ...] = ((0, 6), (1, 7), (2, 10), (3, 8), (4, 9))
    children: tuple[tuple[int, int], ...] = ((0, 2), (0, 8), (1, 3), (1, 9), (3, 5), (3, 11))

    def is_man(self, person: int) -> bool:
        """Whether the person is a man; men come first."""
        return person < len(self.people) // 2

    def parents(self, person: int) -> tuple[int, ...]:
        """Father and mother; empty if the tree does not contain them."""
        return next((self.couples[couple] for couple, child in self.children if child == person), ())

    def spouse(self, person: int) -> tuple[int, ...]:
        """Husband or wife; empty if the person is not married."""
        return tuple(a + b - person for a, b in self.couples if person in (a, b))

    def siblings(self, person: int) -> tuple[int, ...]:
        """The other children of the same parents."""
        own = self.parents(person)
        return tuple(other for _, other in self.children if other != person and own and self.parents(other) == own)

    def offspring(self, person: int) -> tuple[int, ...]:
        """Sons and daughters."""
        return tuple(child for couple, child in self.children if person in self.couples[couple])

    def relatives(self, person: int) -> dict[str, list[int]]:
        """The relatives of `person` by relation; uncles, aunts, nephews and nieces include those by marriage."""
        elders = [aunt for parent in self.parents(person) for aunt in self._with_spouses(self.siblings(parent))]
        juniors = [
            child for one in (person, *self.spouse(person)) for other in self.siblings(one)
            for child in self.offspring(other)
        ]  # fmt: skip
        relatives: dict[str, list[int]] = {relation: [] for relation in RELATIONS}
        for man, woman, people in (
            ("father", "mother", self.parents(person)),
            ("husband", "wife", self.spouse(person)),
            ("son", "daughter", self.offspring(person)),
            ("uncle", "aunt", elders),
            ("brother", "sister", self.siblings(person)),
            ("nephew", "niece", juniors),
        ):
            for other in people:
                relatives[man if self.is_man(other) else woman].append(other)
        return relatives

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
"""All 24 persons; each Italian is twelve places after the English twin."""


@dataclass(frozen=True)
class Case:
    """A person, a relation, and the persons so related (the answers), by their places in PEOPLE and RELATIONS."""

    person: int
    relation: int
    answers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{PEOPLE[self.person]} {RELATIONS[self.relation]}"


def _cases() -> tuple[Case, ...]:
    cases = []
    for tree in (ENGLISH, ITALIAN):
        first = PEOPLE.index(tree.people[0])
        for person in range(len(tree.people)):
            for relation, others in tree.relatives(person).items():
                if others:
                    answers = tuple(sorted(first + other for other in others))
                    cases.append(Case(first + person, RELATIONS.index(relation), answers))
    return tuple(cases)


CASES = _cases()
"""Every pair of a person and a relation that has an answer."""

_GENERATION = np.array([1, 1, 2, 2, 2, 3, 1, 1, 2, 2, 2, 3])
_BRANCH = np.array([1, -1, 1, -1, -1, 0, 1, -1, 1, -1, 1, 0])  # the youngest belong to both
FEATURES = {
    "nationality": np.repeat([1, -1], 12),
    "generation": np.tile(_GENERATION, 2),
    "branch": np.tile(_BRANCH, 2),
}
"""What a unit may encode, by person: nationality (English 1, Italian -1), generation (1 is the eldest), and branch (1
for that of the first eldest couple, -1 for that of the second, both with those who married into them; 0 for the two
persons who descend from both). The last two are the same in both trees."""

CODE = 6
"""Units that encode a person; as many encode a relation."""

SIZES = (len(PEOPLE) + len(RELATIONS), 2 * CODE, 12, CODE, len(PEOPLE))
"""Units per layer of the network in RHW Fig. 3, inputs first."""


def kept_in(held: np.ndarray) -> np.ndarray:
    """Which cases each network is trained on, truth values [S, 104], from the cases held out [S, k]."""
    kept = np.ones((len(held), len(CASES)), dtype=bool)
    np.put_along_axis(kept, held, False, axis=1)
    return kept


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """Inputs [104, 36], 1 for the person and the relation, and targets [104, 24], 1 for the answers; otherwise 0."""
    inputs, targets = np.zeros((len(CASES), 36)), np.zeros((len(CASES), 24))
    for row, case in enumerate(CASES):
        inputs[row, [case.person, 24 + case.relation]] = 1
        targets[row, list(case.answers)] = 1
    return inputs, targets
