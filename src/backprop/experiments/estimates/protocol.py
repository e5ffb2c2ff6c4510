"""The protocol of the gradient estimates: the lab's sigma, and grids around its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import protocol
from backprop.choices import ESTIMATORS
from backprop.protocol import UserError, like, setting

DATA = ("FashionMNIST",)

SIDES = (28, 14, 7, 4, 2)
"""Pixels per side to which an image of 28 x 28 can be pooled."""

STEPS = tuple(10.0 ** (exponent / 2) for exponent in range(-26, 3))
"""Steps of a finite difference along a unit vector, from 1e-13 to 10."""

PRINTED_ESTIMATE = (-251.85761036, -424.38760101, 1255.30842047, -592.70242856, 652.9320004, 1009.17007192)
PRINTED_SAMPLES = 10
"""The six entries that the lab prints of an estimate of its own, and the samples behind it."""


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """What is estimated, at the start of training; the lab's own network is the last of `networks`."""

    shared = ("parameters", "steps")

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 5)
    networks: tuple[tuple[int, int], ...] = setting(((4, 4), (7, 16), (14, 32), (28, 512)), "Networks",
        "networks whose gradient is estimated: pixels per side of the pooled images, and hidden units",
        low=1, high=100_000, stated=("784-512-10", "lab 003, build_model; the smaller ones are ours"))
    compared: int = setting(1, "Compared network",
        "index of the network on which estimators, sigmas and finite differences are compared", low=0, high=1000)
    batch: int = setting(100, "Batch size", "images over which the loss is taken, the first of the training set",
        unit="images", low=1, high=60_000, stated=("100", "lab 003, train"))
    sigma: float = setting(0.001, "Standard deviation σ", "standard deviation of the perturbations", low=1e-8, high=1e6,
        stated=("0.001", "lab 003, ES_grad"))
    samples: tuple[int, ...] = setting((10, 30, 100, 300, 1000, 5000), "Samples N",
        "numbers of loss evaluations behind an estimate, each even", low=2, high=10**7,
        stated=("100; 10 in the cell that prints an estimate", "lab 003, ES_grad"))
    sigmas: tuple[float, ...] = setting(tuple(10.0**exponent for exponent in range(-7, 2)), "Values of σ compared",
        "standard deviations of the perturbations that are compared", low=1e-12, high=1e6)
    sigma_samples: int = setting(1000, "Samples for them",
        "loss evaluations behind each estimate in that comparison, even", low=2, high=10**7)
    directions: int = setting(20, "Directions", "random directions along which finite differences are taken",
        low=1, high=10**6)
    # fmt: on

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field alone."""
        super().__post_init__()
        if self.compared >= len(self.networks):
            raise UserError(f"compared is {self.compared}; networks has the indices 0 to {len(self.networks) - 1}.")
        for side, _ in self.networks:
            if side not in SIDES:
                raise UserError(f"networks contains a side of {side}; allowed are {', '.join(map(str, SIDES))}.")
        for name, counts in (("samples", self.samples), ("sigma_samples", (self.sigma_samples,))):
            for count in counts:
                if count % 2:
                    raise UserError(f"{name} contains {count}; antithetic pairs need an even number.")

    @property
    def work(self) -> float:
        """See the base class."""
        samples = len(ESTIMATORS) * (sum(self.samples) + len(self.sigmas) * self.sigma_samples)
        return 0.019 * samples * self.batch * max(side**2 * hidden for side, hidden in self.networks)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 8 * len(ESTIMATORS) * (len(self.samples) + len(self.sigmas))
