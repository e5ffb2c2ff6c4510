"""The protocol of the lab's network and of its training by backpropagation; Evolution Search departs by variants."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.protocol import UserError

DATA = ("FashionMNIST",)

METHODS = ("backpropagation", "evolution", "noisy_gradient")
KINDS = ("plain", "baseline", "antithetic", "ranks")


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """One way of training, over a grid of samples and sigma; see WHERE for what the lab states."""

    seeds: int | tuple[int, ...] = 5
    method: str = field(default="backpropagation", metadata={"allowed": METHODS})
    kind: str = field(default="baseline", metadata={"allowed": KINDS})
    samples: tuple[int, ...] = field(default=(100,), metadata={"low": 1, "high": 10_000_000})
    sigma: tuple[float, ...] = field(default=(0.001,), metadata={"low": 1e-8})
    learning_rate: float = field(default=0.01, metadata={"low": 0.0})
    batch: int = field(default=100, metadata={"low": 1})
    epochs: int = field(default=100, metadata={"low": 1})
    record_every: int = field(default=5, metadata={"low": 1})
    images: int = field(default=1000, metadata={"low": 1, "high": 10_000})
    image_size: int = field(default=28, metadata={"allowed": (28, 14, 7, 4)})
    centred: bool = False
    hidden_units: int = field(default=512, metadata={"low": 1})
    hidden: str = field(default="logistic", metadata={"allowed": ("logistic", "threshold")})
    objective: str = field(default="cross_entropy", metadata={"allowed": ("cross_entropy", "misclassified")})

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field by itself."""
        super().__post_init__()
        if self.images % self.batch:
            raise UserError(f"batch is {self.batch}; it must divide images ({self.images}).")
        if self.method != "evolution" and (self.hidden, self.objective) != ("logistic", "cross_entropy"):
            raise UserError(
                f"method is {self.method}, which needs a gradient; hidden must be logistic and objective cross_entropy."
            )
        for samples in self.samples:
            if self.method == "evolution" and (samples < 2 or (self.kind == "antithetic" and samples % 2)):
                raise UserError(f"samples contains {samples}; evolution needs at least 2, antithetic an even number.")

    @property
    def settings(self) -> tuple[tuple[int, float], ...]:
        """The grid: (samples, sigma); a single point for backpropagation, which knows neither."""
        if self.method == "backpropagation":
            return ((1, 0.0),)
        return tuple((samples, sigma) for samples in self.samples for sigma in self.sigma)

    @property
    def recorded(self) -> tuple[int, ...]:
        """The epochs after which the network is judged: none, every `record_every`, and the last."""
        return tuple(sorted({0, self.epochs, *range(self.record_every, self.epochs, self.record_every)}))


WHERE = {
    "hidden_units": ("784-512-10, no biases", "build_model"),
    "hidden": ("logistic", "build_model"),
    "objective": ("mean cross-entropy", "cell 98"),
    "images": ("the first 1,000 of each set, scaled to [0, 1]", "setup"),
    "batch": ("100, in order", "train"),
    "learning_rate": ("0.01; the optimizer is rebuilt every step, so that its momentum never acts", "sgd_step"),
    "epochs": ("100", "train"),
    "samples": ("100", "ES_grad"),
    "sigma": ("0.001", "ES_grad"),
}
"""Field of the protocol: (what the lab states, where it states it)."""
