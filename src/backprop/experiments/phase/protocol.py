"""The protocol of the phase diagram: Experiment 1's, except for the pairs of epsilon and alpha."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError, like, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Every pair of `epsilons` and `alphas`; everything else is as in Experiment 1."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 128,
        about="networks per pair; all pairs start from the same seeds")
    epsilons: tuple[float, ...] = setting(
        (0.003, 0.006, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 4.0),
        "Learning rates ε", "learning rates, ascending; each is paired with every momentum", low=0.0, high=1e6,
        stated=("0.1", "caption of Fig. 1"))
    alphas: tuple[float, ...] = setting(
        (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99),
        "Momenta α", "momenta, ascending; each is paired with every learning rate", low=0.0, high=1.0,
        stated=("0.9", "caption of Fig. 1"))
    targets: tuple[float, float] = like(Symmetry, "targets")
    sweeps: int = like(Symmetry, "sweeps", 2500, about="the cap: training ends there for every network")
    fresh_seeds: int = setting(1000, "Fresh networks",
        "networks with other seeds for the best pair with momentum and for the best pair without; 0 for none",
        low=0, high=10**6)
    # fmt: on

    def __post_init__(self) -> None:
        """Check the lists, and the rest as Experiment 1 checks it."""
        super().__post_init__()
        for name in ("epsilons", "alphas"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise UserError(f"{name} is {list(values)}; the numbers must ascend.")
        self.at(self.epsilons[0], self.alphas[0])

    @property
    def trained_networks(self) -> int:
        """How many networks are trained: those of every pair, and those with fresh seeds for the two best pairs."""
        return len(self.pairs) * super().trained_networks + 2 * self.fresh_seeds

    @property
    def pairs(self) -> list[tuple[float, float]]:
        """Every (epsilon, alpha) of the diagram; all alphas of the first epsilon come first."""
        return [(epsilon, alpha) for epsilon in self.epsilons for alpha in self.alphas]

    def at(self, epsilon: float, alpha: float) -> Symmetry:
        """Experiment 1's protocol at one pair."""
        return Symmetry(
            seeds=self.seeds, threads=self.threads, targets=self.targets, sweeps=self.sweeps,
            epsilon=epsilon, alpha=alpha, record_every=self.sweeps,
        )  # fmt: skip

    @property
    def work(self) -> float:
        """See the base class."""
        return 0.7 * len(self.pairs) * 17 * 64 * self.sweeps

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 40 * len(self.pairs)
