"""The protocol: Experiment 1's for each of several targets, and the analysis of the printed weights."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import UserError, like, setting

PLAIN, INSIDE = 0.0, 0.1
"""The targets t that the report compares: of the plain reading, 0 and 1, and of the codings .1 and .9."""


def label(t: float) -> str:
    """A target as text and figures print it, like the paper: "0", ".1", ".125"."""
    return f"{t:g}".removeprefix("0") or "0"


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The targets of RHW Fig. 1."""

    # fmt: off
    off_targets: tuple[float, ...] = setting((PLAIN, 0.025, 0.05, 0.075, INSIDE, 0.125, 0.15), "Targets t",
        'targets t for "no palindrome"; palindromes have 1 − t, and 0 and 0.1 must be among them',
        low=0.0, high=0.45, stated=("not stated", "our own question"))
    margins: tuple[float, ...] = setting((0.1, 0.2), "Margins",
        "margins of further networks with targets 0 and 1: an error within the margin counts as zero",
        low=0.0, high=0.45, may_be_empty=True,
        stated=("none for this network", "0.2 for the family trees, caption of Fig. 4"))
    epsilon: float = like(Symmetry, "epsilon")
    alpha: float = like(Symmetry, "alpha")
    weight_range: float = like(Symmetry, "weight_range")
    sweeps: int = like(Symmetry, "sweeps")
    keep_every: int = setting(75, "Sweeps between saved weights", "sweeps between two saved sets of weights",
        unit="sweeps", low=1, high=10**9)
    draws: int = setting(2000, "Draws within the rounding", "networks drawn within the rounding of a printed one",
        low=1, high=10**6, stated=("weights printed to one decimal", "Fig. 1"))
    path: tuple[int, ...] = setting((0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000), "Sweeps from the print",
        "sweeps at which weights are saved in training from a printed network; 0 must be among them",
        unit="sweeps", low=0, high=10**9)
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 400)
    # fmt: on

    def __post_init__(self) -> None:
        """Check that the values that the report compares are present."""
        super().__post_init__()
        for name, needed in (("off_targets", (PLAIN, INSIDE)), ("path", (0,))):
            if not set(needed) <= set(getattr(self, name)):
                words = " and ".join(f"{value:g}" for value in needed)
                raise UserError(f"{name} is {list(getattr(self, name))}; {words} must be in the list.")

    @property
    def trained_networks(self) -> int:
        """How many networks are trained: one per seed with every coding and with every margin."""
        return (len(self.off_targets) + len(self.margins)) * super().trained_networks

    def coded(self, off_target: float) -> Symmetry:
        """Experiment 1 with targets t and 1 - t; weights are saved throughout."""
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

    @property
    def work(self) -> float:
        """See the base class."""
        return 2.5 * (len(self.off_targets) + len(self.margins)) * 17 * 64 * self.sweeps

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return (len(self.off_targets) + len(self.margins)) * 8 * 17 * len(self.kept_sweeps)
