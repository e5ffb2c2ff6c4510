"""Time that Evolution Search takes: a step against the lab's loop, and training against back-propagation.

    uv run python benchmarks/evolution.py [--threads 2] [--samples 100]

For each sample, the lab's loop (lab 003, ES_grad) draws a perturbation in float64 with numpy, writes it into the model,
computes the loss and adds v L(w + v) to a float64 sum. It is timed twice: with the loss over a batch of 100 computed in
ten pieces, as in the lab, and in one. Our code is timed as the experiments run it (in the span of the batch) and with
every perturbation formed. N and batch are the same, and times are medians of interleaved repeats. Then both methods get
the same perturbations, and their estimates are compared.

Finally the lab's network is trained by the gradient and by the search, as in the experiment `evolution`. Test accuracy
is printed against seconds of training, without the time for evaluation. Needs results/data/FashionMNIST.safetensors
(uv run snakemake --cores 1 results/data/FashionMNIST.safetensors).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from backprop import datasets
from backprop.experiments.evolution import train
from backprop.experiments.evolution.protocol import Protocol
from backprop.search import estimators
from backprop.search.perceptrons import Perceptron, Span, default_weights

SIGMA = 0.001
DATA = Path("results/data/FashionMNIST.safetensors")


def lab_loop(
    model: torch.nn.Module, w: np.ndarray, x: torch.Tensor, y: torch.Tensor, perturbations: np.ndarray | None,
    samples: int, pieces: int,
) -> np.ndarray:  # fmt: skip
    """One perturbation at a time, as in the lab's ES_grad; draws its own unless `perturbations` [N, d] are given."""
    rng = np.random.RandomState(777)
    gradient = np.zeros(len(w))
    size = len(x) // pieces
    for i in range(samples):
        v = rng.normal(size=len(w), scale=SIGMA) if perturbations is None else perturbations[i]
        at = 0
        with torch.no_grad():
            for parameter in model.parameters():
                count = parameter.numel()
                parameter.copy_(torch.from_numpy((w[at : at + count] + v[at : at + count]).reshape(parameter.shape)))
                at += count
            loss = 0.0
            for k in range(0, len(x), size):
                loss += float(torch.nn.functional.cross_entropy(model(x[k : k + size]), y[k : k + size]))
        gradient += v * (loss / pieces)
    return gradient / (samples * SIGMA**2)


def whole(network: Perceptron, w: torch.Tensor, samples: int) -> torch.Tensor:
    """Our estimate, with every perturbation of every weight drawn."""
    return estimators.evolution(network.near(w), w.numel(), SIGMA, samples, "plain", (0,), estimators.BLOCK).gradient


def in_span(span: Span, w: torch.Tensor, samples: int) -> torch.Tensor:
    """Our estimate in the span of the batch, with the orthogonal noise drawn once."""
    inside = span.inside(w)
    part = estimators.evolution(
        span.network.near(inside), inside.numel(), SIGMA, samples, "plain", (0,), estimators.BLOCK
    )
    return span.whole_estimate(part.gradient, part.coefficients, torch.Generator().manual_seed(0))


def against_the_clock(protocol: Protocol, samples: int, seconds: float) -> list[tuple[float, float]]:
    """(Seconds of training, test accuracy) before and after every epoch of one network, for `seconds` of training."""
    training, test = train.networks(protocol, DATA, torch.device("cpu"))
    spans = train.batches(protocol, training)
    estimate = train.step(protocol, spans, samples, SIGMA, seed=0)
    w, taken = default_weights(training, 0), 0.0
    curve = [(0.0, 1 - float(test.losses(w)))]
    while taken < seconds:
        number = (len(curve) - 1) * len(spans)
        start = time.perf_counter()
        for batch in range(len(spans)):
            w.sub_(estimate(number + batch, batch, w), alpha=protocol.learning_rate)
        taken += time.perf_counter() - start
        curve.append((taken, 1 - float(test.losses(w))))
    return curve


def curves(seconds: float) -> None:
    """Print test accuracy against seconds of training, one row for each method."""
    if not DATA.exists():
        print(f"\n{DATA} does not exist: the comparison of training times is skipped")
        return
    methods = {
        "back-propagation, ε = 0.01": (Protocol(), 1),
        "back-propagation, ε = 0.1": (Protocol(learning_rate=0.1), 1),
        "search, N = 10, ε = 0.01": (Protocol(method="evolution"), 10),
        "search, N = 10, ε = 0.1": (Protocol(method="evolution", learning_rate=0.1), 10),
        "search, N = 100, ε = 0.1": (Protocol(method="evolution", learning_rate=0.1), 100),
    }
    marks = [seconds / 2**k for k in range(6, -1, -1)]
    print(f"\ntest accuracy of the lab's network by seconds of training; data: {datasets.load(DATA).about['detail']}")
    print(f"{'':30}" + "".join(f"{mark:9.2f}" for mark in marks) + "   epochs in all")
    for name, (protocol, samples) in methods.items():
        curve = against_the_clock(protocol, samples, seconds)
        there = [[accuracy for taken, accuracy in curve if taken <= mark][-1] for mark in marks]
        print(f"{name:30}" + "".join(f"{accuracy:9.1%}" for accuracy in there) + f"{len(curve) - 1:16}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="seconds of training for each method")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    n = options.samples
    x, y = torch.rand(100, 784), torch.randint(0, 10, (100,))
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 512, bias=False), torch.nn.Sigmoid(), torch.nn.Linear(512, 10, bias=False)
    )
    w = torch.cat([p.detach().flatten() for p in model.parameters()])
    at = w.double().numpy().copy()
    network = Perceptron(x, y, 512, 10)
    span = Span.of(network)
    runs: dict[str, Callable[[], object]] = {
        "lab's loop, loss in ten pieces": lambda: lab_loop(model, at, x, y, None, n, 10),
        "lab's loop, loss in one piece": lambda: lab_loop(model, at, x, y, None, n, 1),
        "ours, every perturbation formed": lambda: whole(network, w, n),
        "ours, in the span of the batch": lambda: in_span(span, w, n),
        "the gradient, by backpropagation": lambda: network.gradient(w),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(options.repeats + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    middle = {name: float(np.median(values)) for name, values in times.items()}
    slowest = middle["lab's loop, loss in ten pieces"]
    print(f"one step, N = {n}, batch 100, 784-512-10, {options.threads} threads, median of {options.repeats}\n")
    print(f"{'':36}{'ms':>10}{'x the lab':>12}{'steps/minute':>15}")
    for name, seconds in middle.items():
        print(f"{name:36}{1e3 * seconds:10.1f}{slowest / seconds:12.1f}{60 / seconds:15.0f}")
    few = 16
    e = next(estimators.draws((1,), few, w.numel(), few))
    ours = torch.mv(e.mT, estimators.coefficients(network.near(w)(e, (SIGMA,)), SIGMA, "plain"))
    theirs = lab_loop(model, at, x, y, SIGMA * e.double().numpy(), few, 1)
    off = np.linalg.norm(ours.double().numpy() - theirs) / np.linalg.norm(theirs)
    print(f"\nsame {few} perturbations: relative difference of the two estimates {off:.1e}")
    curves(options.seconds)


if __name__ == "__main__":
    main()
