"""The protocol of PDP's Figure 9: Experiment 1's, but with a change of the weights after every case."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import choices
from backprop.experiments.symmetry import protocol


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Case by case; `case_order`, the order of the cases within a sweep, is fixed (binary) or shuffled anew."""

    seeds: int | tuple[int, ...] = 400
    targets: tuple[float, float] = field(default=(0.1, 0.9), metadata={"low": -1.0, "high": 1.0})
    per_case: bool = True
    case_order: str = field(default="fixed", metadata={"allowed": choices.CASE_ORDERS})
    sweeps: int = field(default=2000, metadata={"low": 1})
    keep: tuple[int, ...] = field(default=(*range(400, 2000, 40), 1208, 1425), metadata={"low": 0})
    record_every: int = field(default=100, metadata={"low": 1})
