"""The protocol of the line: the defaults are those of lab 002."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backprop import protocol
from backprop.protocol import UserError, like, quoted, setting

LARGEST_SEED = 2**32 - 1
"""NumPy's RandomState, which the lab draws from, accepts no larger seed."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is the lab with another seed: another line, other noise and other initial parameters."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 200, label="Lines",
        about="lines per variant, one per seed, besides the lab's own: a count n stands for the seeds 0 ... n − 1",
        stated=("one line", "lab 002"))
    shown: int = setting(42, "Seed of the lab", "seed of the line that is shown, which is trained besides the others",
        low=0, high=LARGEST_SEED, stated=("42", "lab 002, where it seeds its generators"))
    points: int = setting(5000, "Points", "points on a line, evenly spaced in x", low=2, high=10**6,
        stated=("5,000 in the code, 1,000 in the text above it", "lab 002"))
    reach: float = setting(math.pi, "Range of x", "x runs from minus this number to this number", low=0.01, high=1e3,
        words={"3.141592654": "from −π to π"}, stated=("from −π to π", "lab 002"))
    noise: float = setting(1.0, "Noise", "standard deviation of the normal noise added to y", low=0.0, high=1e6,
        stated=("normal, standard deviation 1", "lab 002"))
    small_rate: float = setting(1e-5, "Small learning rate",
        "learning rate of descent on the summed squared error", low=0.0, high=1e6,
        stated=("0.00001 on the summed error", "lab 002, the loop step by step"))
    small_steps: int = setting(100, "Steps at the small rate", "steps of descent at the small rate", unit="steps",
        low=1, high=10**6, stated=("100", "lab 002, the loop step by step"))
    large_rate: float = setting(1e-3, "Large learning rate",
        "the larger learning rate of descent on the summed squared error", low=0.0, high=1e6,
        stated=("0.001 on the summed error", "lab 002, the loop"))
    large_steps: int = setting(1000, "Steps at the large rate", "steps of descent at the large rate", unit="steps",
        low=1, high=10**6, stated=("1,000", "lab 002, the loop"))
    adam_rate: float = setting(0.03, "Learning rate of Adam", "learning rate of Adam on the mean squared error",
        low=0.0, high=1e6, stated=("0.03 on the mean error", "lab 002, the optimizers"))
    adam_steps: int = setting(200, "Steps of Adam", "steps of Adam", unit="steps", low=1, high=10**6,
        stated=("200", "lab 002, the optimizers"))
    margins: tuple[float, float] = setting((0.98, 1.02), "Rates beside the limit",
        "learning rates tried below and above the computed limit, as shares of it", low=0.1, high=10.0)
    rates: int = setting(121, "Rates in the scan", "learning rates in the scan on the line that is shown",
        low=2, high=10**5)
    rate_range: tuple[float, float] = setting((1e-6, 1e-3), "Range of the scan",
        "smallest and largest learning rate of the scan", low=1e-12, high=1e6)
    rate_steps: int = setting(100, "Steps of the scan", "steps at each rate of the scan and beside the limit",
        unit="steps", low=2, high=10**6)
    mesh: int = setting(200, "Mesh", "values of a and of b at which the loss surface is computed", low=2, high=5000,
        stated=("200 by 200", "lab 002, the weight landscape"))
    mesh_reach: float = setting(2.0, "Range of the mesh",
        "the mesh extends this far to each side of the true parameters", low=0.01, high=1e6,
        stated=("two units to each side", "lab 002, the weight landscape"))
    # fmt: on

    def __post_init__(self) -> None:
        """Check what depends on two fields, and the seeds, besides each field alone."""
        super().__post_init__()
        if not self.margins[0] < 1 < self.margins[1]:
            raise UserError(f"margins is {list(self.margins)}; the first must be below 1 and the second above.")
        if isinstance(self.seeds, tuple) and max(self.seeds) > LARGEST_SEED:
            raise UserError(f"seeds contains {quoted(max(self.seeds))}; it must be at most {LARGEST_SEED:,}.")

    @property
    def trained_seeds(self) -> tuple[int, ...]:
        """All seeds, the lab's own first."""
        return (self.shown, *(seed for seed in self.seed_list if seed != self.shown))

    @property
    def work(self) -> float:
        """See the base class."""
        return 30 * self.points * (self.small_steps + self.large_steps + self.adam_steps)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 8 * 4 * (self.small_steps + self.large_steps + self.adam_steps)


METHODS = ("small", "large", "adam")
"""Descent with the small rate, descent with the large rate, and Adam, as the arrays and the table name them."""
