"""The protocol of the autograd facts: the labs' functions, at the labs' points and at random ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one point per function; the first seed takes the points the labs fix.

    Attributes:
        entries: length of the vector that is summed.
        cosine_point: the labs' point (x1, x2) for cos(x1) log(x2).
        cubic_point: the labs' point (a, b) for 3a³ - b².
        reach: points the labs fix are drawn from uniform(0, reach) after the first seed.
    """

    seeds: int | tuple[int, ...] = 1000
    entries: int = field(default=5, metadata={"low": 1, "high": 1000})
    cosine_point: tuple[float, float] = (3.0, 2.0)
    cubic_point: tuple[float, float] = (4.0, 2.0)
    reach: float = field(default=5.0, metadata={"low": 0.1, "high": 100.0})


@dataclass(frozen=True)
class Fact:
    """One derivative of the labs: its name, the function, the derivative calculus gives, and its lab.

    Functions and derivatives are TeX, one derivative for each variable. `entries` is how many partial derivatives
    there are; 0 stands for the length of the vector, whose entries all have the same one.
    """

    name: str
    function: str
    derivatives: tuple[str, ...]
    entries: int
    source: str


FACTS = (
    Fact("square", "x^2", ("2x",), 1, "lab 000"),
    Fact("sum", "\\sum_i x_i", ("1",), 0, "lab 000"),
    Fact("log_squared", "\\log^2 x", ("2 \\log(x) / x",), 1, "lab 000"),
    Fact("intermediate", "z^2,\\ z = \\log x", ("2z",), 1, "lab 000"),
    Fact("one_call", "\\cos(x_1) \\log x_2", ("-\\sin(x_1) \\log x_2", "\\cos(x_1) / x_2"), 2, "lab 000"),
    Fact("two_calls", "\\cos(x_1) \\log x_2", ("-2 \\sin(x_1) \\log x_2", "2 \\cos(x_1) / x_2"), 2, "lab 000"),
    Fact("cubic", "3a^3 - b^2", ("9a^2", "-2b"), 2, "lab 002"),
)
"""In the order of the arrays; `intermediate` is differentiated by z, `two_calls` after a second backward pass."""

WHERE = {
    "entries": ("a vector of 5", "lab 000, a scalar function of several variables"),
    "cosine_point": ("(3, 2)", "lab 000, gradient accumulation"),
    "cubic_point": ("(4, 2)", "lab 002, automatic differentiation"),
    "seeds": ("one point per function", "labs 000 and 002"),
}
"""Field of the protocol: (what the labs state, where)."""


def columns(protocol: Protocol) -> list[tuple[str, int]]:
    """(fact, entry) of every partial derivative, in the order of the arrays' last axis."""
    return [(fact.name, entry) for fact in FACTS for entry in range(fact.entries or protocol.entries)]
