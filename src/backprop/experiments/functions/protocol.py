"""The protocol of lab 003's perceptron: the defaults are the lab's baseline."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol

DATA = ("FashionMNIST",)
ACTIVATIONS = ("sigmoid", "relu", "requ", "squareplus")


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The perceptron of lab 003; see WHERE for what the lab states."""

    seeds: int | tuple[int, ...] = 10
    activation: str = field(default="sigmoid", metadata={"allowed": ACTIVATIONS})
    hidden_units: int = field(default=512, metadata={"low": 1})
    images: int = field(default=1000, metadata={"low": 1})
    batch_size: int = field(default=100, metadata={"low": 1})
    epochs: int = field(default=100, metadata={"low": 1})
    learning_rate: float = field(default=0.01, metadata={"low": 0.0})
    record_every: int = field(default=10, metadata={"low": 1})

    @property
    def recorded_epochs(self) -> tuple[int, ...]:
        """The epochs after which test accuracy is recorded; 0 is before training, the last is always there."""
        return tuple(sorted({*range(0, self.epochs, self.record_every), self.epochs}))


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
"""What the lab's notebook prints: epoch -> (mean cost of its batches, test accuracy after it)."""

WHERE = {
    "activation": ("sigmoid hidden units", "lab 003, build_model"),
    "hidden_units": ("512, no biases", "lab 003, build_model"),
    "images": ("the first 1,000 of each part, scaled to [0, 1]", "lab 003, setup"),
    "batch_size": ("100, in order", "lab 003, train"),
    "epochs": ("100", "lab 003, train"),
    "learning_rate": ("0.01; a momentum of 0.9 never acts, the optimizer being new in every step", "lab 003, sgd_step"),
    "record_every": ("every epoch", "lab 003, train; every tenth suffices here"),
}
"""Field of the protocol: (what the lab states, where it states it)."""
