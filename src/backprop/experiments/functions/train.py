"""Trains the perceptrons of one variant by a backward traversal written by hand, and checks it against autograd."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from backprop import datasets, progress
from backprop.datasets.sets import must_suffice
from backprop.engine.devices import resolve_device
from backprop.experiments.functions.derivatives import (
    ACTIVATIONS,
    Activation,
    Linear,
    Weights,
    backward,
    cross_entropy,
    forward,
    perceptron,
)
from backprop.experiments.functions.protocol import Protocol

CLASSES = 10
_log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; costs [S, epochs], the mean cost of each epoch's batches, each taken before its step; epochs [R]
        and accuracy [S, R], the share of test images recognised after those epochs; images [2], the numbers of
        training and test images; traversal_difference [S], the largest difference between a gradient by hand and by
        autograd, over the gradient's largest entry, in double precision before and after training; gradcheck [2],
        1 where the derivatives of Linear and of the activation agree with finite differences.
    """
    place = resolve_device(device)
    clothes = datasets.load(data["FashionMNIST"])
    must_suffice(data["FashionMNIST"], len(clothes.train_images), protocol.images)
    x, labels = first_images(clothes.train_images, clothes.train_labels, protocol.images, place)
    test_x, test_labels = first_images(clothes.test_images, clothes.test_labels, protocol.images, place)
    activation = ACTIVATIONS[protocol.activation]
    costs, accuracy, differences = [], [], []
    for seed in progress.through(seeds, "seed"):
        weights = initial_weights(protocol.hidden_units, seed)
        before = traversal_difference(weights, activation, x[: protocol.batch_size], labels[: protocol.batch_size])
        cost, share, weights = train_one(protocol, weights, (x, labels), (test_x, test_labels))
        after = traversal_difference(weights, activation, x[: protocol.batch_size], labels[: protocol.batch_size])
        costs.append(cost)
        accuracy.append(share)
        differences.append(np.fmax(before, after))
        _log.info("seed %d: cost %.4f, %.1f%% of the test images", seed, cost[-1], 100 * share[-1])
    return {
        "seeds": np.array(seeds),
        "costs": np.array(costs),
        "epochs": np.array(protocol.recorded_epochs),
        "accuracy": np.array(accuracy),
        "images": np.array([len(labels), len(test_labels)]),
        "traversal_difference": np.array(differences),
        "gradcheck": np.array([int(ok) for ok in derivatives_agree(activation)]),
    }


def first_images(images: np.ndarray, labels: np.ndarray, count: int, place: torch.device) -> tuple[Tensor, Tensor]:
    """The first `count` images as rows [count, 784] of grey levels from 0 to 1, and their labels [count]."""
    x = torch.from_numpy(images[:count]).to(place).reshape(len(images[:count]), -1).float() / 255
    return x, torch.from_numpy(labels[:count]).to(place).long()


def initial_weights(hidden_units: int, seed: int) -> Weights:
    """Initial weights as in the lab, torch's default for linear layers: uniform within ±1/sqrt(inputs of the unit)."""
    generator = torch.Generator().manual_seed(seed)
    sizes = ((hidden_units, 28 * 28), (CLASSES, hidden_units))
    first, second = (torch.empty(size).uniform_(-(size[1] ** -0.5), size[1] ** -0.5, generator=generator)
                     for size in sizes)  # fmt: skip
    return first, second


@torch.no_grad()
def train_one(
    protocol: Protocol, weights: Weights, training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> tuple[np.ndarray, np.ndarray, Weights]:
    """Train one network; return its cost by epoch, its accuracy at the recorded epochs, and its weights."""
    activation = ACTIVATIONS[protocol.activation]
    x, labels = training
    first, second = weights = (weights[0].to(x.device), weights[1].to(x.device))
    batches = list(zip(x.split(protocol.batch_size), labels.split(protocol.batch_size), strict=True))
    costs, accuracy = [], [share_recognised(weights, activation, *test)]
    for epoch in progress.through(range(1, protocol.epochs + 1), "epoch"):
        total = torch.zeros((), device=x.device)
        for batch, batch_labels in batches:
            traversal = forward(weights, activation, batch)
            cost, gradient = cross_entropy(traversal.scores, batch_labels)
            to_first, to_second = backward(weights, activation, traversal, gradient)
            first.sub_(to_first, alpha=protocol.learning_rate)
            second.sub_(to_second, alpha=protocol.learning_rate)
            total += cost
        costs.append(total / len(batches))
        if epoch in protocol.recorded_epochs:
            accuracy.append(share_recognised(weights, activation, *test))
    return torch.stack(costs).cpu().numpy(), np.array(accuracy), weights


def share_recognised(weights: Weights, activation: Activation, x: Tensor, labels: Tensor) -> float:
    """The share of images whose class gets the highest score."""
    return (forward(weights, activation, x).scores.argmax(1) == labels).float().mean().item()


def traversal_difference(weights: Weights, activation: Activation, x: Tensor, labels: Tensor) -> float:
    """The largest difference between gradients by hand and by autograd, over the largest entry; double precision."""
    exact = tuple(weight.detach().cpu().double().requires_grad_() for weight in weights)
    x, labels = x.cpu().double(), labels.cpu()
    first, second = exact
    functional.cross_entropy(perceptron((first, second), activation, x), labels).backward()
    with torch.no_grad():
        traversal = forward((first, second), activation, x)
        by_hand = backward((first, second), activation, traversal, cross_entropy(traversal.scores, labels)[1])
    differences = [
        ((hand - weight.grad).abs().max() / weight.grad.abs().max()).item()
        for hand, weight in zip(by_hand, exact, strict=True)
        if weight.grad is not None
    ]
    return max(differences)


def derivatives_agree(activation: Activation) -> tuple[bool, bool]:
    """Whether finite differences confirm the derivatives of Linear and of the activation, in double precision."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 7, dtype=torch.double, generator=generator)
    x += 0.1 * x.sign()  # away from 0, where ReLU has no derivative
    weight = torch.randn(3, 7, dtype=torch.double, generator=generator)
    x, weight = x.requires_grad_(), weight.requires_grad_()
    return (
        torch.autograd.gradcheck(Linear.apply, (x, weight), raise_exception=False),
        torch.autograd.gradcheck(activation.function.apply, (x,), raise_exception=False),
    )
