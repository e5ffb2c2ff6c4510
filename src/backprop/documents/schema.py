"""The JSON schema of the configuration, from which editors complete, check and explain keys.

The pipeline itself checks a configuration with `backprop.config`, whose messages are easier to read.
"""

from __future__ import annotations

import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from backprop import choices, values
from backprop.protocol import MOST_SEEDS, Fields, Protocol, Setting, types
from backprop.shards import AUTO, MOST_SHARDS

FILE = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"
HEAD = "# Generated from the protocols by `uv run backprop fields --write`.\n"

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""What editors support; later drafts add nothing that is needed here."""

_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def text(
    protocols: Mapping[str, type[Protocol]],
    summaries: Mapping[str, str],
    variant_name: str,
    grid_fields: Collection[str],
    assignment: type[Fields],
) -> str:
    """The schema as YAML.

    `summaries` holds a sentence on each experiment, `variant_name` is a regular expression for the names of variants,
    `grid_fields` are the fields of `symmetry` that a study of `departures` may change, and `assignment` declares the
    options of the assignment.
    """
    schema = build(protocols, summaries, variant_name, grid_fields, assignment)
    return HEAD + yaml.dump(schema, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def build(
    protocols: Mapping[str, type[Protocol]],
    summaries: Mapping[str, str],
    variant_name: str,
    grid_fields: Collection[str],
    assignment: type[Fields],
) -> dict[str, Any]:
    """The schema as a mapping; the arguments are those of `text`."""
    grids = {"departures": {"grid": _grid(protocols["symmetry"], grid_fields)}}
    fields = {f"{name}_fields": _fields(protocol, grids.get(name, {})) for name, protocol in protocols.items()}
    experiments = {
        name: _experiment(name, protocol, summaries[name], variant_name) for name, protocol in protocols.items()
    }
    source = "where MNIST and Fashion-MNIST come from: auto, download, bundled, or a folder"
    device = "where networks are trained; auto is the CPU, because no result was verified on a GPU yet"
    byline = {"author": "the author", "student_id": "the student number, in quotes if it begins with 0"}
    keys = {key: {"description": about, "type": ["string", "integer"]} for key, about in byline.items()}
    return {
        "$schema": _DRAFT,
        "title": "config/config.yaml",
        **_mapping(
            {
                **keys,
                "course": {"description": "the course", "type": ["string", "integer"]},
                "device": {"description": device, "enum": list(choices.DEVICES), "default": "auto"},
                "data": _mapping({"source": {"description": source, "type": "string", "default": "auto"}}),
                "assignment": {"description": "what the notebook trains", **_fields(assignment, {})},
                "experiments": _mapping(experiments),
            }
        ),
        "definitions": fields,
    }


def _experiment(name: str, protocol: type[Protocol], summary: str, variant_name: str) -> dict[str, Any]:
    fields = {"$ref": f"#/definitions/{name}_fields"}
    variants = {
        "description": "departures: a name, and the fields that differ",
        "type": ["object", "null"],
        "additionalProperties": False,
        "patternProperties": {f"^{variant_name}$": fields},
        "not": {"required": ["paper"]},
    }
    common = {"description": "fields for all variants, including paper", "allOf": [fields]}
    seeds = {"description": "networks per variant, one per seed", **_seeds()}
    keys = {"seeds": seeds, "common": common, "variants": variants}
    number = {"type": "integer", "minimum": 1, "maximum": MOST_SHARDS}
    how = [{"const": AUTO}] if protocol.shared is None else [{"const": AUTO}, number]
    keys["shards"] = {"description": "jobs among which the seeds of a variant are split", "anyOf": how, "default": AUTO}
    return {"description": summary, **_mapping(keys)}


def _fields(protocol: type[Fields], special: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The fields of a protocol; `special` replaces what their types say."""
    properties = {}
    for name, known in protocol.fields().items():
        schema = special.get(name) or _field(protocol, name)
        default = plain(protocol.defaults()[name])
        properties[name] = {"description": _description(name, known), **schema, "default": default}
    return _mapping(properties)


def _grid(symmetry: type[Fields], names: Collection[str]) -> dict[str, Any]:
    """A study: groups of cells, each a mapping of fields to one value or to a list of values, or a list of these."""
    known = symmetry.fields()
    cell = _mapping(
        {
            name: {"description": _description(name, known[name]), "anyOf": [one, {"type": "array", "items": one}]}
            for name in names
            for one in [_field(symmetry, name)]
        }
    )
    return {"type": "object", "additionalProperties": {"anyOf": [cell, {"type": "array", "items": cell}]}}


def _field(protocol: type[Fields], name: str) -> dict[str, Any]:
    if name == "seeds":
        return _seeds()
    known = protocol.fields()[name]
    kinds = [_kind(option, known) for option in values.options(types(protocol)[name])]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _kind(declared: Any, known: Setting) -> dict[str, Any]:
    if typing.get_origin(declared) is tuple:
        inner = typing.get_args(declared)
        least = 0 if known.may_be_empty else 1
        size = {"minItems": least} if Ellipsis in inner else {"minItems": len(inner), "maxItems": len(inner)}
        return {"type": "array", "items": _kind(inner[0], known), **size}
    if (typing.get_origin(declared) or declared) is dict:
        return {"type": "object"}
    if known.choices is not None and declared is not type(None):
        return {"enum": list(known.choices)}
    bounds = {"minimum": known.low, "maximum": known.high} if declared in (int, float) else {}
    return {"type": _TYPES[declared], **{key: bound for key, bound in bounds.items() if bound is not None}}


def _seeds() -> dict[str, Any]:
    seed = {"type": "integer", "minimum": 0}
    count = {"type": "integer", "minimum": 1, "maximum": MOST_SEEDS}
    return {"anyOf": [count, {"type": "array", "items": seed, "minItems": 1, "uniqueItems": True}]}


def _description(name: str, known: Setting) -> str:
    stated = f"{known.stated} ({known.where})" if known.where else known.stated
    parts = [known.about or name, known.unit and f"unit: {known.unit}", stated and f"the source: {stated}"]
    return "; ".join(part for part in parts if part)


def _mapping(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": False, "properties": dict(properties)}


def plain(value: Any) -> Any:
    """A value with lists instead of tuples, at any depth, as YAML holds it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


class _Dumper(yaml.SafeDumper):
    """Writes a repeated part again, and a list without mappings on one line."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """True, for all data."""
        return True


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    flow = not any(isinstance(item, dict) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(list, _represent_list)
