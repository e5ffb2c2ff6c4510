"""Trains the networks of one variant, one per seed and setting, by back-propagation or from losses alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop import progress
from backprop.datasets.sets import must_suffice
from backprop.engine.devices import resolve_device
from backprop.experiments.evolution.protocol import Protocol
from backprop.results import store
from backprop.search import estimators
from backprop.search.perceptrons import Perceptron, Span, default_weights

_log = logging.getLogger(__name__)

Step = Callable[[int, int, Tensor], Tensor]
"""The gradient, or an estimate of it, for (number of the step, number of the batch, w [d]) -> [d]."""

MEASURES = ("loss", "accuracy", "norm")
"""What is recorded of a network."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed and setting.

    Returns:
        seeds [S]; samples [G] and sigma [G]; epochs [R]; loss [S, G, R], the objective over the training images;
        accuracy [S, G, R] on the test images, 0 to 1; norm [S, G, R] of all weights; parameters [1], d.
    """
    where = resolve_device(device)
    training, test = networks(protocol, data["FashionMNIST"], where)
    spans = batches(protocol, training)
    records = {name: np.empty((len(seeds), len(protocol.settings), len(protocol.recorded))) for name in MEASURES}
    for s, seed in enumerate(progress.through(seeds, "seed")):
        for g, (samples, sigma) in enumerate(progress.through(protocol.settings, "setting")):
            estimate = step(protocol, spans, samples, sigma, seed)
            rows = descend(protocol, estimate, default_weights(training, seed), training, test)
            for name, values in zip(MEASURES, rows.T, strict=True):
                records[name][s, g] = values
            _log.info("seed %d, samples %d, sigma %g: accuracy %.3f", seed, samples, sigma, rows[-1, 1])
    grid = np.array(protocol.settings)
    return {
        "seeds": np.array(seeds),
        "samples": grid[:, 0].astype(int),
        "sigma": grid[:, 1],
        "epochs": np.array(protocol.recorded),
        "parameters": np.array([training.size]),
        **records,
    }


def networks(protocol: Protocol, path: Path, device: torch.device) -> tuple[Perceptron, Perceptron]:
    """The network on the training images, and the same on the test images, whose loss is the share of errors."""
    arrays = store.read_arrays(path)
    parts = []
    must_suffice(path, len(arrays["train_images"]), protocol.images)
    mean = None
    for part in ("train", "test"):
        images = torch.tensor(arrays[f"{part}_images"][: protocol.images], dtype=torch.float32)[:, None] / 255
        pooled = torch.nn.functional.avg_pool2d(images, images.shape[-1] // protocol.image_size).flatten(1)
        mean = pooled.mean() if mean is None else mean
        labels = torch.tensor(arrays[f"{part}_labels"][: protocol.images].astype(np.int64))
        inputs = pooled - mean if protocol.centred else pooled
        parts.append(
            Perceptron(
                inputs.to(device), labels.to(device), protocol.hidden_units, 10, protocol.hidden, protocol.objective
            )
        )
    return parts[0], parts[1].replace(objective="misclassified")


def batches(protocol: Protocol, training: Perceptron) -> list[Span]:
    """The network on each batch, in order, restricted to the span of the batch."""
    cuts = range(0, protocol.images, protocol.batch)
    return [
        Span.of(
            training.replace(
                inputs=training.inputs[i : i + protocol.batch], targets=training.targets[i : i + protocol.batch]
            )
        )
        for i in cuts
    ]


def step(protocol: Protocol, spans: list[Span], samples: int, sigma: float, seed: int) -> Step:
    """The gradient of one step, or its estimate, by the protocol's method."""
    device = spans[0].basis.device
    generator = torch.Generator(device).manual_seed(seed)

    def backpropagation(number: int, batch: int, w: Tensor) -> Tensor:
        return spans[batch].whole.gradient(w)

    def noisy_gradient(number: int, batch: int, w: Tensor) -> Tensor:
        """The gradient plus the noise of an unbiased isotropic estimate, with standard deviation |g| / sqrt(N)."""
        g = spans[batch].whole.gradient(w)
        noise = torch.randn(g.shape, generator=generator, device=device)
        return g.add_(noise, alpha=float(torch.linalg.vector_norm(g)) / samples**0.5)

    def evolution(number: int, batch: int, w: Tensor) -> Tensor:
        span = spans[batch]
        inside = span.inside(w)
        part = estimators.evolution(
            span.network.near(inside),
            inside.numel(),
            sigma,
            samples,
            protocol.kind,
            (seed, number),
            estimators.BLOCK,
            device,
        )
        return span.whole_estimate(part.gradient, part.coefficients, generator)

    return {"backpropagation": backpropagation, "noisy_gradient": noisy_gradient, "evolution": evolution}[
        protocol.method
    ]


def descend(protocol: Protocol, estimate: Step, w: Tensor, training: Perceptron, test: Perceptron) -> np.ndarray:
    """Train w [d] by descent along `estimate`; return what is recorded after the recorded epochs, [R, MEASURES]."""
    per_epoch = protocol.images // protocol.batch
    rows = []
    for epoch in progress.through(range(protocol.epochs + 1), "epoch"):
        if epoch in protocol.recorded:
            accuracy = 1 - test.losses(w)
            rows.append([float(training.losses(w)), float(accuracy), float(torch.linalg.vector_norm(w))])
        for batch in range(per_epoch if epoch < protocol.epochs else 0):
            w.sub_(estimate(epoch * per_epoch + batch, batch, w), alpha=protocol.learning_rate)
            if not w.sum().isfinite():  # diverged: a weight is nan or infinite, and stays so
                missing = len(protocol.recorded) - len(rows)
                return np.array(rows + [[np.nan] * len(MEASURES)] * missing)
    return np.array(rows)
