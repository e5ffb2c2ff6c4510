"""The protocol of the line: the defaults are lab 002's."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is the lab with another seed: line, noise and initial weights; see WHERE.

    Attributes:
        shown: the lab's seed, trained besides the others and drawn.
        points: points on the line, evenly spaced between -reach and reach.
        reach: half the interval, in units of x.
        noise: standard deviation of the normal noise added to y.
        small_rate, small_steps: descent on the summed squared error with the rate that works.
        large_rate, large_steps: the same with the larger rate.
        adam_rate, adam_steps: Adam on the mean squared error.
        margins: learning rates tried on either side of the computed limit, as shares of it.
        rates, rate_range, rate_steps: a scan of rates on the shown data set; how many, from where to where, how long.
        mesh, mesh_reach: the loss surface has mesh × mesh values, over the true parameters ± mesh_reach.
    """

    seeds: int | tuple[int, ...] = 200
    shown: int = field(default=42, metadata={"low": 0})
    points: int = field(default=5000, metadata={"low": 2})
    reach: float = field(default=3.141592653589793, metadata={"low": 0.01})
    noise: float = field(default=1.0, metadata={"low": 0.0})
    small_rate: float = field(default=1e-5, metadata={"low": 0.0})
    small_steps: int = field(default=100, metadata={"low": 1})
    large_rate: float = field(default=1e-3, metadata={"low": 0.0})
    large_steps: int = field(default=1000, metadata={"low": 1})
    adam_rate: float = field(default=0.03, metadata={"low": 0.0})
    adam_steps: int = field(default=200, metadata={"low": 1})
    margins: tuple[float, float] = field(default=(0.98, 1.02), metadata={"low": 0.1, "high": 10.0})
    rates: int = field(default=121, metadata={"low": 2})
    rate_range: tuple[float, float] = field(default=(1e-6, 1e-3), metadata={"low": 1e-12})
    rate_steps: int = field(default=100, metadata={"low": 1})
    mesh: int = field(default=200, metadata={"low": 2})
    mesh_reach: float = field(default=2.0, metadata={"low": 0.01})

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field by itself."""
        super().__post_init__()
        if not self.margins[0] < 1 < self.margins[1]:
            raise UserError(f"margins is {list(self.margins)}; the first must be below 1 and the second above.")

    @property
    def trained_seeds(self) -> tuple[int, ...]:
        """All seeds, the lab's own first."""
        return (self.shown, *(seed for seed in self.seed_list if seed != self.shown))


METHODS = ("small", "large", "adam")
"""Descent with the small rate, with the large rate, and Adam, as the arrays and the table name them."""

WHERE = {
    "shown": ("42", "lab 002, where its generators are seeded"),
    "points": ("5,000 in the code, 1,000 in the text above it", "lab 002"),
    "noise": ("normal, standard deviation 1", "lab 002"),
    "small_rate": ("0.00001 on the summed error, 100 steps", "lab 002, the loop step by step"),
    "large_rate": ("0.001 on the summed error, 1,000 steps", "lab 002, the loop"),
    "adam_rate": ("0.03 on the mean error, 200 steps", "lab 002, the optimizers"),
    "mesh": ("200 by 200, two units to each side", "lab 002, the weight landscape"),
}
"""Field of the protocol: (what the lab states, where)."""
