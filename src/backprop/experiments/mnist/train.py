"""Trains the digit classifiers of one variant, one after another; the images stay on the device."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from backprop import datasets, progress
from backprop.engine.devices import resolve_device
from backprop.experiments.mnist.protocol import EVALUATION_BATCH, SCALES, Protocol

CLASSES = 10
_log = logging.getLogger(__name__)


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train one network per seed.

    Returns:
        seeds [S]; losses [S, steps], the batch losses; correct [S, epochs + 1], the number of test images recognised
        before the first and after each epoch; labels [N] of the test images; answers [S, N], the networks' answers,
        and confidence [S, N], their probabilities; missed [M], the test images that some network misclassifies, and
        missed_images [M, 28, 28]; layer_1 [S, hidden, 784], the first layer's weights; train_images_used [1], the
        number of training images; and the measurements of `demonstrate`.
    """
    place = torch.device(resolve_device(device))
    digits = datasets.load(data["MNIST"])
    training = (rows(digits.train_images, place), targets(digits.train_labels, place))
    test = (normalized(rows(digits.test_images, place), protocol), targets(digits.test_labels, place))
    records: dict[str, list[np.ndarray]] = {}
    for seed in progress.through(seeds, "seed"):
        with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
            torch.manual_seed(seed)  # dropout uses the global generator
            model, record = train_one(protocol, seed, training, test)
            record |= answers(model, test[0], protocol) | demonstrate(model, *test)
        for name, value in record.items():
            records.setdefault(name, []).append(value)
        _log.info("seed %d: %.2f%% of the test images", seed, 100 * record["correct"][-1] / len(digits.test_labels))
    stacked = {name: np.stack(values) for name, values in records.items()}
    missed = np.flatnonzero((stacked["answers"] != digits.test_labels).any(axis=0))
    return {
        "seeds": np.array(seeds),
        "labels": digits.test_labels,
        "missed": missed,
        "missed_images": digits.test_images[missed],
        "train_images_used": np.array([len(digits.train_labels)]),
        **stacked,
    }


def rows(images: np.ndarray, place: torch.device) -> Tensor:
    """Images [n, 28, 28] as rows of bytes [n, 784] on the device: a quarter of the memory of normalized ones."""
    return torch.from_numpy(images).to(place).reshape(len(images), -1)


def normalized(pixels: Tensor, protocol: Protocol) -> Tensor:
    """Pixels from 0 to 255 as normalized floating-point numbers, as torchvision's transforms do it."""
    return pixels.float().div_(255).sub_(protocol.mean).div_(protocol.deviation)


def targets(labels: np.ndarray, place: torch.device) -> Tensor:
    """Labels [n] as 64-bit integers, as cross-entropy needs them."""
    return torch.from_numpy(labels).to(place).long()


def network(protocol: Protocol, generator: torch.Generator) -> nn.Sequential:
    """A network with torch's default weights, drawn from `generator`: uniform within ±1/sqrt(inputs of the unit)."""
    layers: list[nn.Module] = []
    sizes = (28 * 28, *protocol.hidden_units, CLASSES)
    for inputs, outputs in pairwise(sizes):
        linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
        for parameter in linear.parameters():
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5, generator=generator)
        layers += [linear, nn.ReLU()]
        if protocol.dropout:
            layers.append(nn.Dropout(protocol.dropout))
    layers = layers[: -2 if protocol.dropout else -1]  # no activation and no dropout after the last layer
    return nn.Sequential(*layers, *([nn.Softmax(dim=1)] if protocol.softmax else []))


def train_one(
    protocol: Protocol, seed: int, training: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> tuple[nn.Sequential, dict[str, np.ndarray]]:
    """Train one network; return it with its batch losses and its score on the test images after each epoch.

    The training images are as `rows` returns them, the test images as `normalized` does.
    """
    generator = torch.Generator().manual_seed(seed)
    images, labels = training
    model = network(protocol, generator).to(images.device)
    descent = optimizer(model, protocol)
    losses, correct = [], [score(model, *test)]
    for _ in progress.through(range(protocol.epochs), "epoch"):
        losses += epoch(protocol, model, descent, images, labels, generator)
        correct.append(score(model, *test))
    return model, {
        "losses": torch.stack(losses).cpu().numpy(),
        "correct": np.array(correct),
        "layer_1": next(model.parameters()).detach().cpu().numpy(),
    }


def optimizer(model: nn.Sequential, protocol: Protocol) -> torch.optim.SGD:
    """The lab's optimizer; the fused version updates all weights in one call."""
    rate, momentum = protocol.learning_rate, protocol.momentum
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum, fused=True)


def epoch(
    protocol: Protocol,
    model: nn.Sequential,
    descent: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    generator: torch.Generator,
) -> list[Tensor]:
    """Train for one epoch, in batches of a new random order; the batch losses stay on the device."""
    model.train()
    losses = []
    for batch in torch.randperm(len(labels), generator=generator).to(images.device).split(protocol.batch_size):
        inputs = normalized(images.index_select(0, batch), protocol)
        loss = functional.cross_entropy(model(inputs), labels[batch])
        descent.zero_grad()
        loss.backward()
        descent.step()
        losses.append(loss.detach())
    return losses


@torch.no_grad()
def score(model: nn.Sequential, images: Tensor, labels: Tensor) -> int:
    """The number of images that a network recognises in evaluation mode."""
    model.eval()
    return int((model(images).argmax(1) == labels).sum())


@torch.no_grad()
def answers(model: nn.Sequential, images: Tensor, protocol: Protocol) -> dict[str, np.ndarray]:
    """A network's answers to the images, and the probability it gives to each answer."""
    model.eval()
    outputs = model(images)
    confidence, answer = (outputs if protocol.softmax else outputs.softmax(1)).max(1)
    return {"answers": answer.cpu().numpy().astype(np.uint8), "confidence": confidence.cpu().numpy()}


def demonstrate(model: nn.Sequential, images: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """Measure the answers to the lab's questions on a trained network and the test images.

    Why is there no softmax?
        softmax_difference: the largest difference between cross-entropy of the outputs and minus the logarithm of
        their softmax; infinite [SCALES, 2]: the number of infinite losses when the outputs are multiplied by each of
        SCALES, with softmax and logarithm as two steps (0) and within cross-entropy (1).
    What does eval() change?
        mode_difference: the largest difference between outputs in training and in evaluation mode;
        correct_training_mode: the number of images recognised in training mode.
    What does no_grad() change?
        grad_difference: the largest difference between outputs with and without it; kept_bytes [2]: bytes kept for
        the backward pass of one batch of at most EVALUATION_BATCH images, without it (0) and with it (1);
        backward_refused: 1 if a backward pass after it raises an error.
    """
    with torch.no_grad():
        model.train()
        in_training = model(images)
        model.eval()
        outputs = model(images)
        apart = -torch.log(outputs.softmax(1).gather(1, labels[:, None])[:, 0])
        within = functional.cross_entropy(outputs, labels, reduction="none")
        finite = apart.isfinite()
        infinite = [
            [
                int((-torch.log((outputs * scale).softmax(1).gather(1, labels[:, None]))).isinf().sum()),
                int(functional.cross_entropy(outputs * scale, labels, reduction="none").isinf().sum()),
            ]
            for scale in SCALES
        ]
    batch, batch_labels = images[:EVALUATION_BATCH], labels[:EVALUATION_BATCH]
    kept = {}
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            kept[grad] = kept_bytes(model, batch)
    with torch.no_grad():
        loss = functional.cross_entropy(model(batch), batch_labels)
    try:
        loss.backward()
        refused = False
    except RuntimeError:
        refused = True
    with_graph = model(images).detach()
    return {
        # nan for a network whose losses are all infinite or nan, because it has diverged
        "softmax_difference": (apart - within)[finite].abs().max().cpu().numpy() if finite.any() else np.array(np.nan),
        "infinite": np.array(infinite),
        "mode_difference": (in_training - outputs).abs().max().cpu().numpy(),
        "correct_training_mode": (in_training.argmax(1) == labels).sum().cpu().numpy(),
        "grad_difference": (with_graph - outputs).abs().max().cpu().numpy(),
        "kept_bytes": np.array([kept[True], kept[False]]),
        "backward_refused": np.array(int(refused)),
    }


def kept_bytes(model: nn.Sequential, batch: Tensor) -> int:
    """Bytes of activations that a forward pass keeps for the backward pass, without the weights and the batch."""
    known = {parameter.data_ptr() for parameter in model.parameters()} | {batch.data_ptr()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in known:
            kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = model(batch)
    del outputs
    return sum(kept.values())
