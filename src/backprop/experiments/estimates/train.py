"""Computes every estimate; nothing is trained, but this is the stage that uses torch."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop import progress
from backprop.choices import ESTIMATORS
from backprop.engine.devices import resolve_device
from backprop.experiments.estimates.protocol import PRINTED_SAMPLES, STEPS, Protocol
from backprop.results import store
from backprop.search import estimators
from backprop.search.perceptrons import Perceptron, Span, default_weights

_log = logging.getLogger(__name__)

PRECISIONS = (torch.float32, torch.float64)
GRADIENT_STEPS = (5e-3, 1e-5)
"""Steps of the full finite-difference gradient in float32 and float64: near the cube root of their rounding."""


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Estimate the gradients of every network, at the initial weights of every seed.

    Returns, with S seeds, D networks, H steps, M numbers of samples, K estimators and Q sigmas:
        seeds [S]; parameters [D]; steps [H];
        slope_error [S, 2, 2, H]: root mean square (rms) error of finite differences (forward, central) in (float32,
            float64) along random directions, over the rms of the true slopes; compared network;
        gradient_error [S, 2]: |estimate - g| / |g| of the full central finite-difference gradient, (float32, float64);
        loss [S, D] and gradient_norm [S, D];
        by_samples [S, D, M]: cosine of the estimator with the mean loss subtracted;
        by_kind [S, K, M] and by_sigma [S, K, Q]: cosine of each estimator, compared network;
        printed_rms [S]: rms entry of an estimate as the lab prints it, plain with PRINTED_SAMPLES, last network;
        printed_sign [S]: (L(w) - L(w + v)) / |v| over the true slope along v; compared network.
    """
    where = resolve_device(device)
    arrays = store.read_arrays(data["FashionMNIST"])
    rows: list[dict[str, np.ndarray]] = []
    parameters: list[int] = []
    for seed in progress.through(seeds, "seed"):
        spans = [network(protocol, arrays, side, hidden, where) for side, hidden in protocol.networks]
        weights = [default_weights(span.whole, seed) for span in spans]
        gradients = [span.whole.gradient(w) for span, w in zip(spans, weights, strict=True)]
        parameters = [span.whole.size for span in spans]
        chosen = protocol.compared
        own = (spans[chosen], weights[chosen], gradients[chosen])
        row = _finite_differences(protocol, own[0].whole, own[1], seed)
        row["loss"] = np.array([float(s.whole.losses(w)) for s, w in zip(spans, weights, strict=True)])
        row["gradient_norm"] = np.array([float(torch.linalg.vector_norm(g)) for g in gradients])
        row["by_samples"] = np.array(
            [[cosine(*one, "baseline", n, protocol.sigma, (seed, n)) for n in protocol.samples]
             for one in zip(spans, weights, gradients, strict=True)]
        )  # fmt: skip
        row["by_kind"] = np.array(
            [[cosine(*own, kind, n, protocol.sigma, (seed, n)) for n in protocol.samples] for kind in ESTIMATORS]
        )
        row["by_sigma"] = np.array(
            [[cosine(*own, kind, protocol.sigma_samples, sigma, (seed, 1)) for sigma in protocol.sigmas]
             for kind in ESTIMATORS]
        )  # fmt: skip
        printed = estimate(spans[-1], weights[-1], "plain", PRINTED_SAMPLES, protocol.sigma, (seed, 2))
        row["printed_rms"] = np.array(float(printed.square().mean().sqrt()))
        row["printed_sign"] = np.array(_printed_sign(*own, protocol.sigma, seed))
        rows.append(row)
        _log.info("seed %d: cosines at %d samples %s", seed, protocol.samples[-1], row["by_samples"][:, -1].round(3))
    stacked = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return {"seeds": np.array(seeds), "parameters": np.array(parameters), "steps": np.array(STEPS), **stacked}


def network(protocol: Protocol, arrays: Mapping[str, np.ndarray], side: int, hidden: int, device: torch.device) -> Span:
    """The network with `hidden` units on the first batch, its images pooled to `side` x `side` pixels."""
    images = torch.tensor(arrays["train_images"][: protocol.batch], dtype=torch.float32)[:, None] / 255
    inputs = torch.nn.functional.avg_pool2d(images, images.shape[-1] // side).flatten(1)
    labels = torch.tensor(arrays["train_labels"][: protocol.batch].astype(np.int64))
    return Span.of(Perceptron(inputs.to(device), labels.to(device), hidden, 10))


def estimate(span: Span, w: Tensor, kind: str, samples: int, sigma: float, key: tuple[int, ...]) -> Tensor:
    """Evolution Search's estimate of the gradient at w [d]."""
    inside = span.inside(w)
    part = estimators.evolution(span.network.near(inside), inside.numel(), sigma, samples, kind, key, 64, w.device)
    generator = torch.Generator(w.device).manual_seed(key[0])
    return span.whole_estimate(part.gradient, part.coefficients, generator)


def cosine(
    span: Span, w: Tensor, gradient: Tensor, kind: str, samples: int, sigma: float, key: tuple[int, ...]
) -> float:
    """The cosine of Evolution Search's estimate with the true gradient [d]; 0 if one of them is zero."""
    estimated = estimate(span, w, kind, samples, sigma, key)
    size = torch.linalg.vector_norm(estimated) * torch.linalg.vector_norm(gradient)
    return float(estimated @ gradient / size) if float(size) > 0 else 0.0


def _finite_differences(protocol: Protocol, net: Perceptron, w: Tensor, seed: int) -> dict[str, np.ndarray]:
    """`slope_error` and `gradient_error` of one network, against backpropagation in float64."""
    generator = torch.Generator(w.device).manual_seed(seed)
    directions = torch.randn(
        (protocol.directions, w.numel()), generator=generator, device=w.device, dtype=torch.float64
    )
    directions /= torch.linalg.vector_norm(directions, dim=1, keepdim=True)
    exact = _in_precision(net, torch.float64).gradient(w.double())
    truth = directions @ exact
    size = truth.square().mean().sqrt()
    slope_error, gradient_error = np.empty((2, 2, len(STEPS))), np.empty(2)
    for p, precision in enumerate(PRECISIONS):
        rounded, at = _in_precision(net, precision), w.to(precision)
        steps = torch.tensor(STEPS, dtype=precision, device=w.device)
        for central in (False, True):
            slopes = [estimators.slopes(rounded.losses, at, u.to(precision), steps, central) for u in directions]
            errors = torch.stack(slopes).double() - truth[:, None]
            slope_error[int(central), p] = (errors.square().mean(0).sqrt() / size).cpu().numpy()
        full = estimators.finite_differences(rounded.losses, at, GRADIENT_STEPS[p]).double()
        gradient_error[p] = float(torch.linalg.vector_norm(full - exact) / torch.linalg.vector_norm(exact))
    return {"slope_error": slope_error, "gradient_error": gradient_error}


def _in_precision(net: Perceptron, precision: torch.dtype) -> Perceptron:
    return net.replace(inputs=net.inputs.to(precision))


def _printed_sign(span: Span, w: Tensor, gradient: Tensor, sigma: float, seed: int) -> float:
    """The lab's finite difference, as printed, over the slope that it estimates; along -g, where slopes are large."""
    net, at = _in_precision(span.whole, torch.float64), w.double()
    v = -sigma * gradient.double() / torch.linalg.vector_norm(gradient)
    length = torch.linalg.vector_norm(v)
    return float((net.losses(at) - net.losses(at + v)) / length / (gradient.double() @ v / length))
