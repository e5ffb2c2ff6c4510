"""The printed networks, their names, and the rounding of their weights."""

from __future__ import annotations

import numpy as np

from backprop.experiments.symmetry import measures

PRINTS = {"figure_1": measures.FIGURE_1, "pdp": measures.PDP_FIGURE_9}

NAMES = {"figure_1": "RHW Fig. 1", "pdp": "PDP Fig. 9"}
"""How text and figures call the printed networks."""


def rounding(layers: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Half a unit of the last printed digit, for each of the 17 weights of a printed network."""
    tenths = layers is measures.FIGURE_1
    steps = [np.full(layer.shape, 0.05 if tenths else 0.005) for layer in layers]
    steps[0][:, -1] = 0.05  # hidden biases are printed to one decimal in both
    return np.concatenate([step.ravel() for step in steps])
