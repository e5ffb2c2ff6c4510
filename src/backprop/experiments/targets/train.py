"""Gradients at the printed weights, training continued from them, and networks trained with known targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backprop.engine import training
from backprop.engine.devices import resolve_device
from backprop.engine.networks import Architecture, Network, flatten, initial_weights, with_extra_unit
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry import train as symmetry
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.experiments.targets.prints import PRINTS, rounding
from backprop.experiments.targets.protocol import Protocol

ARCHITECTURE = Architecture((6, 2, 1))


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Compute gradients at the printed networks, train on from them, and train one network per seed and coding.

    The gradient is linear in the targets, so the gradients for t = 0 and t = 1 give it for every t.

    Returns:
        printed_gradients [2 networks, 2 (t = 0, 1), 17] and drawn_gradients [2, 2, draws, 17], within the rounding;
        path_targets [C], path_sweeps [K], path [2, C, K, 17], weights in training from the printed networks;
        seeds [S], kept_sweeps [K]; layer_1 [C + M, S, K, 2, 7] and layer_2 [C + M, S, K, 1, 3], for the C codings and
        then the M margins; first_sweep [C + M, S], the first with all outputs correct, -1 if never;
        rounded_gradients [C + M, S, 2, 17] for weights rounded to 0.1 at the kept sweep nearest to 1,425.
    """
    rng = np.random.default_rng(1986)
    printed, drawn = [], []
    for layers in PRINTS.values():
        weights = np.concatenate([layer.ravel() for layer in layers])
        offsets = rng.uniform(-1, 1, (protocol.draws, weights.size)) * rounding(layers)
        printed.append(gradients(torch.tensor(weights[:, None]))[..., 0].numpy())
        drawn.append(gradients(torch.tensor((weights + offsets).T.copy())).permute(0, 2, 1).numpy())

    runs = [symmetry.train(protocol.coded(t), seeds, device, data) for t in protocol.off_targets]
    runs += [_with_margin(protocol, margin, seeds, device) for margin in protocol.margins]
    at_mark = int(np.argmin(np.abs(np.array(protocol.kept_sweeps) - PRINTED_SWEEPS)))
    rounded = []
    for run in runs:
        flat = [run[name][:, at_mark].reshape(len(seeds), -1) for name in ("layer_1", "layer_2")]
        weights = np.round(np.concatenate(flat, axis=1).astype(float), 1)
        rounded.append(gradients(torch.tensor(weights.T.copy())).permute(2, 0, 1).numpy())
    return {
        "printed_gradients": np.stack(printed),
        "drawn_gradients": np.stack(drawn),
        "path_targets": np.array(protocol.off_targets),
        "path_sweeps": np.array(protocol.path),
        "path": np.stack(
            [[_continued(protocol, layers, t, device) for t in protocol.off_targets] for layers in PRINTS.values()]
        ),
        "seeds": np.array(seeds),
        "kept_sweeps": np.array(protocol.kept_sweeps),
        **{name: np.stack([run[name] for run in runs]) for name in ("layer_1", "layer_2")},
        "first_sweep": np.stack([run["first_sweep"][:, 0] for run in runs]),
        "rounded_gradients": np.stack(rounded),
    }


def gradients(parameters: Tensor) -> Tensor:
    """dE/dw for targets t = 0 and t = 1: [2, 17, networks] from weights [17, networks]."""
    found = []
    for t in (0.0, 1.0):
        inputs, targets = _cases((t, 1 - t), parameters.dtype)
        network = Network(ARCHITECTURE, inputs, targets, parameters)
        network.forward()
        network.backward()
        found.append(network.gradient.clone())
    return torch.stack(found)


def _cases(targets: tuple[float, float], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Inputs and targets in the shape that a Network takes."""
    inputs = measures.cases()
    d = np.where(measures.is_palindrome(inputs), targets[1], targets[0])
    return with_extra_unit(torch.tensor(inputs, dtype=dtype)), torch.tensor(d, dtype=dtype).view(1, -1, 1)


def _continued(protocol: Protocol, layers: tuple[np.ndarray, np.ndarray], t: float, device: str) -> np.ndarray:
    """Weights [K, 17] in training from a printed network, in double precision to resolve the smallest changes."""
    inputs, targets = (cases.double() for cases in symmetry.patterns(Symmetry(targets=(t, 1 - t))))
    trained = training.train(
        training.Task(ARCHITECTURE, inputs, targets),
        [torch.tensor(layer).unsqueeze(-1) for layer in layers],
        training.Descent(protocol.epsilon, protocol.alpha),
        max(1, *protocol.path),
        criteria=training.Criteria(bounds=()),
        record=training.Record(keep=protocol.path),
        dtype=torch.float64,
        device="cpu" if device == "mps" else resolve_device(device),  # mps has no double precision
    )
    return np.stack([flatten(trained.weights[sweep])[:, 0].numpy() for sweep in protocol.path])


def _with_margin(protocol: Protocol, margin: float, seeds: tuple[int, ...], device: str) -> dict[str, np.ndarray]:
    """Training with targets 0 and 1 and with every error within the margin set to zero."""
    inputs, targets = symmetry.patterns(Symmetry())
    trained = training.train(
        training.Task(ARCHITECTURE, inputs, targets, margin=training.Margin(margin)),
        initial_weights(ARCHITECTURE, seeds, protocol.weight_range),
        training.Descent(protocol.epsilon, protocol.alpha),
        protocol.sweeps,
        criteria=training.Criteria((0.5,)),
        record=training.Record(protocol.kept_sweeps, every=protocol.sweeps),
        device=resolve_device(device),
    )
    layers = [np.stack([trained.weights[sweep][layer].numpy() for sweep in protocol.kept_sweeps]) for layer in range(2)]
    return {
        "layer_1": layers[0].transpose(3, 0, 1, 2),
        "layer_2": layers[1].transpose(3, 0, 1, 2),
        "first_sweep": trained.first_sweep.numpy().T,
    }
