"""The protocol of the five ways: the defaults are lab 001's."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Each seed is one set of random data and initial weights; see WHERE.

    Attributes:
        cases, inputs, hidden, outputs: sizes; data and weights are standard normal, without biases.
        steps: full-batch steps on the summed squared error.
        epsilon: learning rate of plain descent, in all versions.
        library_epsilon: learning rate of the lab's nn version and of Adam, from the library's own initial weights.
        precision: of everything; the lab's NumPy version runs in double and its tensors in single.
    """

    seeds: int | tuple[int, ...] = 1
    cases: int = field(default=64, metadata={"low": 1})
    inputs: int = field(default=784, metadata={"low": 1})
    hidden: int = field(default=100, metadata={"low": 1})
    outputs: int = field(default=10, metadata={"low": 1})
    steps: int = field(default=500, metadata={"low": 1})
    epsilon: float = field(default=1e-6, metadata={"low": 0.0})
    library_epsilon: float = field(default=1e-4, metadata={"low": 0.0})
    precision: str = field(default="double", metadata={"allowed": ("single", "double")})


PLAIN = ("numpy", "tensors", "autograd", "nn", "optim")
"""Plain descent from the same weights, written five ways; `optim` is torch's SGD."""

OTHERS = ("adam", "library_descent", "library_adam")
"""Adam from the same weights; then the lab's own nn and Adam versions, from the library's initial weights."""

WAYS = (*PLAIN, *OTHERS)

WHERE = {
    "cases": ("64 cases, 784 inputs, 100 hidden units, 10 outputs", "lab 001"),
    "steps": ("500", "lab 001"),
    "epsilon": ("0.000001", "lab 001, the three versions by hand and with autograd"),
    "library_epsilon": ("0.0001", "lab 001, the versions with nn and optim"),
    "precision": ("double in NumPy, single in torch, by their defaults", "lab 001"),
}
"""Field of the protocol: (what the lab states, where)."""
