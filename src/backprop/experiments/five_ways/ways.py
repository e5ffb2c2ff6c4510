"""The network five times, with more and more of the work left to the library.

Each function takes inputs x [N, D], targets y [N, K] and weights w1 [D, H], w2 [H, K], takes `steps` steps down the
summed squared error and returns the loss before each. They are written out, not shared, because that is the lesson.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch


class Setting(NamedTuple):
    """Inputs x [N, D], targets y [N, K], initial weights w1 [D, H] and w2 [H, K], rate and number of steps."""

    x: np.ndarray
    y: np.ndarray
    w1: np.ndarray
    w2: np.ndarray
    epsilon: float
    steps: int


def with_numpy(setting: Setting) -> list[float]:
    """Forward and backward pass by hand, on arrays."""
    x, y, w1, w2 = setting.x, setting.y, setting.w1.copy(), setting.w2.copy()
    losses = []
    for _ in range(setting.steps):
        h = x @ w1
        relu = np.maximum(h, 0)
        error = relu @ w2 - y
        losses.append(float(np.square(error).sum()))

        by_output = 2 * error
        by_w2 = relu.T @ by_output
        by_hidden = by_output @ w2.T
        by_hidden[h < 0] = 0
        by_w1 = x.T @ by_hidden

        w1 -= setting.epsilon * by_w1
        w2 -= setting.epsilon * by_w2
    return losses


def with_tensors(setting: Setting) -> list[float]:
    """The same by hand, on tensors."""
    x, y, w1, w2 = (torch.tensor(array) for array in setting[:4])
    losses = []
    for _ in range(setting.steps):
        h = x.mm(w1)
        relu = h.clamp(min=0)
        error = relu.mm(w2) - y
        losses.append(error.square().sum().item())

        by_output = 2 * error
        by_w2 = relu.t().mm(by_output)
        by_hidden = by_output.mm(w2.t())
        by_hidden[h < 0] = 0
        by_w1 = x.t().mm(by_hidden)

        w1 -= setting.epsilon * by_w1
        w2 -= setting.epsilon * by_w2
    return losses


def with_autograd(setting: Setting) -> list[float]:
    """The backward pass left to autograd."""
    x, y = torch.tensor(setting.x), torch.tensor(setting.y)
    w1, w2 = (torch.tensor(array, requires_grad=True) for array in (setting.w1, setting.w2))
    losses = []
    for _ in range(setting.steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).square().sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                assert w.grad is not None
                w -= setting.epsilon * w.grad
                w.grad = None
    return losses


def with_nn(setting: Setting) -> list[float]:
    """The layers left to nn as well, the update still by hand."""
    model = _model(setting)
    return _with_nn(model, setting)


def with_optim(setting: Setting) -> list[float]:
    """The update left to optim too: plain descent."""
    model = _model(setting)
    return _with_optim(model, torch.optim.SGD(model.parameters(), lr=setting.epsilon), setting)


def with_adam(setting: Setting) -> list[float]:
    """The same with Adam's rule in the place of plain descent."""
    model = _model(setting)
    return _with_optim(model, torch.optim.Adam(model.parameters(), lr=setting.epsilon), setting)


PLAIN: dict[str, Callable[[Setting], list[float]]] = {
    "numpy": with_numpy,
    "tensors": with_tensors,
    "autograd": with_autograd,
    "nn": with_nn,
    "optim": with_optim,
}
"""Plain descent, five ways."""


def library_descent(setting: Setting, seed: int) -> list[float]:
    """The lab's nn version: biases, and initial weights by the library; w1 and w2 of the setting give sizes only."""
    return _with_nn(_library_model(setting, seed), setting)


def library_adam(setting: Setting, seed: int) -> list[float]:
    """The lab's optim version: the same network and start as `library_descent`, Adam's rule."""
    model = _library_model(setting, seed)
    return _with_optim(model, torch.optim.Adam(model.parameters(), lr=setting.epsilon), setting)


def _with_nn(model: torch.nn.Module, setting: Setting) -> list[float]:
    x, y = torch.tensor(setting.x), torch.tensor(setting.y)
    loss_function = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(setting.steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for w in model.parameters():
                assert w.grad is not None
                w.sub_(setting.epsilon * w.grad)
    return losses


def _with_optim(model: torch.nn.Module, optimizer: torch.optim.Optimizer, setting: Setting) -> list[float]:
    x, y = torch.tensor(setting.x), torch.tensor(setting.y)
    loss_function = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(setting.steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def _model(setting: Setting) -> torch.nn.Module:
    """The network without biases, its weights those of the setting; Linear keeps them transposed."""
    (inputs, hidden), outputs = setting.w1.shape, setting.w2.shape[1]
    first, second = torch.nn.Linear(inputs, hidden, bias=False), torch.nn.Linear(hidden, outputs, bias=False)
    first.weight = torch.nn.Parameter(torch.tensor(setting.w1.T))
    second.weight = torch.nn.Parameter(torch.tensor(setting.w2.T))
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)


def _library_model(setting: Setting, seed: int) -> torch.nn.Module:
    (inputs, hidden), outputs = setting.w1.shape, setting.w2.shape[1]
    with torch.random.fork_rng(devices=[]):  # Linear draws from the global generator, which is left as it was
        torch.manual_seed(seed)
        layers = torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    return torch.nn.Sequential(*layers).to(torch.tensor(setting.x).dtype)
