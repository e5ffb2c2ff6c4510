"""The protocol of lab 003's perceptron, and what the lab prints: the defaults are the lab's baseline."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.protocol import like, setting

DATA = ("FashionMNIST",)
ACTIVATIONS = ("sigmoid", "relu", "requ", "squareplus")

PRINTED = {
    1: (2.324177, 0.0970),
    10: (2.215710, 0.2200),
    20: (2.115367, 0.3940),
    30: (2.003698, 0.4630),
    40: (1.882831, 0.4850),
    50: (1.760634, 0.5070),
    60: (1.645295, 0.5390),
    70: (1.541596, 0.5630),
    80: (1.450773, 0.5830),
    90: (1.371997, 0.5970),
    100: (1.303664, 0.6110),
}
"""What the lab's notebook prints: epoch -> (mean cost of its batches in nats, test accuracy after it, 0 to 1)."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The perceptron of lab 003, trained by a backward traversal written by hand."""

    shared = ("epochs", "images", "gradcheck")

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 10)
    activation: str = setting("sigmoid", "Hidden activation",
        "activation function of the hidden units, with a derivative of our own", choices=ACTIVATIONS,
        stated=("sigmoid", "lab 003, build_model"))
    hidden_units: int = setting(512, "Hidden units", "hidden units; no unit has a bias", low=1, high=100_000,
        stated=("512, no biases", "lab 003, build_model"))
    images: int = setting(1000, "Images", "images for training, and as many for testing, the first of each set",
        unit="images", low=1, high=60_000, stated=("the first 1,000 of each set, scaled to [0, 1]", "lab 003, setup"))
    batch_size: int = setting(100, "Batch size", "images per change of the weights, in order", unit="images",
        low=1, high=60_000, stated=("100, in order", "lab 003, train"))
    epochs: int = setting(100, "Epochs", "passes through the training images", unit="epochs", low=1, high=10**6,
        stated=("100", "lab 003, train"))
    learning_rate: float = setting(0.01, "Learning rate", "learning rate of gradient descent", low=0.0, high=1e6,
        stated=("0.01; its momentum of 0.9 has no effect, since every step has a new optimizer", "lab 003, sgd_step"))
    record_every: int = setting(10, "Records of accuracy", "epochs between two records of test accuracy",
        unit="epochs", low=1, high=10**6, stated=("every epoch", "lab 003, train; every tenth suffices here"))
    # fmt: on

    @property
    def recorded_epochs(self) -> tuple[int, ...]:
        """The epochs after which test accuracy is recorded: 0 (before training), every `record_every`, and the last."""
        return tuple(sorted({*range(0, self.epochs, self.record_every), self.epochs}))

    @property
    def work(self) -> float:
        """See the base class."""
        return 0.56 * self.epochs * self.images * (28 * 28 + 10) * self.hidden_units

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 4.0 * self.epochs
