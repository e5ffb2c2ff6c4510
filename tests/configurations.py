"""Strategies that draw configurations from what each field declares: good ones, bad values, and broken files."""

import datetime
import math
import re
import typing
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from backprop import config, protocol, values
from backprop.experiments.departures.protocol import FIELDS as GRID_FIELDS

CLASSES: dict[str, Any] = config.protocol_classes()

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**20, 10**60, -(10**60), 10**5000, 0.5, -0.0, 1e300, math.inf, -math.inf, math.nan, "",
    " ", "1e-3", "no", "a\nb\x1b", "x" * 5000, "<b>&{x}%s", "\u202egnp",
    [], [[]], [None], [0] * 5000, [10**400], [math.nan, math.nan],
    [1, "a"], {}, {"a": {"b": {"c": [{}]}}}, {"x" * 5000: 1}, {1: 2}, b"bytes", datetime.date(2024, 1, 1), {1, 2},
)  # fmt: skip
"""Values that no field expects, or few do."""

OPTIONS = st.dictionaries(
    st.sampled_from(["momentum", "nesterov", "betas", "gamma", "step_size", "weight_decay", "eps", "T_max", "lr", "x"]),
    st.one_of(st.sampled_from([0, 1, 5, 0.5, 0.9, True, None, "a", -1, [0.9, 0.99]]), st.floats(0, 2)),
    max_size=2,
)
"""Arguments of an optimizer or a schedule, few of which fit."""


@cache
def of_field(kind: Any, name: str, most: float = math.inf) -> st.SearchStrategy[Any]:
    """Values within the declared type and bounds of a field; numbers are at most `most`."""
    known, declared = kind.fields()[name], protocol.types(kind)[name]
    if name == "seeds":
        return st.one_of(st.integers(1, 3), st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True))
    if name == "grid":
        return _grid()
    if name == "workarounds":
        return st.lists(st.sampled_from(["mean", "adam", "softplus", "small_rate"]), max_size=3)
    return st.one_of([_of_type(option, known, most) for option in values.options(declared)])


def _of_type(declared: Any, known: protocol.Setting, most: float) -> st.SearchStrategy[Any]:
    origin = typing.get_origin(declared) or declared
    if origin is tuple:
        inner = typing.get_args(declared)
        if inner[-1] is Ellipsis:
            return st.lists(_of_type(inner[0], known, most), max_size=4)
        return st.tuples(*(_of_type(item, known, most) for item in inner)).map(list)
    if known.choices is not None:
        return st.sampled_from([*known.choices])
    if origin is dict:
        return OPTIONS
    if declared in (bool, type(None)):
        return st.booleans() if declared is bool else st.none()
    if declared is str:
        return st.text(max_size=20)
    low = -1e6 if known.low is None else known.low
    high = max(low, min(most, 1e9 if known.high is None else known.high))
    edges = st.sampled_from(sorted({declared(low), declared(high)}))
    if declared is int:
        return st.one_of(st.integers(int(low), int(min(high, low + 9))), edges)
    return st.one_of(st.floats(low, high, allow_nan=False), edges, st.floats(low, min(high, low + 1)))


def _grid() -> st.SearchStrategy[Any]:
    symmetry = CLASSES["symmetry"]
    few = st.lists(st.sampled_from(sorted(GRID_FIELDS)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: of_field(symmetry, name, 20) for name in names})
    )
    return st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(few, st.lists(few, max_size=2)), max_size=2)


SMALL = {
    "seeds": 2, "sweeps": 12, "epochs": 2, "steps": 6, "images": 40, "batch": 20, "batch_size": 20, "hidden_units": 4,
    "fresh_seeds": 2, "search_seeds": 2, "draws": 20, "points": 30, "small_steps": 6, "large_steps": 6, "adam_steps": 6,
    "rates": 4, "rate_steps": 4, "mesh": 4, "knock_sweeps": 10, "checked": 2, "evaluations": 5, "directions": 2,
    "sigma_samples": 10, "cases": 40, "inputs": 5, "hidden": 4, "outputs": 3, "variables": 5, "keep": (5,),
    "path": (0, 5),
    "epsilons": (0.1, 0.3), "alphas": (0.0, 0.9), "networks": ((4, 4), (7, 5)), "samples": (10,), "record_every": 5,
}  # fmt: skip
"""Fields with which the jobs of every experiment end in a moment, where their declarations allow these values."""


def small(experiment: str) -> dict[str, Any]:
    """The overrides of SMALL that the experiment's protocol accepts, each alone."""
    kind, accepted = CLASSES[experiment], dict[str, Any]()
    for name, value in SMALL.items():
        if name in kind.fields():
            try:
                kind.from_overrides(accepted | {name: value})
            except values.UserError:
                continue
            accepted[name] = value
    return accepted


@cache
def overrides(kind: Any, least: int = 0, most: float = math.inf) -> st.SearchStrategy[dict[str, Any]]:
    """From `least` to three fields of a protocol, with values that their declarations allow and numbers to `most`."""
    names = sorted(set(kind.fields()) - {"threads"})
    chosen = st.lists(st.sampled_from(names), min_size=least, max_size=3, unique=True)
    fields = cache(lambda name: of_field(kind, name, most))
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: fields(name) for name in names}))


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """A configuration of one experiment, with `common` and a variant, in which each field alone is as declared."""
    experiment = draw(st.sampled_from(sorted(CLASSES)))
    kind = CLASSES[experiment]
    return {
        "author": draw(st.text(max_size=10)),
        "device": draw(st.sampled_from(["auto", "cpu"])),
        "assignment": draw(overrides(config.Assignment)),
        "experiments": {experiment: {"common": draw(overrides(kind)), "variants": {"mine": draw(overrides(kind))}}},
    }


@st.composite
def with_a_bad_value(draw: st.DrawFn) -> tuple[dict[str, Any], str, Any]:
    """A configuration with one field, whose value may be of any kind; the field's name; and the value."""
    experiment = draw(st.sampled_from(sorted(CLASSES)))
    name = draw(st.sampled_from(sorted(CLASSES[experiment].fields())))
    value = draw(st.sampled_from(NASTY))
    place = draw(st.sampled_from(["common", "mine"]))
    inside = {"common": {name: value}} if place == "common" else {"variants": {"mine": {name: value}}}
    return {"experiments": {experiment: inside}}, name, value


@st.composite
def with_another_structure(draw: st.DrawFn) -> dict[str, Any]:
    """A configuration in which one or two parts were deleted, renamed, replaced, wrapped, doubled, or moved up."""
    content = draw(configurations())
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(_paths(content))))
        parent: Any = content
        for key in path[:-1]:
            parent = parent[key]
        value = parent.pop(path[-1])
        match draw(st.integers(0, 5)):
            case 1:
                parent[draw(st.one_of(st.text(max_size=8), st.sampled_from([1, None, True, 0.1, (1, 2)])))] = value
            case 2:
                parent[path[-1]] = draw(st.sampled_from(NASTY))
            case 3:
                parent[path[-1]] = draw(st.sampled_from([[value], {path[-1]: value}, {"paper": value}]))
            case 4:
                parent[path[-1]] = parent[f"{path[-1]}s"] = value
            case 5:
                content[path[-1]] = value
    return content


def _paths(content: Any, path: tuple[Any, ...] = ()) -> typing.Iterator[tuple[Any, ...]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield (*path, key)
            yield from _paths(value, (*path, key))


PIECES = (
    *"{}[]:,-#&*!|>'\"%@`~?\t\n ", "\r", "\0", "\ufeff", "\u2028", "\u20ac", "- ", ": ", "&a ", "*a", "<<: *a",
          "!!python/object:os.system ", "!!bool ", "!!float ", "!!set ", "!!binary ", "---", "...",
    "2020-13-45", "1_0:9",
)  # fmt: skip


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """The bytes of a configuration file after some edits: characters lost, added, doubled or encoded otherwise."""
    text = yaml.safe_dump(draw(configurations()), allow_unicode=True, default_flow_style=draw(st.booleans()))
    for _ in range(draw(st.integers(1, 3))):
        after_keys = [match.end() for match in re.finditer(": ", text)]
        start = draw(st.one_of(st.integers(0, len(text)), st.sampled_from([0, *after_keys])))
        end = min(len(text), start + draw(st.integers(0, 9)))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2, *PIECES])) + text[end:]
    content = text.encode(draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-32"])), "surrogatepass")
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 9)) == 0 else content
