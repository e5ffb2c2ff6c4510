"""Functions that define their own derivative, for autograd and for traversals by hand.

Each `torch.autograd.Function` defines its output and how a gradient with respect to the output becomes one with respect
to the inputs. `forward` and `backward` do for a whole two-layer perceptron what autograd does with these functions, one
line per step. Lab 003 asks for Linear and ReQU, and gives ReLU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class Linear(Function):
    """y = x Wᵀ, from inputs x [cases, inputs] and weights W [outputs, inputs] to y [cases, outputs]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        """The outputs; both factors are saved, because each is the derivative with respect to the other."""
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Gradients of x and W; only those that are needed are computed."""
        (gradient,) = gradients
        x, weight = ctx.saved_tensors
        return (
            gradient @ weight if ctx.needs_input_grad[0] else None,
            gradient.T @ x if ctx.needs_input_grad[1] else None,
        )


class ReLU(Function):
    """x where x > 0, else 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The outputs."""
        ctx.save_for_backward(x)
        return relu(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient passes where the input is positive."""
        return gradients[0] * relu_slope(*ctx.saved_tensors)


class ReQU(Function):
    """x² where x > 0, else 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The outputs."""
        ctx.save_for_backward(x)
        return requ(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient, times 2x where the input is positive."""
        return gradients[0] * requ_slope(*ctx.saved_tensors)


class Squareplus(Function):
    """(x + √(x² + 4)) / 2, a smooth ReLU that torch lacks: our choice for the lab's task "custom activation"."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The outputs."""
        ctx.save_for_backward(x)
        return squareplus(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient, times a slope that grows from 0 to 1."""
        return gradients[0] * squareplus_slope(*ctx.saved_tensors)


class Sigmoid(Function):
    """1 / (1 + exp(-x)), the lab's own hidden units."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The outputs."""
        ctx.save_for_backward(x)
        return torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient, times y (1 - y)."""
        return gradients[0] * sigmoid_slope(*ctx.saved_tensors)


def relu(x: Tensor) -> Tensor:
    """x where x > 0, else 0."""
    return x.clamp(min=0)


def relu_slope(x: Tensor) -> Tensor:
    """1 where x > 0, else 0; torch, too, returns 0 at 0, where there is no derivative."""
    return (x > 0).to(x.dtype)


def requ(x: Tensor) -> Tensor:
    """x² where x > 0, else 0."""
    return x.clamp(min=0).square()


def requ_slope(x: Tensor) -> Tensor:
    """2x where x > 0, else 0."""
    return 2 * x.clamp(min=0)


def squareplus(x: Tensor) -> Tensor:
    """(x + √(x² + 4)) / 2; for negative x as 2 / (√(x² + 4) - x), which avoids cancellation."""
    size = x.abs() + (x.square() + 4).sqrt()
    return torch.where(x > 0, size / 2, 2 / size)


def squareplus_slope(x: Tensor) -> Tensor:
    """(1 + x / √(x² + 4)) / 2."""
    return (1 + x / (x.square() + 4).sqrt()) / 2


def sigmoid_slope(x: Tensor) -> Tensor:
    """y (1 - y) at y = sigmoid(x)."""
    y = torch.sigmoid(x)
    return y * (1 - y)


@dataclass(frozen=True)
class Activation:
    """An activation in three forms: value and slope for traversals by hand, and a function for autograd."""

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    function: type[Function]


ACTIVATIONS = {
    "sigmoid": Activation(torch.sigmoid, sigmoid_slope, Sigmoid),
    "relu": Activation(relu, relu_slope, ReLU),
    "requ": Activation(requ, requ_slope, ReQU),
    "squareplus": Activation(squareplus, squareplus_slope, Squareplus),
}

Weights = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Traversal:
    """What a forward traversal saves for the backward one: inputs, and each layer's total inputs and outputs."""

    x: Tensor
    hidden_total: Tensor
    hidden: Tensor
    scores: Tensor


def forward(weights: Weights, activation: Activation, x: Tensor) -> Traversal:
    """Scores [cases, classes] of a two-layer perceptron without biases, and what its backward traversal needs."""
    first, second = weights
    hidden_total = x @ first.T
    hidden = activation.value(hidden_total)
    return Traversal(x, hidden_total, hidden, hidden @ second.T)


def cross_entropy(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The mean cross-entropy of scores [cases, classes] and its gradient: (softmax - one-hot target) / cases."""
    log_share = scores - scores.logsumexp(1, keepdim=True)
    chosen = labels[:, None]
    gradient = log_share.exp()
    gradient.scatter_add_(1, chosen, torch.full_like(chosen, -1, dtype=scores.dtype))
    return -log_share.gather(1, chosen).mean(), gradient / len(labels)


def backward(weights: Weights, activation: Activation, traversal: Traversal, gradient: Tensor) -> Weights:
    """Gradients of both weight matrices, from the gradient of the scores [cases, classes]."""
    to_hidden = gradient @ weights[1]
    to_total = to_hidden * activation.slope(traversal.hidden_total)
    return to_total.T @ traversal.x, gradient.T @ traversal.hidden


def perceptron(weights: Weights, activation: Activation, x: Tensor) -> Tensor:
    """The same scores computed with our functions, so that autograd can differentiate them."""
    first, second = weights
    return Linear.apply(activation.function.apply(Linear.apply(x, first)), second)
