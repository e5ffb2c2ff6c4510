"""The protocol of the comparison of autograd with calculus, and the functions that the labs differentiate."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.protocol import like, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one point for every function; the first seed takes the points of the labs."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 1000, label="Points",
        about="points for each function, one per seed: a count n stands for the seeds 0 ... n − 1; "
        "the first seed takes the points of the labs",
        stated=("one point for each function", "labs 000 and 002"))
    entries: int = setting(5, "Entries of the vector", "entries of the vector whose sum is differentiated",
        low=1, high=1000, stated=("a vector of 5 entries", "lab 000, a scalar function of more than one variable"))
    cosine_point: tuple[float, float] = setting((3.0, 2.0), "Point of the cosine",
        "the point (x₁, x₂) at which lab 000 differentiates cos(x₁) log(x₂)", low=0.01, high=100.0,
        stated=("(3, 2)", "lab 000, gradient accumulation"))
    cubic_point: tuple[float, float] = setting((4.0, 2.0), "Point of the cubic",
        "the point (a, b) at which lab 002 differentiates 3a³ − b²", low=0.01, high=100.0,
        stated=("(4, 2)", "lab 002, automatic differentiation"))
    reach: float = setting(5.0, "Range of the random points",
        "after the first seed, x₁, x₂, a and b are uniform between 0 and this number", low=0.1, high=100.0)
    # fmt: on

    @property
    def work(self) -> float:
        """See the base class."""
        return 1e6  # building a graph in Python, about 0.2 ms

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 8 * 5 * (self.entries + 10)


@dataclass(frozen=True)
class Fact:
    """One function of the labs with the derivatives that calculus gives.

    Attributes:
        name: as the arrays and the table use it.
        function: the function in TeX.
        derivatives: in TeX, one for each variable that it is differentiated by.
        entries: the number of partial derivatives; 0 stands for the length of the vector, whose entries share one.
        source: the lab.
        passes: the number of backward passes before the gradient is read.
    """

    name: str
    function: str
    derivatives: tuple[str, ...]
    entries: int
    source: str
    passes: int = 1


FACTS = (
    Fact("square", "x^2", ("2x",), 1, "lab 000"),
    Fact("sum", "\\sum_i x_i", ("1",), 0, "lab 000"),
    Fact("log_squared", "\\log^2 x", ("2 \\log(x) / x",), 1, "lab 000"),
    Fact("intermediate", "z^2,\\ z = \\log x", ("2z",), 1, "lab 000"),
    Fact("one_call", "\\cos(x_1) \\log x_2", ("-\\sin(x_1) \\log x_2", "\\cos(x_1) / x_2"), 2, "lab 000"),
    Fact("two_calls", "\\cos(x_1) \\log x_2", ("-2 \\sin(x_1) \\log x_2", "2 \\cos(x_1) / x_2"), 2, "lab 000", 2),
    Fact("cubic", "3a^3 - b^2", ("9a^2", "-2b"), 2, "lab 002"),
)
"""In the order of the arrays; `intermediate` is differentiated by z."""


def columns(protocol: Protocol) -> list[tuple[str, int]]:
    """(fact, entry) of every partial derivative, in the order of the arrays' last axis."""
    return [(fact.name, entry) for fact in FACTS for entry in range(fact.entries or protocol.entries)]
