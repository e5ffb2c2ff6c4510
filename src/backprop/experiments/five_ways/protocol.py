"""The protocol of the five ways: the defaults are those of lab 001."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.protocol import like, setting


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one set of random data and initial weights."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 1, label="Data sets",
        about="sets of data and initial weights, one per seed: a count n stands for the seeds 0 ... n − 1",
        stated=("one for each version, all different", "lab 001"))
    cases: int = setting(64, "Cases", "cases; inputs, targets and initial weights are standard normal, without biases",
        low=1, high=10**6, stated=("64", "lab 001"))
    inputs: int = setting(784, "Input units", "input units", low=1, high=10**5, stated=("784", "lab 001"))
    hidden: int = setting(100, "Hidden units", "hidden units (ReLU)", low=1, high=10**5, stated=("100", "lab 001"))
    outputs: int = setting(10, "Output units", "output units", low=1, high=10**5, stated=("10", "lab 001"))
    steps: int = setting(500, "Steps", "steps on the summed squared error of all cases", unit="steps",
        low=1, high=10**6, stated=("500", "lab 001"))
    learning_rate: float = setting(1e-6, "Learning rate", "learning rate of plain descent from the same weights",
        low=0.0, high=1e6, stated=("0.000001", "lab 001, the versions by hand and with autograd"))
    library_learning_rate: float = setting(1e-4, "Learning rate with nn",
        "learning rate of Adam, and of both versions that start from the initial weights of nn.Linear",
        low=0.0, high=1e6, stated=("0.0001", "lab 001, the versions with nn and optim"))
    precision: str = setting("double", "Precision", "precision of all numbers", choices=("single", "double"),
        stated=("double in NumPy, single in torch, by their defaults", "lab 001"))
    # fmt: on

    @property
    def work(self) -> float:
        """See the base class."""
        return 1.3 * len(WAYS) * self.steps * self.cases * self.hidden * (self.inputs + self.outputs)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 8 * len(WAYS) * self.steps


PLAIN = ("numpy", "tensors", "autograd", "nn", "optim")
"""Plain descent from the same weights, written five ways; `optim` is torch's SGD."""

OTHERS = ("adam", "library_descent", "library_adam")
"""Adam from the same weights, then the lab's own nn and Adam versions, from the initial weights of nn.Linear."""

WAYS = (*PLAIN, *OTHERS)
