"""The protocol of the lab's digit classifier: the defaults are the lab's."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol

DATA = ("MNIST",)


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """The digit classifier of lab 000; see WHERE for what the lab states."""

    seeds: int | tuple[int, ...] = 10
    hidden_units: tuple[int, ...] = field(default=(32, 16), metadata={"low": 1})
    dropout: float = field(default=0.0, metadata={"low": 0.0, "high": 0.99})
    softmax: bool = False
    mean: float = 0.1307
    deviation: float = field(default=0.3081, metadata={"low": 1e-6})
    batch_size: int = field(default=256, metadata={"low": 1})
    epochs: int = field(default=5, metadata={"low": 1})
    learning_rate: float = field(default=0.01, metadata={"low": 0.0})
    momentum: float = field(default=0.9, metadata={"low": 0.0, "high": 1.0})


SCALES = (1, 10, 100)
"""Factors by which logits are enlarged to see where the logarithm of a softmax breaks down."""

WHERE = {
    "hidden_units": ("two hidden layers of 32 and 16 ReLU units", "lab 000, the class Classifier"),
    "dropout": ("none", "our addition, to show what eval() is for"),
    "softmax": ("none on the output; the lab asks why", "lab 000, the class Classifier"),
    "mean": ("0.1307", "lab 000, Normalize"),
    "deviation": ("0.3081", "lab 000, Normalize"),
    "batch_size": ("256, shuffled in every epoch", "lab 000, the DataLoader"),
    "epochs": ("5", "lab 000, the training loop"),
    "learning_rate": ("0.01", "lab 000, the optimizer"),
    "momentum": ("0.9", "lab 000, the optimizer"),
}
"""Field of the protocol: (what the lab states, where it states it)."""
