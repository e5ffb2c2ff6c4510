"""The protocol of the gradient estimates: the lab's sigma, and grids around its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.protocol import UserError

DATA = ("FashionMNIST",)

KINDS = ("plain", "baseline", "antithetic", "ranks")

STEPS = tuple(10.0 ** (exponent / 2) for exponent in range(-26, 3))
"""Steps of a finite difference along a unit vector, from 1e-13 to 10."""

PRINTED_ESTIMATE = (-251.85761036, -424.38760101, 1255.30842047, -592.70242856, 652.9320004, 1009.17007192)
PRINTED_SAMPLES = 10
"""The six entries the lab shows of an estimate of its own, and the samples it was made from."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """What is estimated; `networks` lists (side of the pooled image, hidden units), the lab's own last."""

    seeds: int | tuple[int, ...] = 5
    networks: tuple[tuple[int, int], ...] = ((4, 4), (7, 16), (14, 32), (28, 512))
    compared: int = field(default=1, metadata={"low": 0})
    batch: int = field(default=100, metadata={"low": 1})
    sigma: float = field(default=0.001, metadata={"low": 1e-8})
    samples: tuple[int, ...] = field(default=(10, 30, 100, 300, 1000, 5000), metadata={"low": 2})
    sigmas: tuple[float, ...] = field(
        default=tuple(10.0**exponent for exponent in range(-7, 2)), metadata={"low": 1e-12}
    )
    sigma_samples: int = field(default=1000, metadata={"low": 2})
    directions: int = field(default=20, metadata={"low": 1})

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field by itself."""
        super().__post_init__()
        if self.compared >= len(self.networks):
            raise UserError(f"compared is {self.compared}; networks has the indices 0 to {len(self.networks) - 1}.")
        for side, _ in self.networks:
            if side not in (28, 14, 7, 4, 2):
                raise UserError(f"networks contains a side of {side}; allowed are 28, 14, 7, 4, 2.")
        for count in (*self.samples, self.sigma_samples):
            if count % 2:
                raise UserError(f"samples contains {count}; antithetic pairs need an even number.")


WHERE = {
    "networks": ("784-512-10", "build_model; the smaller ones are ours"),
    "sigma": ("0.001", "ES_grad"),
    "samples": ("100; 10 in the cell that prints an estimate", "ES_grad"),
    "batch": ("the first 100 images", "train"),
}
"""Field of the protocol: (what the lab states, where it states it)."""
