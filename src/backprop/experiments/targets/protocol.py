"""The protocol: Experiment 1's, for each of several targets, and how the printed weights are examined."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Which targets made Figure 1.

    Attributes:
        off_targets: the codings tried: targets t for "no palindrome" and 1 - t for "palindrome".
        margins: networks trained with targets 0 and 1 and no error within this distance of them, the paper's rule
            for the family trees: another way to outputs that stay short of their targets.
        epsilon, alpha, weight_range: as in Experiment 1.
        sweeps: the cap.
        keep_every: sweeps between two kept sets of weights.
        draws: networks drawn within the rounding of the print.
        path: sweeps at which weights are kept when training goes on from the print.
    """

    seeds: int | tuple[int, ...] = 400
    off_targets: tuple[float, ...] = field(
        default=(0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15), metadata={"low": 0.0, "high": 0.45}
    )
    margins: tuple[float, ...] = field(default=(0.1, 0.2), metadata={"low": 0.0, "high": 0.45})
    epsilon: float = field(default=0.1, metadata={"low": 0.0})
    alpha: float = field(default=0.9, metadata={"low": 0.0, "high": 1.0})
    weight_range: float = field(default=0.3, metadata={"low": 0.0})
    sweeps: int = field(default=5000, metadata={"low": 1})
    keep_every: int = field(default=75, metadata={"low": 1})
    draws: int = field(default=2000, metadata={"low": 1})
    path: tuple[int, ...] = field(default=(0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000), metadata={"low": 0})

    def coded(self, off_target: float) -> Symmetry:
        """Experiment 1 with targets t and 1 - t, and weights kept all along."""
        return Symmetry(
            seeds=self.seeds,
            targets=(off_target, 1 - off_target),
            epsilon=self.epsilon,
            alpha=self.alpha,
            weight_range=self.weight_range,
            sweeps=self.sweeps,
            keep=self.kept_sweeps,
            record_every=self.sweeps,
        )

    @property
    def kept_sweeps(self) -> tuple[int, ...]:
        """The sweeps at which weights are kept, the cap last."""
        return (*range(self.keep_every, self.sweeps, self.keep_every), self.sweeps)
