"""Values of configuration fields: checked against a declared type, quoted in messages, printed in documentation.

A type is a Python annotation: int, float, bool, str, dict[str, Any], a tuple of these, or a union of them.
"""

from __future__ import annotations

import datetime
import difflib
import math
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

LONGEST_VALUE = 60
"""Characters of a value that an error message quotes."""

MOST_ITEMS = 8
"""Items of a list or mapping that an error message quotes."""

LONGEST_LIST = 180
"""Characters of a list of allowed names that an error message prints."""

LONGEST_MESSAGE = 300
"""Characters of an error message about the configuration."""

LARGEST = 2**53
"""The largest number in a field without bounds: up to it, floats and integers agree."""

_WORDS = {int: "an integer", float: "a number", str: "text", bool: "true or false", type(None): "null"}


class UserError(ValueError):
    """An error the user can fix; its text is one sentence, shown without a traceback."""


def as_declared(name: str, value: Any, declared: Any) -> Any:
    """The value as its declared type: an int counts as a float, a list as a tuple.

    An int too large for a float to represent stays an int; `out_of_range` refuses it.

    Raises:
        UserError: the value is of another type; the message begins with `name`.
    """
    return _as_declared(f"{name} is", f"{name} contains", value, declared)


def _as_declared(subject: str, inner_subject: str, value: Any, declared: Any) -> Any:
    for option in options(declared):
        origin = typing.get_origin(option) or option
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return value if isinstance(value, int) and value.bit_length() > 1000 else float(value)
        if option is int and isinstance(value, int) and not isinstance(value, bool):
            return value
        if origin is tuple and isinstance(value, list | tuple):
            inner = typing.get_args(option)
            if len(inner) == 2 and inner[1] is Ellipsis:
                inner = (inner[0],) * len(value)
            if len(inner) == len(value):
                pairs = zip(value, inner, strict=True)
                return tuple(_as_declared(inner_subject, inner_subject, item, kind) for item, kind in pairs)
        if origin is dict and isinstance(value, dict):
            return dict(value)
        if option in (bool, str, type(None)) and type(value) is option:
            return value
    raise UserError(f"{subject} {quoted(value)}{_kind(value)}; expected {in_words(declared)}.{_hint(value)}")


def out_of_range(number: int | float, low: float | None, high: float | None) -> str:
    """What a number outside its bounds must be: "at least 0"; empty for a number within them.

    Without a bound, the number may be as large as LARGEST.
    """
    low, high = -LARGEST if low is None else low, LARGEST if high is None else high
    if not abs(number) < math.inf:
        return "a finite number"
    if number < low:
        return f"at least {_bound(low)}"
    return f"at most {_bound(high)}" if number > high else ""


def span(low: float | None, high: float | None) -> str:
    """Bounds in words: "0 to 1", "1 or more", "at most 5"; empty without bounds."""
    if low is not None and high is not None:
        return f"{_bound(low)} to {_bound(high)}"
    if low is not None:
        return f"{_bound(low)} or more"
    return "" if high is None else f"at most {_bound(high)}"


def numbers(value: Any) -> Iterator[int | float]:
    """Every number in a value and in the tuples inside it; true and false are not numbers."""
    for item in items(value):
        if isinstance(item, int | float) and not isinstance(item, bool):
            yield item


def items(value: Any) -> Iterator[Any]:
    """The value, or every item of a tuple and of the tuples inside it."""
    if isinstance(value, tuple):
        for item in value:
            yield from items(item)
    else:
        yield value


def options(declared: Any) -> tuple[Any, ...]:
    """The members of a union, or the type alone."""
    if typing.get_origin(declared) in (types.UnionType, typing.Union):
        return typing.get_args(declared)
    return (declared,)


def is_list(declared: Any) -> bool:
    """Whether a type, or a member of a union, is a list (a tuple in Python)."""
    return any(typing.get_origin(option) is tuple for option in options(declared))


def in_words(declared: Any) -> str:
    """A type in words: "a number or null", "a list of 2 numbers"."""
    texts = []
    for option in options(declared):
        if typing.get_origin(option) is tuple:
            inner = typing.get_args(option)
            count = "" if Ellipsis in inner else f"{len(inner)} "
            item = "pair" if typing.get_origin(inner[0]) is tuple else _WORDS.get(inner[0], "a value").split(" ", 1)[-1]
            texts.append(f"a list of {count}{item}s")
        elif (typing.get_origin(option) or option) is dict:
            texts.append("a mapping")
        else:
            texts.append(_WORDS.get(option, str(option)))
    return " or ".join(texts)


def format_value(value: Any) -> str:
    """A value as the report's tables print it: 0.3, 60,000, "10, 30", yes, none; a list within a list in brackets."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if 1e-7 <= abs(value) < 1e-4:
            return f"{value:.12f}".rstrip("0")  # Python would write an exponent
        return f"{value:,.10g}" if abs(value) >= 1000 else f"{value:.10g}"
    if isinstance(value, tuple | list):
        return ", ".join(_format_item(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {format_value(item)}" for key, item in value.items()) or "none"
    return str(value).replace("_", " ")


def as_yaml(value: Any) -> str:
    """A value as one writes it in a configuration file, on one line: 1.0e-6, [0, 1], true, null."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        mantissa, e, exponent = f"{value:.10g}".partition("e")
        # YAML 1.1 reads 1e-06 as text
        return f"{mantissa}{'' if '.' in mantissa else '.0'}e{int(exponent):+d}" if e else mantissa
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in value.items())}}}"
    return str(value)


def quoted(value: Any) -> str:
    """A value as an error message quotes it: on one line, escaped, and cut to LONGEST_VALUE characters."""
    text = _escaped(_quote(value))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 4]} ..."


def place(*keys: Any) -> str:
    """The path to a key as an error message prints it: "experiments.symmetry.variants.mine"."""
    return ".".join(key if isinstance(key, str) and re.fullmatch(r"[\w.-]{1,50}", key) else quoted(key) for key in keys)


def listed(names: Iterable[Any]) -> str:
    """Names for an error message, cut to LONGEST_LIST characters: "a, b, c", or "a, b, ... (60 in all)"."""
    texts = [str(name) for name in names]
    whole = ", ".join(texts)
    if len(whole) <= LONGEST_LIST:
        return whole
    start = whole[: LONGEST_LIST - 20].rpartition(", ")[0]
    return f"{start}, ... ({len(texts)} in all)"


def unknown(key: Any, known: Iterable[str], what: str = "key") -> str:
    """What an error message says about a name that is not known: the nearest known one, if any, and what is allowed."""
    names = list(known)
    near = difflib.get_close_matches(key[:LONGEST_VALUE], names, n=1) if isinstance(key, str) else []
    hint = f"did you mean {near[0]}? Allowed" if near else "allowed"
    return f"unknown {what} {quoted(key)}; {hint} are {listed(names)}."


def one_line(message: str) -> str:
    """An error message on one line; what exceeds LONGEST_MESSAGE characters is left out in the middle."""
    text = _escaped(" ".join(message.split()))
    if len(text) <= LONGEST_MESSAGE:
        return text
    end = LONGEST_MESSAGE // 3
    return f"{text[: LONGEST_MESSAGE - end - 5]} ... {text[-end:]}"


def _format_item(item: Any) -> str:
    """An item of a list, whose numbers have no separators: the commas separate the items."""
    return f"[{format_value(item)}]" if isinstance(item, tuple | list) else format_value(item).replace(",", "")


def _quote(value: Any, depth: int = 3) -> str:
    """A value in the notation of YAML's flow style; what is too long or nested too deeply is shown as "..."."""
    if isinstance(value, bool | None):
        return as_yaml(value)
    if isinstance(value, int) and value.bit_length() > 1000:  # Python refuses to print thousands of digits
        return f"{'-' if value < 0 else ''}10^{int(value.bit_length() * math.log10(2))} or more"
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return repr(value[: LONGEST_VALUE - 10] + " ...")
    if isinstance(value, Mapping):
        pairs = [(str(key), value[key]) for key in islice(value, MOST_ITEMS)]
        texts = [f"{key}: {_quote(item, depth - 1)}" for key, item in pairs] if depth else []
        return f"{{{', '.join([*texts, '...'] if len(value) > len(texts) else texts)}}}"
    if isinstance(value, list | tuple):
        texts = [_quote(item, depth - 1) for item in value[:MOST_ITEMS]] if depth else []
        return f"[{', '.join([*texts, '...'] if len(value) > len(texts) else texts)}]"
    return value.isoformat() if isinstance(value, datetime.date) else repr(value)


def _bound(bound: float) -> str:
    return f"{int(bound):,}" if bound == int(bound) and abs(bound) <= LARGEST else as_yaml(float(bound))


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _kind(value: Any) -> str:
    names = {str: "text", int: "an integer", float: "a number", list: "a list", dict: "a mapping"}
    names |= {datetime.date: "a date", datetime.datetime: "a date"}
    return f", {names[type(value)]}" if type(value) in names else ""


def _hint(value: Any) -> str:
    """YAML 1.1 reads 1e-3 as text, and a decimal comma makes a number text: say so, with the spelling that works."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,9},\d{1,9}", value):
        return f" Write {value.replace(',', '.')}, with a point."
    match = re.fullmatch(r"([+-]?\d{1,9})([eE])([+-]?)(\d{1,4})", value) if isinstance(value, str) else None
    if not match:
        return ""
    mantissa, _, sign, power = match.groups()
    return f" YAML reads {value} as text: write {mantissa}.0e{sign or '+'}{power}."
