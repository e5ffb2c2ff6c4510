"""What an experiment fixes before it starts: a frozen dataclass whose defaults are the paper's numbers.

A variant is a mapping of overrides on those defaults. Everything a user can get wrong in it is refused here,
by name, before any job starts: unknown keys, wrong types, numbers out of range, words that are not allowed.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

DEVICES = ("auto", "cpu", "cuda", "mps")


class UserError(ValueError):
    """A mistake the user can mend; its text is one sentence and is all the user sees, without a traceback."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Base of every experiment's protocol; a subclass adds fields whose defaults are the source's own numbers.

    A field may carry `dataclasses.field(metadata={...})` with `allowed` (a collection of values), `low` and
    `high` (inclusive bounds, applied to every number in the field), and `about` (meaning and unit, for the
    protocol table and `config/README.md`).

    Attributes:
        seeds: the networks to train, one per seed; a count n stands for the seeds 0 ... n - 1.
        threads: torch threads of one training job; part of the protocol because it changes float results.
    """

    seeds: int | tuple[int, ...] = 100
    threads: int = dataclasses.field(default=1, metadata={"low": 1})

    def __post_init__(self) -> None:
        """Check each field's type and range; raise UserError with the field's name and what is allowed."""
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = _as_declared(field.name, getattr(self, field.name), hints[field.name])
            _check_range(field.name, value, field.metadata)
            object.__setattr__(self, field.name, value)
        _check_seeds(self.seeds)

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, Any], where: str = "the overrides") -> Self:
        """The protocol with `overrides` applied to its defaults; `where` names the place in error messages."""
        known = [field.name for field in dataclasses.fields(cls)]
        for key in overrides:
            if key not in known:
                raise UserError(f"{where}: unknown key '{key}'; allowed are {', '.join(known)}.")
        try:
            return cls(**overrides)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, spelled out."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

    def departures(self) -> dict[str, Any]:
        """The fields that differ from the defaults, that is, from the source."""
        changed = self.overrides()
        return {name: value for name, value in changed.items() if name not in ("seeds", "threads")}

    def overrides(self) -> dict[str, Any]:
        """All fields that differ from the defaults: what a job has to be told to have this protocol again."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != _default(field)
        }


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _check_seeds(seeds: int | tuple[int, ...]) -> None:
    allowed = "a count of at least 1 or a list of different integers of at least 0"
    if isinstance(seeds, int):
        if seeds < 1:
            raise UserError(f"seeds is {seeds}; allowed is {allowed}.")
        return
    if not seeds:
        raise UserError(f"seeds is an empty list; allowed is {allowed}.")
    for seed in seeds:
        if seed < 0:
            raise UserError(f"seeds contains {seed}; allowed is {allowed}.")
    if len(set(seeds)) < len(seeds):
        raise UserError(f"seeds contains a seed twice; allowed is {allowed}.")


def _check_range(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    for item in value if isinstance(value, tuple) else (value,):
        if "allowed" in metadata and item is not None and item not in metadata["allowed"]:
            raise UserError(f"{name} is {item!r}; allowed are {', '.join(map(str, metadata['allowed']))}.")
        if isinstance(item, int | float) and not isinstance(item, bool):
            if "low" in metadata and not item >= metadata["low"]:
                raise UserError(f"{name} is {item!r}; it must be at least {metadata['low']}.")
            if "high" in metadata and not item <= metadata["high"]:
                raise UserError(f"{name} is {item!r}; it must be at most {metadata['high']}.")


def _as_declared(name: str, value: Any, declared: Any) -> Any:
    """The value as its declared type (an int counts as a float, a list as a tuple), or UserError."""
    for option in _options(declared):
        origin = typing.get_origin(option) or option
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
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
    raise UserError(f"{name} is {value!r}, {_kind(value)}; expected {_words(declared)}.{_exponent_hint(value)}")


def _options(declared: Any) -> tuple[Any, ...]:
    if typing.get_origin(declared) in (types.UnionType, typing.Union):
        return typing.get_args(declared)
    return (declared,)


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
            texts.append(f"a list of {count}{words.get(inner[0], 'value').split(' ', 1)[-1]}s")
        elif (typing.get_origin(option) or option) is dict:
            texts.append("a mapping")
        else:
            texts.append(words.get(option, str(option)))
    return " or ".join(texts)


def _exponent_hint(value: Any) -> str:
    """YAML 1.1 reads 1e-3 as a string: say so, with the spelling that works."""
    match = re.fullmatch(r"([+-]?\d+)([eE])([+-]?)(\d+)", value) if isinstance(value, str) else None
    if not match:
        return ""
    mantissa, _, sign, power = match.groups()
    return f" YAML reads {value} as text: write {mantissa}.0e{sign or '+'}{power}."
