"""Train every version from the same weights on the same data, on the CPU, where NumPy runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from backprop.experiments.five_ways import ways
from backprop.experiments.five_ways.protocol import PLAIN, WAYS, Protocol

DTYPES = {"single": np.float32, "double": np.float64}


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Train every version on the data of every seed.

    Returns:
        seeds [S] and losses [S, W, steps]: the summed squared error before each step, by seed and in the order of
        protocol.WAYS; stored in double precision, computed in the precision of the protocol.
    """
    losses = []
    for seed in seeds:
        problem = draw(protocol, seed)
        library = problem._replace(learning_rate=protocol.library_learning_rate)
        by_way = {name: ways.PLAIN[name](problem) for name in PLAIN}
        by_way["adam"] = ways.with_adam(library)
        by_way["library_descent"] = ways.library_descent(library, seed)
        by_way["library_adam"] = ways.library_adam(library, seed)
        losses.append([by_way[name] for name in WAYS])
    return {"seeds": np.array(seeds), "losses": np.array(losses, dtype=float)}


def draw(protocol: Protocol, seed: int) -> ways.Problem:
    """Standard normal data and initial weights of a seed, drawn in double and rounded to the protocol's precision."""
    random = np.random.default_rng(seed)
    sizes = (
        (protocol.cases, protocol.inputs),
        (protocol.cases, protocol.outputs),
        (protocol.inputs, protocol.hidden),
        (protocol.hidden, protocol.outputs),
    )
    x, y, w1, w2 = (random.standard_normal(size).astype(DTYPES[protocol.precision]) for size in sizes)
    return ways.Problem(x, y, w1, w2, protocol.learning_rate, protocol.steps)
