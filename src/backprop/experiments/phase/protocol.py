"""The protocol of the phase diagram: Experiment 1's, but for its pairs of epsilon and alpha."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.experiments.symmetry import protocol as symmetry
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Every pair of `epsilons` and `alphas`; everything else is as in Experiment 1."""

    seeds: int | tuple[int, ...] = 128
    epsilons: tuple[float, ...] = field(
        default=(0.003, 0.006, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 4.0),
        metadata={"low": 0.0},
    )
    alphas: tuple[float, ...] = field(
        default=(0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99), metadata={"low": 0.0, "high": 1.0}
    )
    targets: tuple[float, float] = field(default=(0.0, 1.0), metadata={"low": -1.0, "high": 1.0})
    sweeps: int = field(default=2500, metadata={"low": 1})
    fresh_seeds: int = field(default=1000, metadata={"low": 0})

    def __post_init__(self) -> None:
        """Check the lists, and the rest as Experiment 1 checks it."""
        super().__post_init__()
        for name in ("epsilons", "alphas"):
            values = getattr(self, name)
            if not values or list(values) != sorted(set(values)):
                raise UserError(f"{name} is {list(values)}; it must be one ascending number or more.")
        self.at(self.epsilons[0], self.alphas[0])

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """Every (epsilon, alpha) of the diagram, epsilon by epsilon."""
        return [(epsilon, alpha) for epsilon in self.epsilons for alpha in self.alphas]

    @property
    def fresh_seed_list(self) -> tuple[int, ...]:
        """The seeds for the pairs that were chosen by looking at the others: none of them is among `seed_list`."""
        first = max(self.seed_list) + 1
        return tuple(range(first, first + self.fresh_seeds))

    def at(self, epsilon: float, alpha: float) -> symmetry.Protocol:
        """Experiment 1's protocol at one pair."""
        return symmetry.Protocol(
            seeds=self.seeds, threads=self.threads, targets=self.targets, sweeps=self.sweeps,
            epsilon=epsilon, alpha=alpha, record_every=self.sweeps,
        )  # fmt: skip
