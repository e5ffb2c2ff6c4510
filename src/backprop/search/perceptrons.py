"""A two-layer perceptron's loss as a function of its flat parameter vector, for many parameter vectors at once.

A search without gradients uses only parameters and their loss. So the loss is a pure function of a stack of parameter
vectors [n, d]. Their layout is that of two torch Linear layers: the weights of the hidden units [hidden, inputs], then
those of the output units [outputs, hidden], row by row; if there are biases, a unit's bias is the last in its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

HIDDEN: dict[str, Callable[[Tensor], Tensor]] = {
    "logistic": torch.sigmoid_,
    "threshold": lambda x: torch.heaviside(x, x.new_zeros(())),
}
"""Activations of hidden units; a threshold unit is 1 above 0, and its derivative is 0 wherever it exists."""


def _cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    at_label = outputs.gather(-2, labels.expand(*outputs.shape[:-2], 1, -1))[..., 0, :]
    return (outputs.logsumexp(-2) - at_label).mean(-1)


def _misclassified(outputs: Tensor, labels: Tensor) -> Tensor:
    return (outputs.argmax(-2) != labels).to(outputs.dtype).mean(-1)


def _half_sum(outputs: Tensor, targets: Tensor) -> Tensor:
    return 0.5 * (torch.sigmoid(outputs) - targets.mT).square().sum((-2, -1))


def _wrong_side(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs > 0) != (targets.mT > 0.5)).to(outputs.dtype).mean((-2, -1))


OBJECTIVES = {
    "cross_entropy": _cross_entropy,
    "misclassified": _misclassified,
    "half_sum": _half_sum,
    "wrong_side": _wrong_side,
}
"""Losses [...] of the output units' total inputs [..., outputs, cases].

Against labels [cases]: mean cross-entropy of the softmax, and the share of misclassified cases. Against targets
[cases, outputs]: half the sum of squares of logistic outputs (RHW equation 3), and the share of outputs on the wrong
side of one half.
"""


@dataclass(frozen=True)
class Perceptron:
    """A two-layer network: shape, activation, objective and cases.

    Attributes:
        inputs: [cases, inputs].
        targets: labels [cases] or target values [cases, outputs], as the objective needs.
        hidden_units, outputs: numbers of units.
        hidden: a key of HIDDEN.
        objective: a key of OBJECTIVES.
        biases: whether units have biases.
    """

    inputs: Tensor
    targets: Tensor
    hidden_units: int
    outputs: int
    hidden: str = "logistic"
    objective: str = "cross_entropy"
    biases: bool = False

    @property
    def shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Shapes of the two weight matrices, a column for the biases included."""
        more = int(self.biases)
        return (self.hidden_units, self.inputs.shape[1] + more), (self.outputs, self.hidden_units + more)

    @property
    def size(self) -> int:
        """The number of parameters, d."""
        return sum(rows * columns for rows, columns in self.shapes)

    def layers(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The two weight matrices [..., units, inputs] as views into parameters [..., d]."""
        first, second = self.shapes
        cut = first[0] * first[1]
        lead = parameters.shape[:-1]
        return parameters[..., :cut].reshape(*lead, *first), parameters[..., cut:].reshape(*lead, *second)

    def totals(self, parameters: Tensor) -> Tensor:
        """The output units' total inputs [..., outputs, cases]; differentiable by autograd except with thresholds."""
        return self._totals(*self.layers(parameters))

    def losses(self, parameters: Tensor) -> Tensor:
        """The loss of every parameter vector [..., d] -> [...]."""
        return OBJECTIVES[self.objective](self.totals(parameters), self.targets)

    def gradient(self, w: Tensor) -> Tensor:
        """The gradient [..., d] of the loss of every parameter vector w [..., d], by back-propagation."""
        layers = [layer.detach().requires_grad_() for layer in self.layers(w)]
        loss = OBJECTIVES[self.objective](self._totals(*layers), self.targets).sum()
        return torch.cat([part.flatten(-2) for part in torch.autograd.grad(loss, layers)], -1)

    def near(self, w: Tensor) -> Callable[[Tensor, tuple[float, ...]], Tensor]:
        """Losses around w [..., d]: a function of perturbations v [..., n, d] and factors s -> [..., len(s), n].

        v has the leading axes of w, and the losses are those at w + s v. Since x (W + s V) = x W + s x V, the products
        with the inputs, most of the work, are computed once for all factors, and w + s v of the first layer, most of
        the memory, is never formed.
        """
        w_1, w_2 = self.layers(w)
        at_w = self._hidden_totals(w_1)[..., None, :, :]

        def losses(v: Tensor, factors: tuple[float, ...]) -> Tensor:
            v_1, v_2 = self.layers(v)
            change = self._hidden_totals(v_1)
            values = []
            for k, s in enumerate(factors, start=1):
                # in place for the last factor: new memory for every chunk costs as much as the sum itself
                out = change if k == len(factors) else None
                totals = torch.add(at_w, change, alpha=s, out=out)
                outputs = self._from_hidden(totals, w_2[..., None, :, :] + s * v_2)
                values.append(OBJECTIVES[self.objective](outputs, self.targets))
            return torch.stack(values, dim=-2)

        return losses

    def _totals(self, first: Tensor, second: Tensor) -> Tensor:
        return self._from_hidden(self._hidden_totals(first), second)

    def _hidden_totals(self, first: Tensor) -> Tensor:
        """Total inputs of the hidden units [..., hidden, cases], by one product for all networks of the stack."""
        weights = first[..., :-1] if self.biases else first
        totals = (weights.reshape(-1, weights.shape[-1]) @ self.inputs.mT).view(*first.shape[:-1], -1)
        return totals + first[..., -1:] if self.biases else totals

    def _from_hidden(self, totals: Tensor, second: Tensor) -> Tensor:
        hidden = HIDDEN[self.hidden](totals)
        if not self.biases:
            return torch.matmul(second, hidden)
        return torch.matmul(second[..., :-1], hidden) + second[..., -1:]

    def replace(self, **changes: Any) -> Perceptron:
        """The same network with other cases, units or objective."""
        return Perceptron(**{**self.__dict__, **changes})


def default_weights(network: Perceptron, seed: int) -> Tensor:
    """torch's default initial weights for Linear layers [d]: uniform within 1 / sqrt(inputs), drawn from the seed."""
    generator = torch.Generator().manual_seed(seed)
    layers = [(2 * torch.rand(shape, generator=generator) - 1) / shape[1] ** 0.5 for shape in network.shapes]
    return torch.cat([layer.flatten() for layer in layers]).to(network.inputs.device)


@dataclass(frozen=True)
class Span:
    """A perceptron restricted to the subspace that its cases span: the same losses with far fewer parameters.

    A batch of 100 images spans 100 of 784 dimensions. The part of a first-layer perturbation that is orthogonal to them
    changes no loss, so the loss equals exactly that of a network with `cases` inputs. Given the losses, the orthogonal
    part of the Evolution Search estimate sum c_i e_i is Gaussian noise of size |c|, which is drawn once instead of once
    per perturbation. The distribution is the same, at an eighth of the work.

    Attributes:
        network: the same losses, as a function of fewer parameters.
        basis: [inputs, rank], orthonormal columns that span the cases.
        whole: the original network.
    """

    network: Perceptron
    basis: Tensor
    whole: Perceptron

    @classmethod
    def of(cls, network: Perceptron) -> Span:
        """The restriction of a network to the span of its cases; ValueError if it has biases."""
        if network.biases:
            raise ValueError("Span needs a network without biases")
        basis, triangle = torch.linalg.qr(network.inputs.mT)
        return cls(network.replace(inputs=triangle.mT.contiguous()), basis, network)

    def inside(self, w: Tensor) -> Tensor:
        """Parameters [d] of the whole network, projected to the smaller one's [network.size]."""
        first, second = self.whole.layers(w)
        return torch.cat([torch.matmul(first, self.basis).flatten(), second.flatten()])

    def whole_estimate(self, gradient: Tensor, coefficients: Tensor, generator: torch.Generator) -> Tensor:
        """An estimate [d] for all parameters, from one [network.size] in the span and its coefficients c_i."""
        first, second = self.network.layers(gradient)
        size = torch.linalg.vector_norm(coefficients)
        shape = self.whole.shapes[0]
        noise = size * torch.randn(shape, generator=generator, device=first.device, dtype=first.dtype)
        noise += torch.matmul(first - torch.matmul(noise, self.basis), self.basis.mT)
        return torch.cat([noise.flatten(), second.flatten()])
