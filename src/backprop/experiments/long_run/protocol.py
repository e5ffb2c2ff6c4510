"""The protocol of the long run: Experiment 1's, with a later cap, and what is done to those who fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop.experiments.symmetry import protocol
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Experiment 1 to 60,000 sweeps.

    Attributes:
        keep: sweeps at which weights, gradient and Hessian are taken, besides the cap.
        knocks: sizes of the random displacements of unsolved networks, as shares of the norm of their weights.
        knock_sweeps: how long a displaced network is trained before it is judged.
    """

    seeds: int | tuple[int, ...] = 400
    sweeps: int = field(default=60_000, metadata={"low": 1})
    keep: tuple[int, ...] = field(default=(1425, 3000, 5000, 10_000, 15_000, 30_000), metadata={"low": 0})
    record_every: int = field(default=100, metadata={"low": 1})
    knocks: tuple[float, ...] = field(default=(0.01, 0.03, 0.1, 0.3, 1.0), metadata={"low": 0.0})
    knock_sweeps: int = field(default=5000, metadata={"low": 1})

    def __post_init__(self) -> None:
        """Refuse what the Hessian here is not written for."""
        super().__post_init__()
        for name, only in (("hidden", "logistic"), ("output", "logistic"), ("error", "half_sum"), ("bits", 6)):
            if getattr(self, name) != only:
                raise UserError(f"{name} is {getattr(self, name)!r}; in the long run only {only!r} is allowed.")
