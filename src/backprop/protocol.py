"""What an experiment fixes before it starts: a frozen dataclass whose defaults are the source's own numbers.

A variant is a mapping of overrides on those defaults. Each field is declared once, with `setting`: its type and
default, its range or choices, and the words that the configuration's documentation, the command line and the report
print. Every error in a variant is reported here, by field, before any job starts.
"""

from __future__ import annotations

import copy
import dataclasses
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from backprop import values
from backprop.values import UserError, as_yaml, format_value, listed, one_line, quoted

T = TypeVar("T")

MOST_SEEDS = 10_000_000
"""The largest count of seeds."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is known about a field besides its type and default.

    Attributes:
        label: the field's name in a table of the report: "Learning rate ε".
        about: its meaning, a phrase without a full stop.
        unit: of its numbers, such as "sweeps"; empty for pure numbers.
        low, high: inclusive bounds of every number in the field.
        choices: the allowed values of every item in the field.
        may_be_empty: whether a list may have no item.
        null: what null means, for fields that allow it.
        form: how a table of the report shows the value, such as "±{}"; with two braces, a pair.
        words: what it shows instead of a value, by the value as text.
        stated: what the source states, as text; empty if the field is our own.
        where: where the source states it.
    """

    label: str
    about: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: Collection[Any] | None = None
    may_be_empty: bool = False
    null: str = "none"
    form: str = "{}"
    words: Mapping[str, str] = field(default_factory=dict)
    stated: str = ""
    where: str = ""

    def said(self, value: Any) -> str:
        """The value as a table of the report shows it."""
        if value is None:
            return self.null
        text = format_value(value)
        if text in self.words:
            return self.words[text]
        pair = self.form.count("{}") > 1
        return f"{self.form.format(*map(format_value, value if pair else [value]))} {self.unit}".strip()


def setting(
    default: T,
    label: str,
    about: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Collection[Any] | None = None,
    may_be_empty: bool = False,
    null: str = "none",
    form: str = "{}",
    words: Mapping[str, str] | None = None,
    stated: tuple[str, str] | None = None,
) -> T:
    """Declare a field of a protocol: its default, and everything `Setting` holds; `stated` is (what, where)."""
    what, where = stated or ("", "")
    known = Setting(
        label=label, about=about, unit=unit, low=low, high=high, choices=choices, may_be_empty=may_be_empty, null=null,
        form=form, words=words or {}, stated=what, where=where,
    )  # fmt: skip
    return _field(default, known)


def like(protocol: type[Fields], name: str, default: Any = ..., **changes: Any) -> Any:
    """Declare a field as `protocol` declares its field `name`, with another default or other words where given.

    Without a `default` the field keeps the one of `protocol`. `changes` are attributes of Setting, or `stated` as a
    pair (what, where).
    """
    declared = {field.name: field for field in dataclasses.fields(protocol)}[name]
    if isinstance(changes.get("stated"), tuple):
        changes["stated"], changes["where"] = changes["stated"]
    known = dataclasses.replace(declared.metadata["setting"], **changes)
    return _field(_default(declared) if default is ... else default, known)


def _field(default: Any, known: Setting) -> Any:
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: copy.deepcopy(default), metadata={"setting": known})
    return dataclasses.field(default=default, metadata={"setting": known})


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Base of dataclasses whose fields are declared with `setting`; it checks them."""

    def __post_init__(self) -> None:
        """Check each field's type and range; raise UserError with the field's name and what is allowed."""
        fields = self.fields()
        for name, declared in types(type(self)).items():
            value = values.as_declared(name, getattr(self, name), declared)
            if name == "seeds":
                _check_seeds(value)
            else:
                _check_range(name, value, fields[name])
            object.__setattr__(self, name, value)

    @classmethod
    def fields(cls) -> dict[str, Setting]:
        """What is known about each field, by its name, in the order of declaration (`seeds` and `threads` last)."""
        return dict(_fields(cls))  # type: ignore[arg-type]  # mypy looks at the __hash__ of instances

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The default of each field, by its name: in a protocol, the source's own number."""
        return {field.name: _default(field) for field in dataclasses.fields(cls)}

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, Any], where: str = "the overrides") -> Self:
        """The defaults with `overrides` applied to them; `where` names the place in error messages."""
        known = cls.fields()
        for key in overrides:
            if key not in known:
                raise UserError(one_line(f"{where}: {values.unknown(key, known)}"))
        try:
            return cls(**overrides)
        except UserError as error:
            raise UserError(one_line(f"{where}: {error}")) from None


@dataclass(frozen=True, kw_only=True)
class Protocol(Fields):
    """Base of every experiment's protocol; a subclass adds fields whose defaults are the source's own numbers.

    Attributes:
        shared: the arrays of the training that do not belong to single networks, as far as they are the same for all
            seeds; seeds are the first axis of the others. Seeds can then be trained in several jobs. None if not.
        side_by_side: networks that the processor trains at a time; fewer of them take as long.
    """

    shared: ClassVar[tuple[str, ...] | None] = None
    side_by_side: ClassVar[int] = 1

    seeds: int | tuple[int, ...] = setting(
        100, "Networks", "networks per variant, one per seed: a count n stands for the seeds 0 ... n − 1"
    )
    threads: int = setting(
        1,
        "Threads",
        "torch threads of one training job; part of the protocol, because it changes the last bits",
        low=1,
        high=1024,
    )

    @classmethod
    def table(cls, values: Mapping[str, Any]) -> list[dict[str, str]]:
        """Rows of the protocol table: label, what the source states and where, and ours, from a protocol's `values`."""
        return [
            {
                "label": known.label,
                "stated": known.stated,
                "ours": known.said(values[name]),
                "where": known.where,
            }
            for name, known in cls.fields().items()
            if known.stated
        ]

    @property
    def trained_networks(self) -> int:
        """How many networks are trained; an experiment that trains several per seed overrides this."""
        return self.seed_count

    @property
    def seed_count(self) -> int:
        """The number of seeds."""
        return self.seeds if isinstance(self.seeds, int) else len(self.seeds)

    @property
    def splits(self) -> bool:
        """Whether the seeds can be trained in several jobs."""
        return self.shared is not None

    @property
    def work(self) -> float:
        """The work of training one seed, for estimates of time: 1 for a case in a sweep, for each weight.

        The unit is that of the compiled sweep; other computations are counted by the time they take (measured).
        """
        raise NotImplementedError

    @property
    def bytes_kept(self) -> float:
        """The bytes of the arrays of one seed, about, for estimates of memory."""
        raise NotImplementedError

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, spelled out."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

    def fresh_seeds_after(self, count: int) -> tuple[int, ...]:
        """`count` seeds that are not in `seed_list`, to evaluate what was chosen by looking at those."""
        first = max(self.seed_list) + 1
        return tuple(range(first, first + count))

    def departures(self) -> dict[str, Any]:
        """The fields that differ from the source's protocol; seeds and threads do not count."""
        changed = self.overrides()
        return {name: value for name, value in changed.items() if name not in ("seeds", "threads")}

    def overrides(self) -> dict[str, Any]:
        """All fields that differ from the defaults: what a job needs to rebuild this protocol."""
        return {name: getattr(self, name) for name, value in self.defaults().items() if getattr(self, name) != value}


def types(protocol: type[Fields]) -> dict[str, Any]:
    """The declared type of each field, by its name."""
    return _types(protocol)  # type: ignore[arg-type]  # mypy looks at the __hash__ of instances


def allowed(protocol: type[Fields], name: str, mark: str = "") -> str:
    """What a field accepts, in words: "0 to 1", "a list of integers, each 1 or more", "logistic, tanh, ...".

    `mark` surrounds each of a field's choices.
    """
    known, declared = protocol.fields()[name], types(protocol)[name]
    if name == "seeds":
        return f"a count, 1 to {MOST_SEEDS:,}, or a list of seeds"
    if known.choices is not None:
        nothing = [None] if type(None) in values.options(declared) else []
        names = ", ".join(f"{mark}{values.as_yaml(choice)}{mark}" for choice in [*known.choices, *nothing])
        return f"a list of: {names}" if values.is_list(declared) else names
    kind, span = values.in_words(declared), values.span(known.low, known.high)
    if not span:
        return kind
    if values.is_list(declared):
        return f"{kind}, each {span}"
    return span if declared is float else f"{kind}, {span}"


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _check_seeds(seeds: int | tuple[int, ...]) -> None:
    expected = f"a count from 1 to {MOST_SEEDS:,} or a list of different integers, each at least 0"
    if isinstance(seeds, int):
        if not 1 <= seeds <= MOST_SEEDS:
            raise UserError(f"seeds is {quoted(seeds)}; allowed is {expected}.")
        return
    if not seeds:
        raise UserError(f"seeds is an empty list; allowed is {expected}.")
    for seed in seeds:
        if not 0 <= seed <= values.LARGEST:
            raise UserError(f"seeds contains {quoted(seed)}; allowed is {expected}.")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds contains a seed twice; allowed is {expected}.")


def _check_range(name: str, value: Any, known: Setting) -> None:
    if value == () and not known.may_be_empty:
        raise UserError(f"{name} is an empty list; it needs one value or more.")
    verb = "contains" if isinstance(value, tuple) else "is"
    for item in values.items(value):
        if known.choices is not None and item is not None and item not in known.choices:
            allowed_are = "allowed are" if len(known.choices) > 1 else "allowed is"
            names = listed(map(as_yaml, known.choices))
            raise UserError(f"{name} {verb} {quoted(item)}; {allowed_are} {names}.")
    for number in values.numbers(value):
        problem = values.out_of_range(number, known.low, known.high)
        if problem:
            raise UserError(f"{name} {verb} {quoted(number)}; it must be {problem}.")


@cache
def _fields(protocol: type[Fields]) -> dict[str, Setting]:
    fields = sorted(dataclasses.fields(protocol), key=lambda field: field.name in ("seeds", "threads"))
    return {field.name: field.metadata["setting"] for field in fields}


@cache
def _types(protocol: type[Fields]) -> dict[str, Any]:
    hints = typing.get_type_hints(protocol)
    return {field.name: hints[field.name] for field in dataclasses.fields(protocol)}
