"""Sweeps per second of the family-tree network: the compiled pass and operation by operation in torch, on one core.

    uv run python benchmarks/family_trees.py [--quick]

One sweep is a forward pass, a backward pass and a change of the weights of one 36-12-12-6-24 network over 104 cases,
with margin, decay and cases held out, as RHW Figs. 3 and 4 have it. Both run in turns, repeatedly, in one process; the
time is processor time of the whole of `train`. The table gives medians, and ratios within a turn, because the speed of
a machine varies.
"""
# ruff: noqa: E402 - thread counts are read when the libraries are imported

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import statistics
import time
import unittest.mock

import torch

from backprop.engine import compiled_deep
from backprop.engine.networks import flatten, initial_weights
from backprop.engine.training import Criteria, Decay, Descent, Margin, Piecewise, Record, Task, train
from backprop.experiments.family_trees import people
from backprop.experiments.family_trees.network import ARCHITECTURE, mask
from backprop.experiments.family_trees.train import held_out


def run(networks: int, sweeps: int) -> torch.Tensor:
    """The stated protocol from ±1; all weights at the end [parameters, networks]."""
    inputs, targets = (torch.tensor(array, dtype=torch.float32) for array in people.arrays())
    kept = people.kept_in(held_out(tuple(range(networks)), 4))
    trained = train(
        Task(ARCHITECTURE, inputs, targets, margin=Margin(0.2), learned=torch.tensor(kept.T), mask=mask()),
        initial_weights(ARCHITECTURE, range(networks), 1.0),
        Descent(Piecewise((0.005, 0.01), (20,)), Piecewise((0.5, 0.9), (20,)), decay=Decay(0.002)),
        sweeps,
        criteria=Criteria(bounds=()),
        record=Record(keep=(sweeps,), every=sweeps),
    )
    return flatten(trained.weights[sweeps])


def in_torch(networks: int, sweeps: int) -> torch.Tensor:
    """The same without the compiled pass."""
    with unittest.mock.patch.object(compiled_deep, "suits", lambda *_: False):
        return run(networks, sweeps)


def main() -> None:
    """Check that both agree, measure in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, about 20 seconds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    repetitions, networks, sweeps = (3, 128, 100) if options.quick else (9, 256, 200)
    torch.testing.assert_close(run(16, 30), in_torch(16, 30), rtol=1e-3, atol=1e-4)
    rates: dict[str, list[float]] = {"compiled": [], "operation by operation in torch": []}
    for _ in range(repetitions):
        for name, contender in zip(rates, (run, in_torch), strict=True):
            start = time.process_time()
            contender(networks, sweeps)
            rates[name].append(networks * sweeps / (time.process_time() - start))
    print(f"{'':40s} thousand sweeps/s")
    for name, measured in rates.items():
        print(f"{name:40s} {statistics.median(measured) / 1e3:17.1f}")
    ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
    print(f"\nthe compiled pass is {ratio:.1f} times as fast: medians of {repetitions} turns on one core")


if __name__ == "__main__":
    main()
