"""The protocol of the long run: Experiment 1's with a later cap, and the displacement of unsolved networks."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import like, setting

EXPERIMENT_1_SWEEPS: int = Symmetry.defaults()["sweeps"]
"""The cap of Experiment 1; networks that are unsolved at this sweep are characterised and followed."""


@dataclass(frozen=True, kw_only=True)
class Protocol(Symmetry):
    """Experiment 1 to 60,000 sweeps; the Hessian is written for its units and its error only."""

    # fmt: off
    bits: int = like(Symmetry, "bits", low=None, high=None, choices=(6,))
    hidden: str = like(Symmetry, "hidden", choices=("logistic",))
    output: str = like(Symmetry, "output", choices=("logistic",))
    error: str = like(Symmetry, "error", choices=("half_sum",))
    sweeps: int = like(Symmetry, "sweeps", 60_000, stated=("1,425", "p. 534; our cap lets the slowest networks finish"))
    keep: tuple[int, ...] = like(Symmetry, "keep", (PRINTED_SWEEPS, 3000, EXPERIMENT_1_SWEEPS, 10_000, 15_000, 30_000),
        high=10**9, about="sweeps at which weights, gradient and Hessian are saved, besides the cap")
    record_every: int = like(Symmetry, "record_every", 100)
    knocks: tuple[float, ...] = setting((0.01, 0.03, 0.1, 0.3, 1.0), "Displacements",
        "sizes of the random displacements of unsolved networks, as shares of the norm of their weights",
        low=0.0, high=1e6, may_be_empty=True, stated=("none", "our own test of unsolved networks"))
    knock_sweeps: int = setting(5000, "Sweeps after a displacement", "sweeps of training after a displacement",
        unit="sweeps", low=1, high=10**9, stated=("none", "our own test of unsolved networks"))
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 400)
    # fmt: on

    @property
    def work(self) -> float:
        """See the base class."""
        return super().work + 0.15 * len(self.knocks) * self.knock_sweeps * self.weights * 2**self.bits

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return super().bytes_kept + 8 * self.weights * len(self.kept_sweeps) + 40_000  # the Hessian's graph
