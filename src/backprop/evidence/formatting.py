"""The formatting of numbers in the report: pure functions from a number to text, used as template filters.

All of them refuse None and nan with UserError, so that no sentence can print a missing number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from backprop.protocol import UserError, format_value

MINUS = "\u2212"
WORDS = (
    "no",
    *["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
)


def number(value: Any, name: str = "number") -> float:
    """The value as a float; UserError, which begins with `name`, if it is missing (None or nan) or is not a number."""
    if isinstance(value, bool) or value is None or (isinstance(value, float) and math.isnan(value)):
        raise UserError(f"{name}: the value is {value!r}, not a number; the text must handle that case.")
    try:
        return float(value)
    except ValueError:
        raise UserError(f"{name}: the value is {value!r}, not a number.") from None


def fixed(value: Any, digits: int = 1) -> str:
    """A number with `digits` decimals, a thousands separator and a true minus sign: "−1,234.5"."""
    text = f"{number(value, 'fixed'):,.{digits}f}"
    negative_zero = text.startswith("-") and not text.strip("-0.,")
    return text[1:] if negative_zero else text.replace("-", MINUS)


def thousands(value: Any) -> str:
    """A number rounded to an integer, with a thousands separator: "1,425"."""
    return fixed(value, 0)


def exact(value: Any) -> str:
    """A configured number with all its digits: "0.001", "0.0125", "60,000"."""
    return format_value(value if isinstance(value, int) else number(value, "exact")).replace("-", MINUS)


def signed(value: Any, digits: int = 1) -> str:
    """A number with its sign, also if it is positive: "+7.2", "−3.6"."""
    text = fixed(value, digits)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def significant(value: Any, digits: int = 2) -> str:
    """A number with `digits` significant digits: "0.0012", "12,000"; as "3.1×10⁻⁷" below 10⁻⁴ and from 10⁷."""
    amount = number(value, "significant")
    if amount == 0 or math.isinf(amount):
        return "0" if amount == 0 else f"{MINUS if amount < 0 else ''}∞"
    mantissa, exponent = f"{amount:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -5 < power < 7:
        return fixed(float(f"{mantissa}e{power}"), max(0, digits - 1 - power))
    return f"{mantissa.replace('-', MINUS)}×{power_of_ten(power)}"


def power_of_ten(exponent: int) -> str:
    """A power of ten, as in 10⁻³."""
    return "10" + str(exponent).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def percent(fraction: Any, digits: int = 0) -> str:
    """A share from 0 to 1 as a percentage; only exactly 0 and 1 give 0% and 100% (0.9996 gives "99.96%")."""
    amount = number(fraction, "percent")
    if not -1e-9 <= amount <= 1 + 1e-9:
        raise UserError(f"percent: the value is {amount}; it must be between 0 and 1.")
    more = digits
    while 0 < amount < 1 and more < 6 and float(f"{100 * amount:.{more}f}") in (0.0, 100.0):
        more += 1
    return f"{100 * amount:.{0 if amount in (0, 1) else more}f}%"


def points(fraction: Any, digits: int = 1) -> str:
    """A difference of two shares in percentage points, without the unit: "14.8", "−2.0"."""
    return fixed(100 * number(fraction, "points"), digits)


def interval(pair: Sequence[Any], style: str = "percent", digits: int | None = None) -> str:
    """A pair of bounds: "91% to 95%"; `style` is percent, thousands, fixed, signed or significant."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise UserError(f"interval: the value is {pair!r}; it must be a pair of numbers, low and high.")
    styles: dict[str, Callable[..., str]] = {
        "percent": percent, "fixed": fixed, "signed": signed, "significant": significant,
        "thousands": thousands,
    }  # fmt: skip
    if style not in styles:
        raise UserError(f"interval: the style is {style!r}; allowed are {', '.join(styles)}.")
    extra = () if digits is None else (digits,)
    low, high = (styles[style](bound, *extra) for bound in pair)
    return f"{low} to {high}"


def rate(value: Any, low: Any, high: Any, digits: int = 0) -> str:
    """A rate with its interval: "93% (91% to 95%)"."""
    return f"{percent(value, digits)} ({interval((low, high), 'percent', digits)})"


def format_share(share: Mapping[str, Any], digits: int = 1) -> str:
    """A share with its interval and the number of networks: "64.3% (61.3% to 67.2%) of 1,000"."""
    if not share["n"]:
        return "no network to judge by"
    return f"{rate(share['rate'], share['low'], share['high'], digits)} of {thousands(share['n'])}"


def shares_by_coding(codings: Iterable[Mapping[str, Any]], key: str, digits: int = 1) -> str:
    """The share `key` under each target coding: "targets 0/1: 99% (98% to 100%) of 250; targets .1/.9: ..."."""
    return "; ".join(f"targets {own['coding']}: {format_share(own[key], digits)}" for own in codings)


def brief_shares(shares: Mapping[str, Any] | Iterable[Mapping[str, Any]], key: str = "") -> str:
    """Shares without intervals, each with what it belongs to: "99% (0/1), 98% (.1/.9)".

    `shares` maps a name to a share; or it lists codings, of which the share `key` is taken.
    """
    named = shares if isinstance(shares, Mapping) else {own["coding"]: own[key] for own in shares}
    return ", ".join(
        f"{percent(share['rate']) if share['n'] else 'no network'} ({name})" for name, share in named.items()
    )


def median_with_cap(median: Any, cap: Any, unit: str = "sweeps") -> str:
    """A median of times censored at `cap`: "1,210 sweeps (cap 10,000)"; None means that it was not reached."""
    if median is None or median == math.inf or number(median, "median_with_cap") > number(cap, "cap"):
        return f"not reached within {thousands(cap)} {unit}".rstrip()
    return f"{thousands(median)}{' ' if unit else ''}{unit} (cap {thousands(cap)})"


def words(count: Any) -> str:
    """A whole number as a word up to twelve, in digits above: "three", "1,425"."""
    amount = number(count, "words")
    if amount != int(amount):
        raise UserError(f"words: the value is {amount}; it must be a whole number.")
    return WORDS[int(amount)] if 0 <= amount < len(WORDS) else thousands(amount)


def count(amount: Any, singular: str, plural: str | None = None) -> str:
    """A whole number with its noun: "no networks", "one network", "three networks"."""
    return f"{words(amount)} {singular if number(amount) == 1 else plural or singular + 's'}"


def listing(items: Iterable[Any], last: str = "and") -> str:
    """A list in a sentence: "a, b and c"; UserError if it is empty."""
    texts = [str(item) for item in items]
    if not texts:
        raise UserError("listing: the list is empty; the text must handle that case.")
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


FILTERS: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (
        fixed, thousands, exact, signed, significant, percent, points, interval, rate, format_share, shares_by_coding,
        brief_shares, median_with_cap, words, count, listing, capital,
    )
}  # fmt: skip
