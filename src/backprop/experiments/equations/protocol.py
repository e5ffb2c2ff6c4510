"""The protocol of the checks of the equations, and of the comparison with methods that use second derivatives."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import like, setting

CHANGES = 100
"""Changes of the weights after which two ways to compute them are compared."""

EARLY = 100
"""Sweeps within which the smallest E of each method is compared."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The checks draw random networks from the seeds; the methods are compared on the task of Experiment 1."""

    # fmt: off
    checked: int = setting(20, "Networks per check", "networks in each check of an equation", low=1, high=10**6)
    targets: tuple[float, float] = like(Symmetry, "targets")
    weight_range: float = like(Symmetry, "weight_range")
    epsilon: float = like(Symmetry, "epsilon", about="learning rate of gradient descent")
    alpha: float = like(Symmetry, "alpha", about="momentum of gradient descent")
    sweeps: int = like(Symmetry, "sweeps", about="the cap of gradient descent")
    evaluations: int = setting(500, "Evaluations",
        "the cap of a method that uses second derivatives: evaluations of E or its derivatives, one sweep each",
        unit="evaluations", low=1, high=10**6)
    # fmt: on

    def __post_init__(self) -> None:
        """Check each field, and that the targets are in the order that Experiment 1 needs."""
        super().__post_init__()
        Symmetry(targets=self.targets)

    @property
    def work(self) -> float:
        """See the base class."""
        # the methods of scipy take one network at a time
        return 17 * 64 * self.sweeps + 1.4e6 * self.evaluations

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 300
