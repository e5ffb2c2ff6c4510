"""Fit the lines of all seeds in parallel, in single precision as in the lab.

Everything runs on the CPU, because a step is short: 5,000 numbers per line.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from backprop.experiments.line.protocol import Protocol


class Lines(NamedTuple):
    """Stacked lines: `x` [N], noisy `y` [S, N], `truth` and `initial` parameters (a, b) [S, 2]."""

    x: torch.Tensor
    y: torch.Tensor
    truth: torch.Tensor
    initial: torch.Tensor


def train(protocol: Protocol, seeds: tuple[int, ...], device: str, data: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Fit the lab's own line first, then one line per seed; parameters are (a, b).

    Returns:
        seeds [S]; truth, least_squares [S, 2]; x, y [N] of the lab's own data set;
        small, large, adam [S, steps + 1, 2]: the parameters before the first and after each step, nan after single
        precision overflows; their mean squared errors small_mse, large_mse, adam_mse [S, steps + 1];
        curvatures [2]: eigenvalues of the Hessian of the summed error, largest first, the same for every line;
        margin_growth [S, 2]: the factor by which one step multiplies the distance to least squares along the steepest
        direction, for each of `margins`, in double precision, averaged over the last half of the steps;
        rates [R] and rate_distances [R]: distance to least squares after descent at each rate, in double precision;
        mesh_a, mesh_b [M] and surface [M, M]: mean squared error at (a, b); a row has one b.
    """
    lines = draw(protocol, protocol.trained_seeds)
    exact = Lines(*(part.double() for part in lines))
    least_squares = torch.linalg.lstsq(design(exact.x), exact.y.T).solution.T
    curvatures, directions = torch.linalg.eigh(2 * design(exact.x).T @ design(exact.x))
    limit = 2 / curvatures[-1].item()
    arrays: dict[str, torch.Tensor] = {
        "truth": lines.truth,
        "least_squares": least_squares,
        "x": lines.x,
        "y": lines.y[0],
        "curvatures": curvatures.flip(0),
    }
    paths = {
        "small": descend(lines, protocol.small_rate, protocol.small_steps),
        "large": descend(lines, protocol.large_rate, protocol.large_steps),
        "adam": adam(lines, protocol.adam_rate, protocol.adam_steps),
    }
    for name, path in paths.items():
        arrays[name], arrays[f"{name}_mse"] = path, mean_squared_error(lines, path)
    along = [
        (descend(exact, share * limit, protocol.rate_steps) - least_squares[:, None]) @ directions[:, -1]
        for share in protocol.margins
    ]
    arrays["margin_growth"] = torch.stack([_growth(distance) for distance in along], dim=1)
    arrays["rates"], arrays["rate_distances"] = _scan(protocol, exact, least_squares[0])
    a, b = (
        torch.linspace(value - protocol.mesh_reach, value + protocol.mesh_reach, protocol.mesh).double()
        for value in exact.truth[0].tolist()
    )
    arrays |= {"mesh_a": a, "mesh_b": b, "surface": loss_surface(exact.x, exact.y[0], a, b)}
    return {"seeds": np.array(protocol.trained_seeds), **{name: array.numpy() for name, array in arrays.items()}}


def draw(protocol: Protocol, seeds: tuple[int, ...]) -> Lines:
    """Line, noise and initial parameters of each seed: the same numbers that the lab draws with that seed."""
    x = np.linspace(-protocol.reach, protocol.reach, protocol.points, dtype=np.float32)
    truths, noisy, initial = [], [], []
    for seed in seeds:
        # RandomState(seed) draws what the lab's global generator draws after np.random.seed(seed)
        random = np.random.RandomState(seed)
        a, b = random.uniform(low=-2.0, high=2.0, size=2)
        noise = random.normal(size=x.shape).astype(np.float32)
        truths.append((a, b))
        noisy.append(np.float32(a) * x + np.float32(b) + np.float32(protocol.noise) * noise)
        # what Linear(1, 1) draws after torch.manual_seed(seed): both parameters uniform between -1 and 1
        initial.append(torch.empty(2).uniform_(-1, 1, generator=torch.Generator().manual_seed(seed)))
    return Lines(
        torch.from_numpy(x), torch.from_numpy(np.stack(noisy)), torch.tensor(truths).float(), torch.stack(initial)
    )


def design(x: torch.Tensor) -> torch.Tensor:
    """The design matrix [N, 2]: its columns are multiplied by a and by b."""
    return torch.stack([x, torch.ones_like(x)], dim=1)


def gradient(lines: Lines, parameters: torch.Tensor) -> torch.Tensor:
    """Gradient of the summed squared error by hand [S, 2]: 2 Σ (ax + b - y) x and 2 Σ (ax + b - y)."""
    errors = torch.addmm(lines.y, parameters, design(lines.x).T, beta=-1)
    return 2 * errors @ design(lines.x)


def descend(lines: Lines, rate: float | torch.Tensor, steps: int) -> torch.Tensor:
    """Parameters [S, steps + 1, 2] along plain descent on the summed squared error; `rate` may be [S, 1]."""
    path = [lines.initial]
    for _ in range(steps):
        path.append(path[-1] - rate * gradient(lines, path[-1]))
        if not path[-1].isfinite().any():  # all lines have overflowed: the rest is nan
            break
    rest = [torch.full_like(lines.initial, torch.nan)] * (steps + 1 - len(path))
    stacked = torch.stack([*path, *rest], dim=1)
    return stacked.masked_fill(~stacked.isfinite().all(dim=2, keepdim=True), torch.nan)


def adam(lines: Lines, rate: float, steps: int) -> torch.Tensor:
    """Parameters [S, steps + 1, 2] along torch's Adam on the mean squared error.

    Adam treats each number separately, so one optimizer over all lines is the same as one optimizer per line.
    """
    parameters = lines.initial.clone()
    optimizer = torch.optim.Adam([parameters], lr=rate)
    path = [parameters.clone()]
    for _ in range(steps):
        parameters.grad = gradient(lines, parameters) / len(lines.x)
        optimizer.step()
        path.append(parameters.clone())
    return torch.stack(path, dim=1)


def mean_squared_error(lines: Lines, path: torch.Tensor) -> torch.Tensor:
    """Mean squared error [S, T] at the parameters [S, T, 2], in double precision; nan where the parameters are."""
    exact = [part.double() for part in lines]
    return torch.stack([_quadratic(exact[0], y, *points.double().T) for y, points in zip(exact[1], path, strict=True)])


def loss_surface(x: torch.Tensor, y: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean squared error [B, A] of the lines with slopes `a` [A] and intercepts `b` [B] over the points x, y [N]."""
    return _quadratic(x, y, a[None, :], b[:, None])


def _quadratic(x: torch.Tensor, y: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean of (ax + b - y)² over the points, for any shapes of a and b: six means over the points suffice."""
    return (
        (y * y).mean() + a * a * (x * x).mean() + b * b
        + 2 * (a * b * x.mean() - a * (x * y).mean() - b * y.mean())
    )  # fmt: skip


def _growth(distance: torch.Tensor) -> torch.Tensor:
    """The factor per step [S], averaged over the last half of the distances [S, T]."""
    half = distance.shape[1] // 2
    return (distance[:, -1] / distance[:, half]).abs() ** (1 / (distance.shape[1] - 1 - half))


def _scan(protocol: Protocol, exact: Lines, least_squares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rates [R], and the distance of the shown line to least squares after descent at each, all rates in parallel."""
    low, high = protocol.rate_range
    rates = torch.logspace(np.log10(low), np.log10(high), protocol.rates, dtype=torch.float64)
    copies = Lines(exact.x, *(part[:1].expand(len(rates), -1) for part in exact[1:]))
    path = descend(copies, rates[:, None], protocol.rate_steps)
    return rates, (path[:, -1] - least_squares).norm(dim=1)
