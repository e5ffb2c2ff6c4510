"""The protocol of the family trees: the paper's, and a search for settings with which it learns."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.experiments.family_trees.people import CASES
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The network of Figures 3 and 4; rates and momenta are pairs, for the first sweeps and for the others.

    With more than one setting in the lists, each is tried with `search_seeds` networks of other seeds; `seeds` are
    trained with the one that learns most of its cases.
    """

    seeds: int | tuple[int, ...] = 200
    epsilons: tuple[float, float] = field(default=(0.005, 0.01), metadata={"low": 0.0})
    alphas: tuple[float, float] = field(default=(0.5, 0.9), metadata={"low": 0.0, "high": 1.0})
    first_sweeps: int = field(default=20, metadata={"low": 0})
    margin: float = field(default=0.2, metadata={"low": 0.0, "high": 0.49})
    held_out: int = field(default=4, metadata={"low": 0, "high": len(CASES) - 1})
    sweeps: int = field(default=1500, metadata={"low": 1})
    record_every: int = field(default=50, metadata={"low": 1})
    weight_ranges: tuple[float, ...] = field(default=(0.3,), metadata={"low": 0.0})
    scales: tuple[float, ...] = field(default=(1.0,), metadata={"low": 0.0})
    decays: tuple[float, ...] = field(default=(0.002,), metadata={"low": 0.0, "high": 1.0})
    search_seeds: int = field(default=16, metadata={"low": 1})

    def __post_init__(self) -> None:
        """Check each field, and that there is a setting."""
        super().__post_init__()
        for name in ("weight_ranges", "scales", "decays"):
            if not getattr(self, name):
                raise UserError(f"{name} is empty; it needs one number or more.")

    @property
    def settings(self) -> tuple[tuple[float, float, float], ...]:
        """Every (range of the initial weights, multiple of both rates, decay) of the lists."""
        return tuple((w, s, d) for w in self.weight_ranges for s in self.scales for d in self.decays)

    @property
    def search_seed_list(self) -> tuple[int, ...]:
        """The seeds that choose a setting: none of them is among `seed_list`."""
        first = max(self.seed_list) + 1
        return tuple(range(first, first + self.search_seeds))


WHERE = {
    "held_out": ("100 of 104 cases are learned", "p. 535"),
    "sweeps": ("1,500", "p. 535"),
    "epsilons": ("0.005 for 20 sweeps, then 0.01", "caption of Figure 4"),
    "alphas": ("0.5 for 20 sweeps, then 0.9", "caption of Figure 4"),
    "decays": ("every weight shrinks by 0.2% after each change", "caption of Figure 4"),
    "margin": ("no error above 0.8 for units that should be on, below 0.2 for the others", "caption of Figure 4"),
    "weight_ranges": ("not stated for this network", "0.3 in the caption of Figure 1"),
}
"""Field of the protocol: (what the paper states, where it states it)."""
