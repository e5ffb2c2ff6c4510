"""The protocol of the family trees: the paper's, and a search for settings with which the network learns."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import choices, protocol
from backprop.experiments.family_trees.people import CASES
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import like, setting

SEARCH, NO_DECAY = "search", "no_decay"
"""The variants that search for a setting with which the network learns: with the paper's decay, and without decay."""

RANGES = "ranges"
"""The variant that tries the stated protocol from several ranges of the initial weights."""

LATE, UNDECAYED, LATE_BIASES, STATED_1 = "late_decay", "undecayed", "late_decay_biases", "stated_1"
"""The variants at the stated rates that start from the same weights: with decay of the weights from a later sweep on,
without decay, with later decay of the biases too, and with the stated decay."""

EDGES = ("edge_5", "edge_10")
"""The variants whose error is measured from the edge of the margin, with 5 and 10 times the stated rates."""


PLATEAU = tuple(range(250, 1501, 250))
"""Sweeps at which the curvature on the plateau is computed, where they are recorded."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The network of RHW Figs. 3 and 4; rates and momenta are pairs, for the first sweeps and for all later ones.

    If the lists hold more than one setting, each is tried with `search_seeds` networks of other seeds; the networks of
    `seeds` are then trained with the one that learns most of its cases.
    """

    shared = ("settings", "learned", "complete", "chosen", "counts", "sweeps")
    side_by_side = 16

    # fmt: off
    held_out: int = setting(4, "Cases held out",
        "cases that a network is not trained on, drawn anew for each network", unit="cases",
        low=0, high=len(CASES) - 1, stated=("100 of the 104 cases are learned", "p. 535"))
    sweeps: int = like(Symmetry, "sweeps", 1500, stated=("1,500", "p. 535"))
    epsilons: tuple[float, float] = setting((0.005, 0.01), "Learning rates ε",
        "learning rates, of the first sweeps and of all later ones",
        low=0.0, high=1e6, form="{}, then {}", stated=("0.005 for 20 sweeps, then 0.01", "caption of Fig. 4"))
    alphas: tuple[float, float] = setting((0.5, 0.9), "Momenta α",
        "momenta, of the first sweeps and of all later ones",
        low=0.0, high=1.0, form="{}, then {}", stated=("0.5 for 20 sweeps, then 0.9", "caption of Fig. 4"))
    first_sweeps: int = setting(20, "First sweeps", "how many sweeps have the first rate and momentum", unit="sweeps",
        low=0, high=10**9, stated=("20", "caption of Fig. 4"))
    decays: tuple[float, ...] = setting((0.002,), "Decay",
        "shares by which weights shrink after each change, one for each setting to try",
        low=0.0, high=1.0, stated=("every weight shrinks by 0.2% after each change", "caption of Fig. 4"))
    decay_from: int = setting(0, "Decay from sweep", "sweeps done before decay begins", unit="sweeps",
        low=0, high=10**9, stated=("not stated; the caption speaks of prolonged learning", "caption of Fig. 4"))
    decay_biases: bool = setting(True, "Decay of the biases", "whether biases shrink as weights do",
        stated=("not stated; a bias is a weight", "p. 533 and caption of Fig. 4"))
    margin: float = setting(0.2, "Margin", "there is no error within this distance of targets 0 and 1",
        low=0.0, high=0.49,
        stated=("no error above 0.8 for units that should be on, below 0.2 for the others", "caption of Fig. 4"))
    margin_shape: str = setting("zero", "Error outside the margin",
        "zero: the whole distance from the target; edge: the distance from the edge of the margin",
        choices=choices.MARGINS, stated=("no error within the margin; not stated outside it", "caption of Fig. 4"))
    error: str = like(Symmetry, "error")
    weight_ranges: tuple[float, ...] = setting((Symmetry.defaults()["weight_range"],), "Initial weights",
        "initial weights are uniform in ± this range, one for each setting to try",
        low=0.0, high=1e6, stated=("not stated for this network", "0.3 in the caption of Fig. 1"))
    scales: tuple[float, ...] = setting((1.0,), "Multiple of the rates",
        "multiples of both learning rates, one for each setting to try", low=0.0, high=1e6)
    search_seeds: int = setting(16, "Networks per setting", "networks for each setting that is tried",
        low=1, high=10**6)
    record_every: int = like(Symmetry, "record_every", 50, label="Records",
        about="sweeps between two records of E and of the cases that are right")
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 200)
    # fmt: on

    @property
    def trained_networks(self) -> int:
        """How many networks are trained: one per seed and, if there is a choice, those that choose the setting."""
        searched = len(self.settings) * self.search_seeds if len(self.settings) > 1 else 0
        return super().trained_networks + searched

    @property
    def settings(self) -> tuple[tuple[float, float, float], ...]:
        """Every (range of the initial weights, multiple of both rates, decay) of the lists."""
        return tuple((w, s, d) for w in self.weight_ranges for s in self.scales for d in self.decays)

    @property
    def splits(self) -> bool:
        """See the base class; the setting that learns most is chosen for all seeds."""
        return len(self.settings) == 1

    @property
    def work(self) -> float:
        """See the base class."""
        return self.trained_networks / self.seed_count * 104 * 700 * self.sweeps

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return (self.sweeps / self.record_every + 1) * 130 + 8 * 700 + 4 * 104 * 24 + 60_000
