"""The fields of Experiment 1's protocol as options of a command, and departures from the paper in words."""

from __future__ import annotations

import argparse
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backprop import strict_yaml
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol
from backprop.protocol import allowed
from backprop.protocol import types as types_of
from backprop.values import UserError, format_value, quoted

NOT_OPTIONS = ("seeds", "threads", "until_solved", "keep", "record_every")
"""Fields without an option: they decide what is recorded and how fast, not what a network learns."""

OPTIONS_OF = {"optimizer_options": "optimizer", "schedule_options": "schedule"}
"""Fields that have a meaning only together with another one; both count as one departure."""

OF_WEIGHTS = ("inputs", "targets", "hidden", "output")
"""The fields that decide what given weights compute."""

METAVARS = {int: "N", float: "X", str: "NAME"}
"""How the help text names the value of an option, by its type."""


@dataclass(frozen=True)
class Departure:
    """One departure from the paper: the field it is about, and the values that differ, by field."""

    name: str
    overrides: Mapping[str, Any]

    def __str__(self) -> str:
        """The departure in words: "Error: mean (paper: half sum)"."""
        return ", ".join(_in_words(name, value) for name, value in self.overrides.items())


def option_fields() -> tuple[str, ...]:
    """The fields that a user may set, in the order of the protocol."""
    return tuple(name for name in Protocol.fields() if name not in NOT_OPTIONS)


def add_options(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Give the parser one option per field, with the words and the range that the protocol declares."""
    group = parser.add_argument_group("fields of the protocol (the paper's by default)")
    types, defaults = types_of(Protocol), Protocol.defaults()
    for name in names:
        known, declared = Protocol.fields()[name], types[name]
        option, default = f"--{name.replace('_', '-')}", defaults[name]
        if declared is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=known.about)
        elif typing.get_origin(declared) is tuple:
            about = f"{known.about} ({' '.join(map(format_value, default))})"
            group.add_argument(option, nargs=2, metavar=("LOW", "HIGH"), help=about)
        else:
            shown = default if isinstance(default, str) else _value(name, default)
            about = f"{known.about}; {allowed(Protocol, name)} ({shown})".replace("%", "%%")
            group.add_argument(option, metavar=METAVARS.get(declared, "VALUE"), help=about)


def protocol(options: argparse.Namespace, names: Iterable[str], file: Path | None = None) -> Protocol:
    """The paper's protocol with the fields in a YAML file and, over these, those that were given as options.

    Args:
        options: from a parser with `add_options`.
        names: the fields that have an option.
        file: a mapping of fields as under `variants` in the configuration.

    Raises:
        UserError: names the file or the option, and what is allowed.
    """
    overrides = _read_file(file) if file else {}
    Protocol.from_overrides(overrides, str(file))
    types = types_of(Protocol)
    given = {name: getattr(options, name) for name in names}
    overrides |= {name: _read(value, types[name]) for name, value in given.items() if value is not None}
    return Protocol.from_overrides(overrides, "the options")


def departures(protocol: Protocol) -> list[Departure]:
    """Where a protocol departs from the paper.

    A number of sweeps is a departure only below the paper's 1,425: a longer training shows more, and changes nothing.
    """
    changed = {name: value for name, value in protocol.overrides().items() if name not in NOT_OPTIONS}
    if protocol.sweeps >= PRINTED_SWEEPS:
        changed.pop("sweeps", None)
    groups: dict[str, dict[str, Any]] = {}
    for name, value in changed.items():
        groups.setdefault(OPTIONS_OF.get(name, name), {})[name] = value
    return [Departure(name, overrides) for name, overrides in groups.items()]


def _read_file(path: Path) -> dict[str, Any]:
    content = strict_yaml.load(path)
    if not isinstance(content, dict | None):
        raise UserError(f"{path}: holds {quoted(content)}; expected lines such as 'epsilon: 0.05'.")
    return content or {}


def _read(value: Any, declared: Any) -> Any:
    if isinstance(value, list):
        return [_read(item, typing.get_args(declared)[0]) for item in value]
    if not isinstance(value, str) or declared is str:
        return value
    if (typing.get_origin(declared) or declared) is dict:
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:
            return value
    if value.lower() in ("null", "none"):
        return None
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _in_words(name: str, value: Any) -> str:
    default = PRINTED_SWEEPS if name == "sweeps" else Protocol.defaults()[name]
    return f"{Protocol.fields()[name].label}: {_value(name, value)} (paper: {_value(name, default)})"


def _value(name: str, value: Any) -> str:
    return Protocol.fields()[name].null if value is None else format_value(value)
