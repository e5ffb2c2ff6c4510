"""The protocol of the lab's network trained by back-propagation; variants train it by Evolution Search."""

from __future__ import annotations

from dataclasses import dataclass

from backprop import choices, protocol
from backprop.protocol import UserError, like, setting

DATA = ("FashionMNIST",)

METHODS = ("backpropagation", "evolution", "noisy_gradient")


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """One way of training lab 003's network, over a grid of samples and sigma."""

    shared = ("samples", "sigma", "epochs", "parameters")

    # fmt: off
    seeds: int | tuple[int, ...] = like(protocol.Protocol, "seeds", 5)
    method: str = setting("backpropagation", "Method",
        "the gradient, its estimate by Evolution Search, or the gradient with noise of the size that theory predicts",
        choices=METHODS, stated=("both the gradient and Evolution Search", "lab 003, sgd_step and ES_step"))
    kind: str = setting("baseline", "Estimator",
        "estimator of Evolution Search: as the lab writes it, with the mean loss subtracted, in pairs, or from ranks",
        choices=choices.ESTIMATORS)
    samples: tuple[int, ...] = setting((100,), "Samples N",
        "loss evaluations per step; crossed with sigma", low=1, high=10**7, stated=("100", "lab 003, ES_grad"))
    sigma: tuple[float, ...] = setting((0.001,), "Standard deviation σ",
        "standard deviations of the perturbations; crossed with samples", low=1e-8, high=1e6,
        stated=("0.001", "lab 003, ES_grad"))
    learning_rate: float = setting(0.01, "Learning rate", "learning rate of descent", low=0.0, high=1e6,
        stated=("0.01; its momentum of 0.9 has no effect, since every step has a new optimizer", "lab 003, sgd_step"))
    batch: int = setting(100, "Batch size", "images per step, in order; must divide the number of images",
        unit="images", low=1, high=10_000, stated=("100, in order", "lab 003, train"))
    epochs: int = setting(100, "Epochs", "passes through the training images", unit="epochs", low=1, high=10**6,
        stated=("100", "lab 003, train"))
    record_every: int = setting(5, "Records", "epochs between two records of loss and accuracy", unit="epochs",
        low=1, high=10**6)
    images: int = setting(1000, "Images", "images for training, and as many for testing, the first of each set",
        unit="images", low=1, high=10_000, stated=("the first 1,000 of each set, scaled to [0, 1]", "lab 003, setup"))
    image_size: int = setting(28, "Pixels per side", "pixels per side to which images are pooled",
        choices=(28, 14, 7, 4), stated=("28", "lab 003, setup"))
    centred: bool = setting(False, "Centred", "whether the mean of the training pixels is subtracted")
    hidden_units: int = setting(512, "Hidden units", "hidden units; no unit has a bias", low=1, high=100_000,
        stated=("512, no biases", "lab 003, build_model"))
    hidden: str = setting("logistic", "Hidden activation", "activation function of the hidden units",
        choices=("logistic", "threshold"), stated=("sigmoid", "lab 003, build_model"))
    objective: str = setting("cross_entropy", "Objective",
        "what is minimised: mean cross-entropy, or the share of misclassified images",
        choices=("cross_entropy", "misclassified"), stated=("mean cross-entropy", "lab 003, run training"))
    # fmt: on

    def __post_init__(self) -> None:
        """Check what depends on two fields, besides each field alone."""
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
        """The grid of (samples, sigma); a single point for back-propagation, which has neither."""
        if self.method == "backpropagation":
            return ((1, 0.0),)
        return tuple((samples, sigma) for samples in self.samples for sigma in self.sigma)

    @property
    def recorded(self) -> tuple[int, ...]:
        """The epochs after which loss and accuracy are recorded: 0, every `record_every`, and the last."""
        return tuple(sorted({0, self.epochs, *range(self.record_every, self.epochs, self.record_every)}))

    @property
    def work(self) -> float:
        """See the base class."""
        weights = (self.image_size**2 + 10) * self.hidden_units
        # a loss within the span of a batch takes less than one of all weights, and noise for these takes longest
        cost = {"backpropagation": 0.6, "noisy_gradient": 0.9, "evolution": 1.2}[self.method]
        own = sum(cost + 0.12 * samples * (self.method == "evolution") for samples, _ in self.settings)
        steps = self.epochs * self.images / self.batch
        return own * self.epochs * self.images * weights + 5e6 * steps * len(self.settings)

    @property
    def bytes_kept(self) -> float:
        """See the base class."""
        return 24 * len(self.settings) * len(self.recorded)
