"""The paper's protocol of Experiment 1 with the exact gradient; a variant trains it by Evolution Search."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError, like, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Experiment 1, by the gradient or by Evolution Search with one or more numbers of samples."""

    shared = ("samples", "sweeps", "parameters")

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 40)
    method: str = setting("backpropagation", "Method", "the gradient, or its estimate by Evolution Search",
        choices=("backpropagation", "evolution"), stated=("the gradient", "equations (4) to (7)"))
    samples: tuple[int, ...] = setting((34,), "Samples N",
        "loss evaluations per sweep, each even, since perturbations come in pairs", low=2, high=10**6)
    sigma: float = setting(0.01, "Standard deviation σ", "standard deviation of the perturbations", low=1e-8, high=1e6)
    weight_range: float = like(Symmetry, "weight_range")
    epsilon: float = like(Symmetry, "epsilon")
    alpha: float = like(Symmetry, "alpha")
    sweeps: int = like(Symmetry, "sweeps", 2500)
    record_every: int = like(Symmetry, "record_every",
        about="sweeps between two records of E and of whether the task is solved", high=10**9)
    # fmt: on

    def __post_init__(self) -> None:
        """Check each number of samples, besides each field alone."""
        super().__post_init__()
        for samples in self.samples:
            if samples % 2:
                raise UserError(f"samples contains {samples}; antithetic pairs need an even number.")

    @property
    def settings(self) -> tuple[int, ...]:
        """Loss evaluations per sweep, one number per setting; 0 is the exact gradient."""
        return self.samples if self.method == "evolution" else (0,)

    @property
    def work(self) -> float:
        """See the base class."""
        return 5 * sum(max(samples, 1) for samples in self.settings) * 17 * 64 * self.sweeps

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 4 * len(self.settings) * self.sweeps / self.record_every + 400 * max(self.settings) * 17
