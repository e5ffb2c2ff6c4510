"""The protocol of a study: a grid of departures from Experiment 1, every cell checked like a protocol of its own."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from backprop import protocol
from backprop.experiments.symmetry import protocol as symmetry_protocol
from backprop.protocol import UserError

CODINGS = {(0.0, 1.0): "0/1", (0.1, 0.9): ".1/.9"}
"""How the text calls the two target codings."""

FIELDS = {
    name: hint
    for name, hint in typing.get_type_hints(symmetry_protocol.Protocol).items()
    if name not in ("seeds", "threads", "targets", "keep", "record_every")
}
"""The fields of Experiment 1's protocol that a grid may change, with their types."""


@dataclass(frozen=True)
class Cell:
    """One setting of a study: the group it belongs to, the name of its coding, and its complete protocol."""

    group: str
    coding: str
    protocol: symmetry_protocol.Protocol

    @property
    def afresh(self) -> symmetry_protocol.Protocol:
        """The protocol for fresh seeds: to the cap, where the families have settled."""
        return dataclasses.replace(self.protocol, until_solved=False)


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """A study. Its default is the paper's own protocol alone, under both target codings.

    A group of the grid is a mapping of fields of Experiment 1's protocol to values, or to lists of values, which
    are crossed; or a list of such mappings, one after the other.
    """

    grid: dict[str, Any] = field(default_factory=lambda: {"paper": {}})
    codings: tuple[tuple[float, float], ...] = tuple(CODINGS)
    sweeps: int = field(default=5000, metadata={"low": 1})
    until_solved: bool = True
    keep: tuple[int, ...] = field(default=(1425,), metadata={"low": 0})
    record_every: int = field(default=1000, metadata={"low": 1})
    fresh_seeds: int = field(default=0, metadata={"low": 0})

    def __post_init__(self) -> None:
        """Check the fields, then every cell of the grid, as any protocol is checked."""
        super().__post_init__()
        if not self.grid:
            raise UserError("grid is empty; it needs at least one group of cells.")
        if not self.codings:
            raise UserError("codings is empty; it needs at least one pair of targets.")
        for group in self.grid:
            for cell in self._cells(group):
                assert cell.group == group

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell of the grid in its order, one after the other for each coding."""
        return tuple(cell for group in self.grid for cell in self._cells(group))

    @property
    def fresh_seed_list(self) -> tuple[int, ...]:
        """The seeds for what was chosen by looking at the others: none of them is among `seed_list`."""
        first = max(self.seed_list) + 1
        return tuple(range(first, first + self.fresh_seeds))

    def _cells(self, group: str) -> Iterator[Cell]:
        where, content = f"grid.{group}", self.grid[group]
        for mapping in content if isinstance(content, list | tuple) else [content]:
            for overrides in _crossed(mapping, where):
                for targets in self.codings:
                    common = {"targets": targets, "seeds": self.seeds, "threads": self.threads}
                    common |= {name: getattr(self, name) for name in ("sweeps", "until_solved", "keep", "record_every")}
                    made = symmetry_protocol.Protocol.from_overrides(common | overrides, where)
                    yield Cell(group, coding_name(targets), made)


def coding_name(targets: tuple[float, float]) -> str:
    """A target coding as the text calls it: "0/1", ".1/.9"."""
    return CODINGS.get(targets, "/".join(f"{target:g}" for target in targets))


def settings(cell: symmetry_protocol.Protocol) -> dict[str, Any]:
    """A cell's fields as columns of a table hold them: pairs and mappings as text, an absent number as nan."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(cell, name)
        if isinstance(value, tuple):
            value = "/".join(f"{item:g}" for item in value)
        elif isinstance(value, Mapping):
            value = ", ".join(f"{key}={item}" for key, item in value.items())
        elif value is None:
            value = float("nan")
        found[name] = value
    return found


def _crossed(mapping: Any, where: str) -> Iterator[dict[str, Any]]:
    if not isinstance(mapping, Mapping | None):
        raise UserError(f"{where} is {mapping!r}; expected a mapping of fields, or a list of such mappings.")
    mapping = mapping or {}
    for name in mapping:
        if name not in FIELDS:
            raise UserError(f"{where}: unknown key '{name}'; allowed are {', '.join(FIELDS)}.")
    choices = [_choices(name, value, where) for name, value in mapping.items()]
    for values in product(*choices):
        yield dict(zip(mapping, values, strict=True))


def _choices(name: str, value: Any, where: str) -> list[Any]:
    """The values that a field takes in turn: those of a list, unless the list itself is the field's value."""
    if not isinstance(value, list | tuple):
        return [value]
    if not value:
        raise UserError(f"{where}: {name} is an empty list; give one value or more.")
    takes_list = typing.get_origin(FIELDS[name]) is tuple
    return list(value) if not takes_list or isinstance(value[0], list | tuple) else [value]
