"""Trains one network once more, when all networks are known, to record its weights on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import Protocol
from backprop.experiments.symmetry.train import layers, trained

CHUNK = 5000
"""Networks that are compared with RHW Fig. 1 at a time."""

TRACED = 5
"""Sweeps between two records of all weights of the traced network."""


def finish(protocol: Protocol, arrays: Mapping[str, np.ndarray], device: str) -> dict[str, np.ndarray]:
    """The trace of the network that is nearest to RHW Fig. 1, given the arrays of all networks."""
    return trace(protocol, nearest(protocol, arrays), device)


def nearest(protocol: Protocol, arrays: Mapping[str, np.ndarray]) -> int:
    """The seed of the solved network that is nearest to RHW Fig. 1 at the first kept sweep.

    The first seed if no network solves the task, or if the networks are not 6-2-1 networks.
    """
    solved = np.flatnonzero(arrays["first_sweep"][:, 0] >= 0)
    if not solved.size or (protocol.bits, protocol.hidden_units) != (6, 2):
        return int(arrays["seeds"][0])
    layer_1, layer_2 = arrays["layer_1"], arrays["layer_2"]
    distances = [
        measures.distance_to(layer_1[part, 0], layer_2[part, 0])[0]
        for part in np.array_split(solved, -(-solved.size // CHUNK))  # the symmetries of the task need much memory
    ]
    distance = np.nan_to_num(np.concatenate(distances), nan=np.inf)
    return int(arrays["seeds"][solved[distance.argmin()]])


def trace(protocol: Protocol, seed: int, device: str) -> dict[str, np.ndarray]:
    """Train one network again, and record it every `TRACED` sweeps up to the first kept sweep.

    Returns:
        traced_seed [1]; traced_sweeps [T], from 0; traced_errors [T], E;
        traced_layer_1 [T, hidden, bits + 1] and traced_layer_2 [T, 1, hidden + 1], the weights, biases last.
    """
    sweeps = range(0, protocol.kept_sweeps[0] + 1, TRACED)
    run = trained(protocol, (seed,), device, sweeps, TRACED)
    layer_1, layer_2 = layers(run, sweeps)
    return {
        "traced_seed": np.array([seed]),
        "traced_sweeps": np.array(sweeps),
        "traced_errors": run.errors[: len(sweeps), 0].cpu().numpy(),
        "traced_layer_1": layer_1[0],
        "traced_layer_2": layer_2[0],
    }
