"""The protocol: Experiment 1's, with the hidden layer left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """A 6-1 network; `targets`, `epsilon`, `alpha`, `weight_range` and `sweeps` as in Experiment 1."""

    seeds: int | tuple[int, ...] = 400
    targets: tuple[float, float] = field(default=(0.0, 1.0), metadata={"low": 0.0, "high": 1.0})
    epsilon: float = field(default=0.1, metadata={"low": 0.0})
    alpha: float = field(default=0.9, metadata={"low": 0.0, "high": 1.0})
    weight_range: float = field(default=0.3, metadata={"low": 0.0})
    sweeps: int = field(default=5000, metadata={"low": 1})
