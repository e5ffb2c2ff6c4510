"""The protocol of PDP Fig. 9: Experiment 1's, but the weights change after every case."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import choices, protocol
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.protocol import like, setting

PDP_SWEEPS = 1208
"""Presentations of each case after which PDP Fig. 9 was printed, a number that is second-hand and unverified."""

ORDERS = {"paper": "fixed order", "shuffled": "shuffled order", "batch": "sweep by sweep"}
"""The variants, and the name of each in text and figures."""

UNSEEN = "PDP ch. 8, text not seen"


@dataclass(frozen=True, kw_only=True)
class Protocol(Symmetry):
    """The network of PDP Fig. 9: six inputs, two hidden units, a change of the weights after every case."""

    # fmt: off
    bits: int = like(Symmetry, "bits", low=None, high=None, choices=(6,))
    hidden_units: int = like(Symmetry, "hidden_units", low=None, high=None, choices=(2,))
    targets: tuple[float, float] = like(Symmetry, "targets", (0.1, 0.9), stated=("0.1 and 0.9", UNSEEN))
    hidden: str = like(Symmetry, "hidden", choices=("logistic",))
    output: str = like(Symmetry, "output", choices=("logistic",))
    error: str = like(Symmetry, "error", choices=("half_sum",))
    equal_hidden_units: bool = like(Symmetry, "equal_hidden_units", choices=(False,))
    until_solved: bool = like(Symmetry, "until_solved", choices=(False,))
    per_case: bool = like(Symmetry, "per_case", True, stated=("after every case", UNSEEN))
    case_order: str = setting("fixed", "Order of the cases",
        "order of the cases within a sweep if weights change after every case: binary, or shuffled in every sweep",
        choices=choices.CASE_ORDERS, stated=("not known to us", "the binary order is the plain reading"))
    epsilon: float = like(Symmetry, "epsilon", stated=("0.1", UNSEEN))
    alpha: float = like(Symmetry, "alpha", stated=("about 0.9 in general", "PDP p. 330, by a secondary account"))
    sweeps: int = like(Symmetry, "sweeps", 2000, stated=(f"{PDP_SWEEPS:,} presentations of each case", UNSEEN))
    keep: tuple[int, ...] = like(Symmetry, "keep", (*range(400, 2000, 40), PDP_SWEEPS, PRINTED_SWEEPS), high=10**9)
    record_every: int = like(Symmetry, "record_every", 100)
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 400)
    # fmt: on

    @property
    def work(self) -> float:
        """See the base class; no compiled sweep suits a shuffled order."""
        return super().work * (50 if self.case_order == "shuffled" else 1)
