"""The network five times, with more and more of the work left to the library.

Each function takes a Problem, makes `steps` steps of descent on the summed squared error and returns the loss before
each step. The functions share no code, because their comparison is the lesson.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch


class Problem(NamedTuple):
    """Inputs x [N, D], targets y [N, K], initial weights w1 [D, H] and w2 [H, K], learning rate, number of steps."""

    x: np.ndarray
    y: np.ndarray
    w1: np.ndarray
    w2: np.ndarray
    learning_rate: float
    steps: int


def with_numpy(problem: Problem) -> list[float]:
    """Forward pass, backward pass and update by hand, on arrays."""
    x, y, w1, w2 = problem.x, problem.y, problem.w1.copy(), problem.w2.copy()
    losses = []
    for _ in range(problem.steps):
        h = x @ w1
        relu = np.maximum(h, 0)
        error = relu @ w2 - y
        losses.append(float(np.square(error).sum()))

        grad_output = 2 * error
        grad_w2 = relu.T @ grad_output
        grad_hidden = grad_output @ w2.T
        grad_hidden[h < 0] = 0
        grad_w1 = x.T @ grad_hidden

        w1 -= problem.learning_rate * grad_w1
        w2 -= problem.learning_rate * grad_w2
    return losses


def with_tensors(problem: Problem) -> list[float]:
    """All three by hand, on tensors."""
    x, y, w1, w2 = (torch.tensor(array) for array in problem[:4])
    losses = []
    for _ in range(problem.steps):
        h = x.mm(w1)
        relu = h.clamp(min=0)
        error = relu.mm(w2) - y
        losses.append(error.square().sum().item())

        grad_output = 2 * error
        grad_w2 = relu.t().mm(grad_output)
        grad_hidden = grad_output.mm(w2.t())
        grad_hidden[h < 0] = 0
        grad_w1 = x.t().mm(grad_hidden)

        w1 -= problem.learning_rate * grad_w1
        w2 -= problem.learning_rate * grad_w2
    return losses


def with_autograd(problem: Problem) -> list[float]:
    """The backward pass by autograd; forward pass and update by hand."""
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    w1, w2 = (torch.tensor(array, requires_grad=True) for array in (problem.w1, problem.w2))
    losses = []
    for _ in range(problem.steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).square().sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                assert w.grad is not None
                w -= problem.learning_rate * w.grad
                w.grad = None
    return losses


def with_nn(problem: Problem) -> list[float]:
    """The layers by nn, the backward pass by autograd; the update by hand."""
    model = _model(problem)
    return _with_nn(model, problem)


def with_optim(problem: Problem) -> list[float]:
    """The layers by nn, the backward pass by autograd, the update by optim: plain descent."""
    model = _model(problem)
    return _with_optim(model, torch.optim.SGD(model.parameters(), lr=problem.learning_rate), problem)


def with_adam(problem: Problem) -> list[float]:
    """As `with_optim`, with the update rule of Adam instead of plain descent."""
    model = _model(problem)
    return _with_optim(model, torch.optim.Adam(model.parameters(), lr=problem.learning_rate), problem)


PLAIN: dict[str, Callable[[Problem], list[float]]] = {
    "numpy": with_numpy,
    "tensors": with_tensors,
    "autograd": with_autograd,
    "nn": with_nn,
    "optim": with_optim,
}
"""Plain descent, five ways."""


def library_descent(problem: Problem, seed: int) -> list[float]:
    """The nn version of the lab: biases, and initial weights by nn.Linear; w1 and w2 of the problem give the sizes."""
    return _with_nn(_library_model(problem, seed), problem)


def library_adam(problem: Problem, seed: int) -> list[float]:
    """The optim version of the lab: the network and initial weights of `library_descent`, trained by Adam."""
    model = _library_model(problem, seed)
    return _with_optim(model, torch.optim.Adam(model.parameters(), lr=problem.learning_rate), problem)


def _with_nn(model: torch.nn.Module, problem: Problem) -> list[float]:
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    loss_function = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(problem.steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for w in model.parameters():
                assert w.grad is not None
                w.sub_(problem.learning_rate * w.grad)
    return losses


def _with_optim(model: torch.nn.Module, optimizer: torch.optim.Optimizer, problem: Problem) -> list[float]:
    x, y = torch.tensor(problem.x), torch.tensor(problem.y)
    loss_function = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(problem.steps):
        loss = loss_function(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def _model(problem: Problem) -> torch.nn.Module:
    """The network without biases, with the weights of the problem; nn.Linear stores them transposed."""
    (inputs, hidden), outputs = problem.w1.shape, problem.w2.shape[1]
    first, second = torch.nn.Linear(inputs, hidden, bias=False), torch.nn.Linear(hidden, outputs, bias=False)
    first.weight = torch.nn.Parameter(torch.tensor(problem.w1.T))
    second.weight = torch.nn.Parameter(torch.tensor(problem.w2.T))
    return torch.nn.Sequential(first, torch.nn.ReLU(), second)


def _library_model(problem: Problem, seed: int) -> torch.nn.Module:
    (inputs, hidden), outputs = problem.w1.shape, problem.w2.shape[1]
    with torch.random.fork_rng(devices=[]):  # nn.Linear draws from the global generator; this restores it
        torch.manual_seed(seed)
        layers = torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    return torch.nn.Sequential(*layers).to(torch.tensor(problem.x).dtype)
