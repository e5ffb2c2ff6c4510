"""The protocol of the regression: the defaults are lab 000's."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one data set, with its own initial weights and its own shuffling; see WHERE.

    Attributes:
        cases: N, points in a data set.
        variables: P, inputs of a point, each uniform(0, 1); so are the true weights, and there is no true bias.
        noise: standard deviation of the normal noise added to the targets.
        batch: cases per step; must divide `cases`.
        epochs: passes through the data, shuffled anew each time.
        epsilon: learning rate on the mean squared error of a batch.
        decay: factor on the learning rate after each epoch (ExponentialLR's gamma); 1 keeps it constant.
    """

    seeds: int | tuple[int, ...] = 200
    cases: int = field(default=1000, metadata={"low": 2})
    variables: int = field(default=100, metadata={"low": 1})
    noise: float = field(default=1.0, metadata={"low": 0.0})
    batch: int = field(default=8, metadata={"low": 1})
    epochs: int = field(default=100, metadata={"low": 1})
    epsilon: float = field(default=1e-3, metadata={"low": 0.0})
    decay: float = field(default=1.0, metadata={"low": 0.0, "high": 1.0})

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field by itself."""
        super().__post_init__()
        if self.cases % self.batch:
            raise UserError(f"batch is {self.batch}; it must divide cases, which is {self.cases}.")
        if self.cases <= self.variables + 1:
            raise UserError(f"cases is {self.cases}; it must exceed variables + 1, which is {self.variables + 1}.")


LINE = 0.9005
"""The mean squared error of least squares on the lab's own data set, as the lab draws it."""

WHERE = {
    "cases": ("1,000", "the previous lab, which made the data set"),
    "variables": ("100", "the previous lab"),
    "noise": ("normal, standard deviation 1", "the previous lab"),
    "batch": ("8, shuffled", "lab 000, the data loader"),
    "epochs": ("100", "lab 000, the training loop"),
    "epsilon": ("0.001", "lab 000, the optimizer"),
    "decay": ("constant", "lab 000; it presents ExponentialLR, but does not use it here"),
}
"""Field of the protocol: (what the lab states, where)."""
