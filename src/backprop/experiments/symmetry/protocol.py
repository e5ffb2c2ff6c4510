"""The protocol of Experiment 1, and the facts of the paper that other experiments share.

The defaults are the paper's; where the paper is silent, they are the closest reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from backprop import choices, protocol
from backprop.protocol import UserError, setting

T = TypeVar("T")

PRINTED_SWEEPS = 1425
"""Sweeps after which the paper shows its network (RHW p. 534)."""

CODINGS = {"paper": "0/1", "targets_0.1_0.9": ".1/.9"}
"""The variants that differ in the target coding alone, and the name of each coding in text and figures."""

BOUNDS = (0.5, 0.2, 0.1)
"""Criteria: all |error| below these shares of the distance between the two targets.

The first means that every output is on its target's side of the middle, under either coding; with targets 0 and 1 these
are the bounds .5, .2 and .1. (Unscaled, an untrained network, whose outputs are all near .5, would meet the first bound
under targets .1 and .9.)
"""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Experiment 1: a 6-2-1 network learns to detect mirror symmetry (RHW p. 534)."""

    shared = ("kept_sweeps", "error_sweeps")

    # fmt: off
    bits: int = setting(6, "Input units", "input units; all 2^bits vectors are cases", low=2, high=12,
        stated=("six binary inputs; all 64 vectors in each sweep", "p. 534"))
    hidden_units: int = setting(2, "Hidden units", "hidden units, all in one layer", low=1, high=64,
        stated=("two hidden units, one output", "p. 534 and Fig. 1"))
    inputs: tuple[float, float] = setting((0.0, 1.0), "Input values", "values of an input bit that is off and on",
        low=-1e6, high=1e6, form="{} and {}", stated=("binary", "p. 534"))
    targets: tuple[float, float] = setting((0.0, 1.0), "Targets",
        'targets for "no palindrome" and "palindrome", ascending', low=-1.0, high=1.0, form="{} and {}",
        stated=("not stated", "0 and 1 is the plain reading"))
    hidden: str = setting("logistic", "Hidden activation", "activation function of the hidden units",
        choices=choices.ACTIVATIONS, stated=("logistic", "equation (2)"))
    output: str = setting("logistic", "Output activation", "activation function of the output unit",
        choices=choices.ACTIVATIONS, stated=("logistic", "equation (2)"))
    error: str = setting("half_sum", "Error",
        "error to descend: half the sum of squares, the mean square, or cross-entropy",
        choices=choices.ERRORS, stated=("half the sum over cases of squared differences", "equation (3)"))
    weight_range: float = setting(0.3, "Initial weights", "initial weights are uniform in ± this range",
        low=0.0, high=1e6, form="±{}", stated=("uniform between −0.3 and 0.3", "caption of Fig. 1"))
    bias_range: float | None = setting(None, "Initial biases",
        "initial biases are uniform in ± this range; null stands for the range of the weights",
        low=0.0, high=1e6, form="±{}", null="as the weights", stated=("biases are weights like the others", "p. 533"))
    equal_hidden_units: bool = setting(False, "Equal hidden units",
        "whether all hidden units start with the weights of the first")
    per_case: bool = setting(False, "Changes per case",
        "whether weights change after every case instead of after every sweep",
        words={"no": "no: one change per sweep", "yes": "yes: a change after every case"},
        stated=("gradients are accumulated over all cases before each change", "p. 535"))
    optimizer: str = setting("descent", "Optimizer",
        "descent is the paper's equations (8) and (9); the others are torch's",
        choices=("descent", *choices.OPTIMIZERS), words={"descent": "descent with momentum"},
        stated=("gradient descent with momentum", "equations (8) and (9)"))
    epsilon: float = setting(0.1, "Learning rate ε", "learning rate", low=0.0, high=1e6,
        stated=("0.1", "caption of Fig. 1"))
    alpha: float = setting(0.9, "Momentum α", "momentum of descent", low=0.0, high=1.0,
        stated=("0.9", "caption of Fig. 1"))
    optimizer_options: dict[str, Any] = setting({}, "Optimizer options",
        "arguments of the torch optimizer, such as momentum, nesterov or betas")
    schedule: str = setting("constant", "Schedule", "how the learning rate changes from sweep to sweep",
        choices=choices.SCHEDULES, stated=("constant", "caption of Fig. 1"))
    schedule_options: dict[str, Any] = setting({}, "Schedule options",
        "arguments of the torch scheduler, such as gamma or step_size")
    sweeps: int = setting(5000, "Sweeps", "the cap: training ends there for every network", unit="sweeps",
        low=1, high=10**9, stated=("1,425", "p. 534; our cap lets slower networks finish"))
    until_solved: bool = setting(False, "Stop when solved",
        "whether training stops for a network once all its errors are below .1 of the distance between the targets; "
        "later records repeat its final state")
    keep: tuple[int, ...] = setting((PRINTED_SWEEPS,), "Weights kept",
        "sweeps at which weights are saved, besides the cap", unit="sweeps", low=0,
        may_be_empty=True)
    record_every: int = setting(25, "Records of E", "sweeps between two records of E", unit="sweeps", low=1)
    # fmt: on

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field alone."""
        super().__post_init__()
        if self.targets[0] >= self.targets[1]:
            raise UserError(f"targets is {list(self.targets)}; the first must be below the second.")
        if self.inputs[0] == self.inputs[1]:
            raise UserError(f"inputs is {list(self.inputs)}; the two values must differ.")

    @property
    def weights(self) -> int:
        """The number of weights and biases."""
        return self.hidden_units * (self.bits + 2) + 1

    @property
    def kept_sweeps(self) -> tuple[int, ...]:
        """The sweeps at which weights are kept, the cap last."""
        return tuple(sorted({sweep for sweep in self.keep if sweep < self.sweeps} | {self.sweeps}))

    @property
    def work(self) -> float:
        """See the base class."""
        return self.weights * 2**self.bits * self.sweeps * (0.5 if self.until_solved else 1)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 4 * (self.weights * len(self.kept_sweeps) + self.sweeps / self.record_every) + 32


def by_coding(variants: Mapping[str, T]) -> dict[str, T]:
    """What `variants` holds for the two target codings, by the coding's name; codings that were not run are absent."""
    return {coding: variants[name] for name, coding in CODINGS.items() if name in variants}
