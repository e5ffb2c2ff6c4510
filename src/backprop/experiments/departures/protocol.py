"""The protocol of a study: a grid of departures from Experiment 1. Every cell is checked like a protocol of its own."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError, like, quoted, setting
from backprop.values import unknown

FIELDS = {
    name: hint
    for name, hint in protocol.types(Symmetry).items()
    if name not in ("seeds", "threads", "targets", "keep", "record_every")
}
"""The fields of Experiment 1's protocol that a grid may change, with their types."""

MOST_CELLS = 10_000
"""The largest number of cells that the lists of one group are crossed to."""


@dataclass(frozen=True)
class Cell:
    """One setting of a study: the group it belongs to, the name of its coding, and its complete protocol."""

    group: str
    coding: str
    protocol: Symmetry

    @property
    def slowness(self) -> float:
        """How many times as long as a sweep of the paper's one of this cell takes, about (measured)."""
        own = self.protocol
        if own.per_case:
            return 11.0
        if own.schedule != "constant":
            return 3.0
        # one compiled call makes many sweeps of the paper's units and changes alone
        return 1.0 if (own.hidden, own.output, own.optimizer) == ("logistic", "logistic", "descent") else 4.5

    @property
    def fresh_protocol(self) -> Symmetry:
        """The protocol for fresh seeds: training continues to the cap, because families settle only after success."""
        return dataclasses.replace(self.protocol, until_solved=False)


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """A study. The default is the paper's own protocol alone, under both target codings.

    A group of the grid is a mapping of fields of Experiment 1's protocol to values or to lists of values, which are
    crossed; or a list of such mappings, whose cells follow one another.
    """

    shared = ("kept_sweeps", "error_sweeps")

    # fmt: off
    grid: dict[str, Any] = setting({"paper": {}}, "Settings",
        "named groups of cells; a group is a mapping of fields of symmetry to a value or to a list of values, which "
        "are crossed, or a list of such mappings; seeds, threads, targets, keep and record_every cannot be changed")
    codings: tuple[tuple[float, float], ...] = setting(((0.0, 1.0), (0.1, 0.9)), "Target codings",
        "pairs of targets, each as in symmetry; every cell is trained under each pair", low=-1.0, high=1.0,
        stated=("not stated", "0 and 1 is the plain reading"))
    sweeps: int = like(Symmetry, "sweeps",
        about="the cap of all cells; a group may set its own")
    until_solved: bool = like(Symmetry, "until_solved", True,
        about="whether training stops for a network once all its errors are below .1 of the distance between the "
        "targets; networks with fresh seeds always train to the cap; a group may set its own")
    keep: tuple[int, ...] = like(Symmetry, "keep")
    record_every: int = like(Symmetry, "record_every", 1000)
    fresh_seeds: int = setting(0, "Fresh networks",
        "networks with other seeds for the best cell of each group (most networks solved, then fewest sweeps); "
        "0 for none", low=0, high=10**6)
    # fmt: on

    def __post_init__(self) -> None:
        """Check the fields, then every cell of the grid as Experiment 1 checks its protocol."""
        super().__post_init__()
        if not self.grid:
            raise UserError("grid is empty; it needs at least one group of cells.")
        for targets in self.codings:
            if targets[0] >= targets[1]:
                raise UserError(f"codings contains {list(targets)}; the first target must be below the second.")
        assert self.cells, "a group without cells is refused"

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell of the grid in its order; each cell is repeated for every coding."""
        return tuple(cell for group in self.grid for cell in self._cells(group))

    @property
    def trained_networks(self) -> int:
        """How many networks are trained: those of every cell, and those with fresh seeds for one cell of each group."""
        return len(self.cells) * super().trained_networks + len(self.grid) * len(self.codings) * self.fresh_seeds

    def _cells(self, group: str) -> Iterator[Cell]:
        if not isinstance(group, str):
            raise UserError(f"grid has a group {quoted(group)}; its name must be text, so put it in quotes.")
        where, content = f"grid.{group}", self.grid[group]
        if isinstance(content, list | tuple) and not content:
            raise UserError(f"{where} is an empty list; give one mapping of fields or more.")
        for mapping in content if isinstance(content, list | tuple) else [content]:
            for overrides in _crossed(mapping, where):
                for targets in self.codings:
                    common = {"targets": targets, "seeds": self.seeds, "threads": self.threads}
                    common |= {name: getattr(self, name) for name in ("sweeps", "until_solved", "keep", "record_every")}
                    yield Cell(group, coding_name(targets), Symmetry.from_overrides(common | overrides, where))

    @property
    def work(self) -> float:
        """See the base class."""
        return sum(cell.protocol.work * cell.slowness for cell in self.cells)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return sum(cell.protocol.bytes_kept for cell in self.cells)


def coding_name(targets: tuple[float, float]) -> str:
    """A target coding as text and figures name it: "0/1", ".1/.9"."""
    return "/".join(f"{target:g}".removeprefix("0") or "0" for target in targets)


def settings(cell: Symmetry) -> dict[str, Any]:
    """A cell's fields as columns of a table hold them: pairs and mappings as text, an absent number as nan."""
    columns: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(cell, name)
        if isinstance(value, tuple):
            value = "/".join(f"{item:g}" for item in value)
        elif isinstance(value, Mapping):
            value = ", ".join(f"{key}={item}" for key, item in value.items())
        elif value is None:
            value = float("nan")
        columns[name] = value
    return columns


def _crossed(mapping: Any, where: str) -> Iterator[dict[str, Any]]:
    """Every combination of the values that a mapping lists for its fields."""
    if not isinstance(mapping, Mapping | None):
        raise UserError(f"{where} is {quoted(mapping)}; expected a mapping of fields, or a list of such mappings.")
    mapping = mapping or {}
    for name in mapping:
        if name == "targets":
            raise UserError(f"{where}: 'targets' cannot be changed here; set codings, which holds for all groups.")
        if name not in FIELDS:
            raise UserError(f"{where}: {unknown(name, FIELDS)}")
    choices = [_listed(name, value, where) for name, value in mapping.items()]
    cells = math.prod(map(len, choices))
    if cells > MOST_CELLS:
        raise UserError(f"{where} crosses its lists to {cells:,} cells; at most {MOST_CELLS:,} are allowed.")
    for values in product(*choices):
        yield dict(zip(mapping, values, strict=True))


def _listed(name: str, value: Any, where: str) -> list[Any]:
    """The values of a field: those of a list, unless the list itself is the field's value."""
    if not isinstance(value, list | tuple):
        return [value]
    if not value:
        raise UserError(f"{where}: {name} is an empty list; give one value or more.")
    takes_list = typing.get_origin(FIELDS[name]) is tuple
    return list(value) if not takes_list or isinstance(value[0], list | tuple) else [value]
