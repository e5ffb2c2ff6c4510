"""The protocol of the lab's digit classifier: the defaults are the lab's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from backprop import protocol
from backprop.protocol import like, setting

DATA = ("MNIST",)

SCALES = (1, 10, 100)
"""Factors by which outputs are multiplied, to see where the logarithm of a softmax becomes infinite."""

EVALUATION_BATCH = 512
"""Images in one batch of an evaluation, as in the lab's DataLoader."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The digit classifier of lab 000."""

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 10)
    hidden_units: tuple[int, ...] = setting((32, 16), "Hidden units",
        "units of each hidden layer, from the inputs to the outputs", low=1, high=100_000,
        may_be_empty=True,
        stated=("two hidden layers of 32 and 16 ReLU units", "lab 000, the class Classifier"))
    dropout: float = setting(0.0, "Dropout", "share of the hidden units that is dropped at random during training",
        low=0.0, high=0.99, stated=("none", "our addition, to show what eval() is for"))
    softmax: bool = setting(False, "Softmax", "whether a softmax precedes the cross-entropy, which contains one",
        stated=("none; the lab asks why", "lab 000, the class Classifier"))
    mean: float = setting(0.1307, "Mean of the pixels", "the number subtracted from each pixel, which is 0 to 1",
        low=-1e6, high=1e6, stated=("0.1307", "lab 000, Normalize"))
    deviation: float = setting(0.3081, "Deviation of the pixels", "the number that divides each pixel after that",
        low=1e-6, high=1e6, stated=("0.3081", "lab 000, Normalize"))
    batch_size: int = setting(256, "Batch size", "images per change of the weights, in a new random order every epoch",
        unit="images", low=1, high=10**6, stated=("256, shuffled in every epoch", "lab 000, the DataLoader"))
    epochs: int = setting(5, "Epochs", "passes through the training images", unit="epochs", low=1, high=10**6,
        stated=("5", "lab 000, the training loop"))
    learning_rate: float = setting(0.01, "Learning rate", "learning rate of gradient descent", low=0.0, high=1e6,
        stated=("0.01", "lab 000, the optimizer"))
    momentum: float = setting(0.9, "Momentum", "momentum of gradient descent", low=0.0, high=1.0,
        stated=("0.9", "lab 000, the optimizer"))
    # fmt: on

    @property
    def work(self) -> float:
        """See the base class."""
        sizes = (28 * 28, *self.hidden_units, 10)
        return 1.7 * self.epochs * 60_000 * sum(a * b for a, b in pairwise(sizes))

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 4 * (28 * 28 * self.hidden_units[0] + 60_000 * self.epochs / self.batch_size) + 50_000
