"""The configuration as the user wrote it, checked and turned into protocols before any job starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from backprop import choices, dependencies
from backprop.protocol import Protocol, UserError

PAPER = "paper"
"""The variant that always exists: no departure from the source."""

_SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "config.schema.yaml"


def read(*paths: Path) -> dict[str, Any]:
    """The configuration in one or more YAML files, the later ones laid over the earlier."""
    merged: dict[str, Any] = {}
    for path in paths:
        if not path.exists():
            raise UserError(f"{path}: no such configuration file.")
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}.") from None
        if content is not None and not isinstance(content, dict):
            raise UserError(f"{path}: holds {type(content).__name__}, expected a mapping of keys.")
        _lay_over(merged, content or {})
    return merged


def check(config: Mapping[str, Any]) -> dict[str, dict[str, Protocol]]:
    """Every protocol the configuration asks for, by experiment and variant; UserError for the first mistake.

    Raises:
        UserError: an unknown key, a wrong type, a value out of range, an experiment that does not exist, a
            variant named `paper`, or a device that is not on this machine.
    """
    _check_schema(config)
    _check_device(config.get("device", "auto"))
    asked = config.get("experiments") or {}
    for name in asked:
        if name not in dependencies.experiments():
            raise UserError(
                f"experiments: '{name}' is not an experiment; allowed are {', '.join(dependencies.experiments())}."
            )
    return {name: variants(name, asked.get(name) or {}) for name in dependencies.experiments()}


def variants(experiment: str, settings: Mapping[str, Any]) -> dict[str, Protocol]:
    """The protocols of one experiment, `paper` first; `settings` is its part of the configuration."""
    common = dict(settings.get("common") or {})
    if "seeds" in settings:
        common["seeds"] = settings["seeds"]
    named = settings.get("variants") or {}
    if PAPER in named:
        raise UserError(
            f"experiments.{experiment}.variants: '{PAPER}' is the source's own protocol and always there; "
            "give the variant another name."
        )
    kind = protocol_class(experiment)
    protocols = {PAPER: kind.from_overrides(common, f"experiments.{experiment}")}
    for name, overrides in named.items():
        where = f"experiments.{experiment}.variants.{name}"
        protocols[name] = kind.from_overrides(common | dict(overrides or {}), where)
    return protocols


def protocol_class(experiment: str) -> type[Protocol]:
    """The Protocol class of an experiment."""
    return import_module(f"backprop.experiments.{experiment}.protocol").Protocol


def data_sets(experiment: str) -> tuple[str, ...]:
    """The data sets an experiment trains on, by the names `datasets` knows; none for generated data."""
    return getattr(import_module(f"backprop.experiments.{experiment}.protocol"), "DATA", ())


def _lay_over(base: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    for key, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _lay_over(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value


def _check_schema(config: Mapping[str, Any]) -> None:
    import jsonschema  # a tenth of a second (measured), which a job told its protocol need not spend

    schema = yaml.safe_load(_SCHEMA.read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    error = jsonschema.exceptions.best_match(errors)
    if error is None:
        return
    where = ".".join(str(part) for part in error.absolute_path) or "the configuration"
    if error.validator == "additionalProperties":
        unknown = ", ".join(f"'{key}'" for key in error.instance if not _known(key, error.schema))
        known = [*error.schema.get("properties", {}), *error.schema.get("patternProperties", {})]
        raise UserError(f"{where}: unknown key {unknown}; allowed are {', '.join(known)}.")
    if error.validator == "enum":
        allowed = ", ".join(map(str, error.validator_value))
        raise UserError(f"{where} is {error.instance!r}; allowed are {allowed}.")
    if error.validator == "type":
        expected = error.validator_value
        words = expected if isinstance(expected, str) else " or ".join(expected)
        raise UserError(f"{where} is {error.instance!r}; expected {words}.")
    raise UserError(f"{where} is {error.instance!r}: {error.message}.")


def _known(key: str, schema: Mapping[str, Any]) -> bool:
    patterns = schema.get("patternProperties", {})
    return key in schema.get("properties", {}) or any(re.search(pattern, key) for pattern in patterns)


def _check_device(device: str) -> None:
    if device not in choices.DEVICES:
        raise UserError(f"device is {device!r}; allowed are {', '.join(choices.DEVICES)}.")
    if device in ("cuda", "mps"):  # only who asks for a GPU pays for importing torch here
        from backprop.engine.devices import resolve_device

        resolve_device(device)
