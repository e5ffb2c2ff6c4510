"""Trains every version from the same weights on the same data; CPU only, where NumPy is."""

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
        seeds [S] and losses [S, W, steps]: the summed squared error before each step, by seed and by
        protocol.WAYS, in double precision whatever it was computed in.
    """
    losses = []
    for seed in seeds:
        setting = draw(protocol, seed)
        library = setting._replace(epsilon=protocol.library_epsilon)
        found = {name: ways.PLAIN[name](setting) for name in PLAIN}
        found["adam"] = ways.with_adam(library)
        found["library_descent"] = ways.library_descent(library, seed)
        found["library_adam"] = ways.library_adam(library, seed)
        losses.append([found[name] for name in WAYS])
    return {"seeds": np.array(seeds), "losses": np.array(losses, dtype=float)}


def draw(protocol: Protocol, seed: int) -> ways.Setting:
    """Data and initial weights of a seed, standard normal, drawn in double and rounded to the protocol's precision."""
    random = np.random.default_rng(seed)
    sizes = (
        (protocol.cases, protocol.inputs),
        (protocol.cases, protocol.outputs),
        (protocol.inputs, protocol.hidden),
        (protocol.hidden, protocol.outputs),
    )
    x, y, w1, w2 = (random.standard_normal(size).astype(DTYPES[protocol.precision]) for size in sizes)
    return ways.Setting(x, y, w1, w2, protocol.epsilon, protocol.steps)
