"""The configuration as the user wrote it, checked and turned into protocols before any job starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from backprop import choices, dependencies, shards, strict_yaml
from backprop.protocol import Fields, Protocol, setting
from backprop.values import UserError, listed, one_line, place, quoted, unknown

PAPER = "paper"
"""The variant that always exists: no departure from the source."""

KEYS = ("author", "student_id", "course", "device", "data", "assignment", "experiments")
"""The keys of a configuration."""

ROWS = Path(__file__).parents[2] / "report" / "assignment_rows.yaml"
"""The rows that the table of the assignment can have, by name."""

EXPERIMENT_KEYS = ("seeds", "shards", "common", "variants")
"""The keys of an experiment in a configuration."""

VARIANT_NAME = r"[a-z0-9][a-z0-9_.-]{0,99}"
"""A regular expression for the names of variants, which are folders too."""

RESERVED_NAMES = ("figures", "findings.json")
"""Files and folders beside the variants' folders."""


@dataclass(frozen=True, kw_only=True)
class Assignment(Fields):
    """What the notebook of the assignment trains."""

    # fmt: off
    seed: int = setting(0, "Seed", "seed of the initial weights", low=0)
    networks: int = setting(200, "Networks", "networks in each row of the table", low=20, high=10_000)
    sweeps: int = setting(1425, "Sweeps", "sweeps of each network", unit="sweeps", low=10, high=100_000,
        stated=("1,425", "p. 534"))
    workarounds: tuple[str, ...] = setting(("small_rate", "mean", "no_momentum", "softplus", "adam", "exponential"),
        "Workarounds", "rows of the table after the paper's protocol, by their names in report/assignment_rows.yaml",
        may_be_empty=True)
    language: str = setting("en", "Language", "language of the page, of which there is one so far", choices=("en",))
    # fmt: on

    def __post_init__(self) -> None:
        """Check each field, and the names of the rows."""
        super().__post_init__()
        known = _rows()
        for name in self.workarounds:
            if name not in known:
                raise UserError(f"workarounds: {unknown(name, known, 'row')}")


@cache
def _rows() -> Mapping[str, Any]:
    return strict_yaml.load(ROWS)


def read(*paths: Path) -> dict[str, Any]:
    """The configuration in one or more YAML files, the later ones laid over the earlier.

    Raises:
        UserError: a file does not exist, cannot be read, is not UTF-8, is not valid YAML, or gives a key twice.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        content = strict_yaml.load(path)
        if content is not None and not isinstance(content, dict):
            raise UserError(one_line(f"{path}: holds {quoted(content)}; expected keys such as {listed(KEYS)}."))
        _lay_over(merged, content or {})
    return merged


def check(config: Mapping[str, Any]) -> dict[str, dict[str, Protocol]]:
    """Every protocol the configuration asks for, by experiment and variant.

    Raises:
        UserError: the first error: an unknown key, a key that is not text, a wrong type, a value out of range, an
            experiment that does not exist, a variant named `paper`, or a device that this machine lacks. The message
            is one line of at most 300 characters.
    """
    try:
        return _check(config)
    except UserError as error:
        raise UserError(one_line(str(error))) from None


def assignment(config: Mapping[str, Any]) -> Assignment:
    """The options of the assignment in a configuration; UserError for the first error."""
    return Assignment.from_overrides(_mapping(config.get("assignment"), "assignment"), "assignment")


def variants(experiment: str, settings: Mapping[str, Any]) -> dict[str, Protocol]:
    """The protocols of one experiment, `paper` first; `settings` is its part of the configuration."""
    where = place("experiments", experiment)
    settings = _mapping(settings, where, EXPERIMENT_KEYS)
    common = _mapping(settings.get("common"), f"{where}.common")
    if "seeds" in settings:
        common["seeds"] = settings["seeds"]
    named = _mapping(settings.get("variants"), f"{where}.variants")
    for name in named:
        _check_name(name, f"{where}.variants")
    kind = protocol_class(experiment)
    shards.check(settings.get("shards", shards.AUTO), kind, where)
    protocols = {PAPER: kind.from_overrides(common, where)}
    for name, overrides in named.items():
        inside = place("experiments", experiment, "variants", name)
        protocols[name] = kind.from_overrides(common | _mapping(overrides, inside), inside)
    return protocols


def shards_asked(config: Mapping[str, Any]) -> dict[str, str | int]:
    """How the seeds of each experiment's variants are split in a checked configuration: auto, or the number of jobs."""
    asked = config.get("experiments") or {}
    return {name: (asked.get(name) or {}).get("shards", shards.AUTO) for name in dependencies.experiments()}


def protocol_class(experiment: str) -> type[Protocol]:
    """The Protocol class of an experiment."""
    return import_module(f"backprop.experiments.{experiment}.protocol").Protocol


def protocol_classes() -> dict[str, type[Protocol]]:
    """The Protocol class of every experiment, by the experiment's name."""
    return {name: protocol_class(name) for name in dependencies.experiments()}


def data_sets(experiment: str) -> tuple[str, ...]:
    """The data sets an experiment trains on, by the names `datasets` knows; none for generated data."""
    return getattr(import_module(f"backprop.experiments.{experiment}.protocol"), "DATA", ())


def _lay_over(base: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    for key, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _lay_over(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value


def _check(config: Mapping[str, Any]) -> dict[str, dict[str, Protocol]]:
    _check_keys(config, "the configuration", set(), 1)
    config = _mapping(config, "the configuration", KEYS)
    for key in ("author", "student_id", "course"):
        value = config.get(key, "")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise UserError(f"{key} is {quoted(value)}; expected text (a date or a word such as no needs quotes).")
    _check_device(config.get("device", "auto"))
    source = _mapping(config.get("data"), "data", ("source",)).get("source", "auto")
    if not isinstance(source, str):
        raise UserError(f"data.source is {quoted(source)}; expected text.")
    assignment(config)
    known = dependencies.experiments()
    asked = _mapping(config.get("experiments"), "experiments")
    for name in asked:
        if name not in known:
            raise UserError(f"experiments: {unknown(name, known, 'experiment')}")
    return {name: variants(name, asked.get(name) or {}) for name in known}


def _check_keys(content: Any, where: str, seen: set[int], depth: int) -> None:
    """Refuse keys that YAML reads as a number, a date or a yes/no value, and deep nesting, anywhere in `content`."""
    if depth > strict_yaml.DEEPEST:
        raise UserError(f"{where}: nested too deeply; at most {strict_yaml.DEEPEST} levels are allowed.")
    if not isinstance(content, Mapping | list | tuple) or id(content) in seen:
        return
    seen.add(id(content))
    if not isinstance(content, Mapping):
        for item in content:
            _check_keys(item, where, seen, depth + 1)
        return
    for key, value in content.items():
        if isinstance(key, bool):
            raise UserError(f"{where}: YAML reads no, off, yes and on as false and true; put such a name in quotes.")
        if not isinstance(key, str):
            raise UserError(f"{where}: YAML does not read the name {quoted(key)} as text; put it in quotes.")
        _check_keys(value, place(key) if depth == 1 else f"{where}.{place(key)}", seen, depth + 1)


def _mapping(value: Any, where: str, keys: Iterable[str] = ()) -> dict[str, Any]:
    """A mapping, empty for null; UserError for anything else, and for keys that are not among `keys` where given."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{where} is {quoted(value)}; expected a mapping of keys to values.")
    for key in value if keys else ():
        if key not in keys:
            raise UserError(f"{where}: {unknown(key, keys)}")
    return dict(value)


def _check_name(name: str, where: str) -> None:
    if name == PAPER:
        raise UserError(f"{where}: '{PAPER}' always exists and has no departures; give the variant another name.")
    if not re.fullmatch(VARIANT_NAME, name) or name in RESERVED_NAMES:
        raise UserError(
            f"{where}: {quoted(name)} cannot name a variant; use up to 100 lower-case letters, digits, '_', '-' and "
            f"'.', a letter or digit first, and not {' or '.join(RESERVED_NAMES)}."
        )


def _check_device(device: Any) -> None:
    if device not in choices.DEVICES:
        raise UserError(f"device is {quoted(device)}; allowed are {', '.join(choices.DEVICES)}.")
    if device in ("cuda", "mps"):  # importing torch takes a second: only for a configuration that names a GPU
        from backprop.engine.devices import resolve_device

        resolve_device(device)
