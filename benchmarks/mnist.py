"""Time per epoch of lab 000's digit classifier, as the lab trains it and as we do, alternately in one process.

    uv run python benchmarks/mnist.py [epochs]

The lab uses a DataLoader over torchvision.datasets.MNIST with ToTensor and Normalize: in every epoch, each image is
converted to a PIL image, to a tensor and to a normalized tensor. Our code normalizes all images once and keeps them on
the device. Network, optimizer and batch size are the same; accuracies after the same number of epochs are printed
beside the times. One thread each. Needs results/data/MNIST.safetensors
(uv run snakemake --cores 1 results/data/MNIST.safetensors).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from backprop import datasets
from backprop.experiments.mnist import train
from backprop.experiments.mnist.protocol import Protocol

DATA = Path("results/data/MNIST.safetensors")


class InMemory(MNIST):
    """torchvision's MNIST over arrays in memory; the costly part, __getitem__, is torchvision's own."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.data, self.targets = torch.from_numpy(images), torch.from_numpy(labels)
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        self.target_transform = None


class TheLab:
    """The lab's code: loader, modules, one epoch at a time."""

    def __init__(self, data: datasets.Set, seed: int) -> None:
        torch.manual_seed(seed)
        self.batches = DataLoader(InMemory(data.train_images, data.train_labels), batch_size=256, shuffle=True)
        self.test = DataLoader(InMemory(data.test_images, data.test_labels), batch_size=512)
        self.model = nn.Sequential(
            nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 10)
        )
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-2, momentum=0.9)

    def epoch(self) -> None:
        """Train for one epoch."""
        self.model.train()
        for x, y in self.batches:
            loss = nn.functional.cross_entropy(self.model(x), y.long())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    @torch.no_grad()
    def accuracy(self) -> float:
        """Share of the test images recognised, 0 to 1."""
        self.model.eval()
        right = [(self.model(x).argmax(1) == y).sum().item() for x, y in self.test]
        return sum(right) / len(self.test.dataset)  # type: ignore[arg-type]


class Ours:
    """The same with `backprop.experiments.mnist.train`, one epoch at a time."""

    def __init__(self, data: datasets.Set, seed: int) -> None:
        self.protocol, self.generator = Protocol(), torch.Generator().manual_seed(seed)
        place = torch.device("cpu")
        start = time.perf_counter()
        self.images, self.labels = self.prepared(data.train_images, data.train_labels, place)
        self.once = time.perf_counter() - start
        self.test = self.prepared(data.test_images, data.test_labels, place)
        self.model = train.network(self.protocol, self.generator)
        self.optimizer = train.optimizer(self.model, self.protocol)

    def prepared(self, images: np.ndarray, labels: np.ndarray, place: torch.device) -> tuple[Tensor, Tensor]:
        """Images and labels as training prepares them, once before the first epoch."""
        return train.prepared(images, self.protocol, place), train.targets(labels, place)

    def epoch(self) -> None:
        """Train for one epoch."""
        train.epoch(self.model, self.optimizer, self.images, self.labels, self.protocol.batch_size, self.generator)

    def accuracy(self) -> float:
        """Share of the test images recognised, 0 to 1."""
        return train.score(self.model, *self.test) / len(self.test[1])


def main(epochs: int = 5, seed: int = 0) -> None:
    """Print seconds per epoch and accuracies."""
    torch.set_num_threads(1)
    data = datasets.load(DATA)
    print(f"{len(data.train_labels):,} training images; {data.about['detail']}")
    here = Ours(data, seed)
    ways: dict[str, TheLab | Ours] = {"lab": TheLab(data, seed), "ours": here}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    print("epoch    lab (s)   ours (s)   ratio   lab accuracy   ours")
    for epoch in range(1, epochs + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way.epoch()
            seconds[name].append(time.perf_counter() - start)
        lab, ours = seconds["lab"][-1], seconds["ours"][-1]
        scores = [way.accuracy() for way in ways.values()]
        print(f"{epoch:5d} {lab:10.2f} {ours:10.3f} {lab / ours:7.1f}x {scores[0]:13.2%} {scores[1]:7.2%}", flush=True)
    lab, ours = (float(np.median(values)) for values in seconds.values())
    print(f"median: {lab:.2f} s and {ours:.3f} s, {lab / ours:.1f} times as fast; preparing once: {here.once:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
