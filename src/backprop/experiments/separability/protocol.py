"""The protocol: Experiment 1's without the hidden layer."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import like


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """A 6-1 network, trained like Experiment 1."""

    shared = ()

    # fmt: off
    targets: tuple[float, float] = like(Symmetry, "targets", low=0.0, high=1.0)
    epsilon: float = like(Symmetry, "epsilon")
    alpha: float = like(Symmetry, "alpha")
    weight_range: float = like(Symmetry, "weight_range")
    sweeps: int = like(Symmetry, "sweeps")
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 400)
    # fmt: on

    def __post_init__(self) -> None:
        """Check the order of the targets, besides each field alone."""
        super().__post_init__()
        Symmetry(targets=self.targets)

    @property
    def work(self) -> float:
        """See the base class."""
        return 7 * 64 * self.sweeps

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 60
