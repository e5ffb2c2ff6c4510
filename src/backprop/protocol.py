"""What an experiment fixes before it starts: a frozen dataclass whose defaults are the source's own numbers.

A variant is a mapping of overrides on those defaults. Each field is declared once, with `setting`: its type and
default, its range or choices, and the words that the configuration's documentation, the command line and the report
print. Every error in a variant is reported here, by field, before any job starts.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

T = TypeVar("T")

LONGEST = 60
"""Characters of a value that an error message quotes."""

MOST = 2**53
"""The largest number in a field: up to it, floats and integers agree."""

MOST_SEEDS = 10_000_000
"""The largest count of seeds."""


class UserError(ValueError):
    """An error the user can fix; its text is one sentence, shown without a traceback."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is known about a field besides its type and default.

    Attributes:
        label: the field's name in a table of the report: "Learning rate ε".
        about: its meaning, a phrase without a full stop.
        unit: of its numbers, such as "sweeps"; empty for pure numbers.
        low, high: inclusive bounds of every number in the field.
        choices: the allowed values of every item in the field.
        null: what null means, for fields that allow it.
        stated: what the source states, as text; empty if the field is our own.
        where: where the source states it.
    """

    label: str
    about: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: Collection[Any] | None = None
    null: str = "none"
    stated: str = ""
    where: str = ""


def setting(
    default: T,
    label: str,
    about: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Collection[Any] | None = None,
    null: str = "none",
    stated: tuple[str, str] | None = None,
) -> T:
    """Declare a field of a protocol: its default, and everything `Setting` holds; `stated` is (what, where)."""
    what, where = stated or ("", "")
    known = Setting(
        label=label, about=about, unit=unit, low=low, high=high, choices=choices, null=null, stated=what, where=where
    )
    return _field(default, known)


def like(protocol: type[Protocol], name: str, default: Any = ..., **changes: Any) -> Any:
    """Declare a field as `protocol` declares its field `name`, with another default or other words where given.

    Without a `default` the field keeps the one of `protocol`. `changes` are attributes of Setting, or `stated` as a
    pair (what, where).
    """
    declared = {field.name: field for field in dataclasses.fields(protocol)}[name]
    if isinstance(changes.get("stated"), tuple):
        changes["stated"], changes["where"] = changes["stated"]
    known = dataclasses.replace(_known(declared), **changes)
    return _field(_default(declared) if default is ... else default, known)


def _field(default: Any, known: Setting) -> Any:
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: copy.deepcopy(default), metadata={"setting": known})
    return dataclasses.field(default=default, metadata={"setting": known})


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Base of every experiment's protocol; a subclass adds fields whose defaults are the source's own numbers."""

    seeds: int | tuple[int, ...] = setting(
        100, "Networks", "networks per variant, one per seed: a count n stands for the seeds 0 ... n − 1"
    )
    threads: int = setting(
        1, "Threads", "torch threads of one training job; part of the protocol, because it changes the last bits", low=1
    )

    def __post_init__(self) -> None:
        """Check each field's type and range; raise UserError with the field's name and what is allowed."""
        for name, declared in typing.get_type_hints(type(self)).items():
            value = _as_declared(name, getattr(self, name), declared)
            _check_range(name, value, self.fields()[name])
            object.__setattr__(self, name, value)
        _check_seeds(self.seeds)

    @classmethod
    def fields(cls) -> dict[str, Setting]:
        """What is known about each field, by its name, in the order of declaration (`seeds` and `threads` last)."""
        fields = sorted(dataclasses.fields(cls), key=lambda field: field.name in ("seeds", "threads"))
        return {field.name: _known(field) for field in fields}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The default of each field, by its name: the source's own protocol."""
        return {field.name: _default(field) for field in dataclasses.fields(cls)}

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, Any], where: str = "the overrides") -> Self:
        """The protocol with `overrides` applied to its defaults; `where` names the place in error messages."""
        known = list(cls.fields())
        for key in overrides:
            if key not in known:
                raise UserError(f"{where}: unknown key {quoted(key)}; allowed are {', '.join(known)}.")
        try:
            return cls(**overrides)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None

    @classmethod
    def table(cls, values: Mapping[str, Any]) -> list[dict[str, str]]:
        """Rows of the protocol table: label, what the source states and where, and ours, from a protocol's `values`."""
        return [
            {
                "label": known.label,
                "stated": known.stated,
                "ours": known.null if values[name] is None else f"{format_value(values[name])} {known.unit}".strip(),
                "where": known.where,
            }
            for name, known in cls.fields().items()
            if known.stated
        ]

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


def allowed(protocol: type[Protocol], name: str) -> str:
    """What a field accepts, in words: "0 to 1", "a list of integers, 1 or more", "logistic, tanh, ..."."""
    known, declared = protocol.fields()[name], typing.get_type_hints(protocol)[name]
    if known.choices is not None:
        nothing = ["null"] if type(None) in _options(declared) else []
        names = ", ".join([*map(str, known.choices), *nothing])
        return f"a list of: {names}" if _is_list(declared) else names
    low, high = known.low, known.high
    span = ""
    if low is not None and high is not None:
        span = f"{low:g} to {high:g}"
    elif low is not None:
        span = f"{low:g} or more"
    elif high is not None:
        span = f"at most {high:g}"
    kind = _words(declared)
    if not span:
        return kind
    if _options(declared) in ((int,), (float,)):
        return f"an integer, {span}" if declared is int else span
    return f"{kind}, {span}"


def format_value(value: Any) -> str:
    """A value of a field as documentation and tables print it: 0.3, 60,000, [0, 1], none."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}" if abs(value) >= 1000 else f"{value:.10g}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_format_item(item) for item in value)}]"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {format_value(item)}" for key, item in value.items()) or "none"
    return str(value).replace("_", " ")


def _format_item(item: Any) -> str:
    """An item of a list, whose numbers have no separators: the commas separate the items."""
    return format_value(item) if isinstance(item, tuple | list) else format_value(item).replace(",", "")


def quoted(value: Any) -> str:
    """A value as an error message quotes it: on one line and cut to LONGEST characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer with thousands of digits, a structure that contains itself
        text = f"a {type(value).__name__} that is too large to print"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _known(field: dataclasses.Field[Any]) -> Setting:  # TRANSITION: until every field is declared by `setting`
    if "setting" in field.metadata:
        return field.metadata["setting"]
    data = dict(field.metadata)
    return Setting(label=field.name, about="", choices=data.get("allowed"), low=data.get("low"), high=data.get("high"))


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _check_seeds(seeds: int | tuple[int, ...]) -> None:
    expected = f"a count from 1 to {MOST_SEEDS:,} or a list of different integers of at least 0"
    if isinstance(seeds, int):
        if not 1 <= seeds <= MOST_SEEDS:
            raise UserError(f"seeds is {quoted(seeds)}; allowed is {expected}.")
        return
    if not seeds:
        raise UserError(f"seeds is an empty list; allowed is {expected}.")
    for seed in seeds:
        if seed < 0:
            raise UserError(f"seeds contains {quoted(seed)}; allowed is {expected}.")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds contains a seed twice; allowed is {expected}.")


def _check_range(name: str, value: Any, known: Setting) -> None:
    for item in _items(value):
        if known.choices is not None and item is not None and item not in known.choices:
            raise UserError(f"{name} is {quoted(item)}; allowed are {', '.join(map(str, known.choices))}.")
        if isinstance(item, int | float) and not isinstance(item, bool):
            if not (known.low is not None and known.high is not None) and not abs(item) <= MOST:
                raise UserError(f"{name} is {quoted(item)}; it must be a finite number of at most {MOST:,}.")
            if known.low is not None and not item >= known.low:
                raise UserError(f"{name} is {quoted(item)}; it must be at least {known.low:g}.")
            if known.high is not None and not item <= known.high:
                raise UserError(f"{name} is {quoted(item)}; it must be at most {known.high:g}.")


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from _items(item)
    else:
        yield value


def _as_declared(name: str, value: Any, declared: Any) -> Any:
    """The value as its declared type (an int counts as a float, a list as a tuple), or UserError."""
    for option in _options(declared):
        origin = typing.get_origin(option) or option
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if abs(value) <= MOST or isinstance(value, float) else math.copysign(math.inf, value)
        if option is int and isinstance(value, int) and not isinstance(value, bool):
            return value
        if origin is tuple and isinstance(value, list | tuple):
            inner = typing.get_args(option)
            if len(inner) == 2 and inner[1] is Ellipsis:
                inner = (inner[0],) * len(value)
            if len(inner) == len(value):
                return tuple(_as_declared(name, item, kind) for item, kind in zip(value, inner, strict=True))
        if origin is dict and isinstance(value, dict):
            return dict(value)
        if option in (bool, str, type(None)) and type(value) is option:
            return value
    raise UserError(f"{name} is {quoted(value)}, {_kind(value)}; expected {_words(declared)}.{_exponent_hint(value)}")


def _options(declared: Any) -> tuple[Any, ...]:
    if typing.get_origin(declared) in (types.UnionType, typing.Union):
        return typing.get_args(declared)
    return (declared,)


def _is_list(declared: Any) -> bool:
    return any(typing.get_origin(option) is tuple for option in _options(declared))


def _kind(value: Any) -> str:
    names = {str: "a string", bool: "a yes/no value", int: "an integer", float: "a number", list: "a list"}
    return names.get(type(value), "empty" if value is None else f"a {type(value).__name__}")


def _words(declared: Any) -> str:
    words = {int: "an integer", float: "a number", str: "a string", bool: "true or false", type(None): "null"}
    texts = []
    for option in _options(declared):
        if typing.get_origin(option) is tuple:
            inner = typing.get_args(option)
            count = "" if Ellipsis in inner else f"{len(inner)} "
            item = "pair" if typing.get_origin(inner[0]) is tuple else words.get(inner[0], "a value").split(" ", 1)[-1]
            texts.append(f"a list of {count}{item}s")
        elif (typing.get_origin(option) or option) is dict:
            texts.append("a mapping")
        else:
            texts.append(words.get(option, str(option)))
    return " or ".join(texts)


def _exponent_hint(value: Any) -> str:
    """YAML 1.1 reads 1e-3 as a string: say so, with the spelling that works."""
    match = re.fullmatch(r"([+-]?\d{1,9})([eE])([+-]?)(\d{1,4})", value) if isinstance(value, str) else None
    if not match:
        return ""
    mantissa, _, sign, power = match.groups()
    return f" YAML reads {value} as text: write {mantissa}.0e{sign or '+'}{power}."
