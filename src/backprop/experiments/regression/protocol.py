"""The protocol of the regression: the defaults are those of lab 000."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.protocol import UserError, like, setting

LINE = 0.9005
"""The mean squared error of least squares on the lab's own data set, the line in its plot."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one data set, with its own initial weights and its own order of the cases."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 200, label="Data sets",
        about="data sets, one per seed, the same in all variants: a count n stands for the seeds 0 ... n − 1",
        stated=("one data set", "lab 000"))
    cases: int = setting(1000, "Cases N", "cases in a data set", low=2, high=10**6,
        stated=("1,000", "the lab before lab 000, which made the data set"))
    variables: int = setting(100, "Variables P",
        "inputs of a case, uniform between 0 and 1, as are the true weights; there is no true bias",
        low=1, high=10_000, stated=("100", "the lab before lab 000"))
    noise: float = setting(1.0, "Noise", "standard deviation of the normal noise added to the targets",
        low=1e-6, high=1e6, stated=("normal, standard deviation 1", "the lab before lab 000"))
    batch: int = setting(8, "Batch", "cases per step; must divide the number of cases", unit="cases", low=1, high=10**6,
        stated=("8, shuffled", "lab 000, the data loader"))
    epochs: int = setting(100, "Epochs", "passes through the data, each in a new order", low=1, high=10**6,
        stated=("100", "lab 000, the training loop"))
    learning_rate: float = setting(1e-3, "Learning rate", "learning rate on the mean squared error of a batch",
        low=0.0, high=1e6, stated=("0.001", "lab 000, the optimizer"))
    decay: float = setting(1.0, "Decay", "factor on the learning rate after each epoch; 1 keeps it constant",
        low=0.0, high=1.0, stated=("constant", "lab 000; it introduces ExponentialLR but does not use it here"))
    # fmt: on

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field alone."""
        super().__post_init__()
        if self.cases % self.batch:
            raise UserError(f"batch is {self.batch}; it must divide cases, which is {self.cases}.")
        if self.cases <= self.variables + 1:
            raise UserError(f"cases is {self.cases}; it must exceed variables + 1, which is {self.variables + 1}.")

    @property
    def work(self) -> float:
        """See the base class."""
        return 12 * self.epochs * self.cases * self.variables

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 4 * (6 * self.variables + 2 * self.epochs)
