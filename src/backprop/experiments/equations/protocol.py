"""What the procedure is checked with, and the protocol of the comparison with second derivatives."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The checks draw their networks from the seeds; the comparison is Experiment 1's.

    Attributes:
        checked: networks per check.
        sweeps: the cap of gradient descent.
        evaluations: the cap of a second-derivative method's evaluations of E or its derivatives, each one sweep.
        targets, epsilon, alpha, weight_range: as in Experiment 1.
    """

    seeds: int | tuple[int, ...] = 100
    checked: int = field(default=20, metadata={"low": 1})
    targets: tuple[float, float] = field(default=(0.0, 1.0), metadata={"low": 0.0, "high": 1.0})
    epsilon: float = field(default=0.1, metadata={"low": 0.0})
    alpha: float = field(default=0.9, metadata={"low": 0.0, "high": 1.0})
    weight_range: float = field(default=0.3, metadata={"low": 0.0})
    sweeps: int = field(default=5000, metadata={"low": 1})
    evaluations: int = field(default=500, metadata={"low": 1})
