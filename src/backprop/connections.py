"""The weights from one layer to another, and their share of equations (1), (6) and (7), four ways.

Which way is fastest depends on the shapes only; `connect` chooses. All four take the same tensors:

    y      [n_i (+ 1), cases, networks]       activity below, with the extra unit if these weights hold the bias
    w      [n_j, n_i (+ 1), networks]         weights, dE_dw alike
    x      [n_j, cases, networks]             total input above, dE_dx alike
    dE_dy  [n_i, cases, networks]             below; None if there is nothing to adjust below
    nearest  these weights hold the bias: they come first in (1) and start x, the others add to it
    highest  these weights come first in (7) and start dE_dy, the others add to it
"""
# ruff: noqa: N815 - dE_dx and its kin are the paper's names

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

# From so many weights on, a matrix product per network beats one pass over the cases per weight (measured).
DENSE = 256


class Connection(Protocol):
    """What every way offers; the three are called in this order in each sweep."""

    def total_input(self) -> None:
        """(1): x_j += sum_i y_i w_ji."""

    def weight_gradient(self) -> None:
        """(6): dE/dw_ji = sum over cases of dE/dx_j y_i."""

    def error_below(self) -> None:
        """(7): dE/dy_i += sum_j dE/dx_j w_ji."""


@dataclass
class Ends:
    """The tensors between two layers, as the module's docstring lays them out."""

    w: Tensor
    dE_dw: Tensor
    y: Tensor
    x: Tensor
    dE_dx: Tensor
    dE_dy: Tensor | None
    nearest: bool
    highest: bool


def connect(ends: Ends) -> Connection:
    """The fastest way for these shapes."""
    if ends.x.shape[1] == 1:
        return _OneCase(ends)
    if ends.y.shape[2] != ends.x.shape[2]:
        return _SharedInputs(ends)
    if ends.w.shape[0] * ends.w.shape[1] >= DENSE:
        return _Dense(ends)
    return _Sparse(ends)


class _SharedInputs:
    """From inputs that all networks share: one matrix product [cases, n_i] [n_i, networks] per unit above."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._inputs = ends.y[:, :, 0].t().contiguous().expand(len(ends.w), -1, -1)
        self._transposed = ends.y[:, :, 0].contiguous().expand(len(ends.w), -1, -1)

    def total_input(self) -> None:
        """(1)."""
        if self._ends.nearest:
            torch.bmm(self._inputs, self._ends.w, out=self._ends.x)
        else:
            torch.baddbmm(self._ends.x, self._inputs, self._ends.w, out=self._ends.x)

    def weight_gradient(self) -> None:
        """(6)."""
        torch.bmm(self._transposed, self._ends.dE_dx, out=self._ends.dE_dw)

    def error_below(self) -> None:
        """(7): nothing below the inputs."""


class _Sparse:
    """Few units: one pass over all cases and networks per weight, which stays in the cache."""

    def __init__(self, ends: Ends) -> None:
        w, dE_dw, nearest = ends.w, ends.dE_dw, ends.nearest
        n_i = w.shape[1] - nearest
        self._x, self._dE_dx, self._dE_dy, self._highest = ends.x, ends.dE_dx, ends.dE_dy, ends.highest
        self._y = ends.y[:n_i]
        self._bias = w[:, -1:] if nearest else None
        self._from = [(ends.y[i], w[:, i : i + 1]) for i in range(n_i)]
        self._to = [(ends.dE_dx[j], w[j, :n_i].unsqueeze(1), dE_dw[j, :n_i]) for j in range(len(w))]
        self._dE_dbias = dE_dw[:, -1] if nearest else None
        # dE/dy is free until error_below starts it, and of the shape that the products of (6) need
        free = ends.dE_dy if ends.highest else None
        self._products = torch.empty_like(self._y) if free is None else free

    def total_input(self) -> None:
        """(1)."""
        (y, w), *rest = self._from
        if self._bias is not None:
            torch.addcmul(self._bias, y, w, out=self._x)
        else:
            self._x.addcmul_(y, w)
        for y, w in rest:
            self._x.addcmul_(y, w)

    def weight_gradient(self) -> None:
        """(6)."""
        for dE_dx, _w, dE_dw in self._to:
            torch.mul(self._y, dE_dx, out=self._products)
            torch.sum(self._products, 1, out=dE_dw)
        if self._dE_dbias is not None:
            torch.sum(self._dE_dx, 1, out=self._dE_dbias)

    def error_below(self) -> None:
        """(7)."""
        if self._dE_dy is None:
            return
        (dE_dx, w, _), *rest = self._to
        if self._highest:
            torch.mul(dE_dx, w, out=self._dE_dy)
        else:
            self._dE_dy.addcmul_(dE_dx, w)
        for dE_dx, w, _ in rest:
            self._dE_dy.addcmul_(dE_dx, w)


class _OneCase:
    """One case at a time: products over all weights at once, as an outer product for (6)."""

    def __init__(self, ends: Ends) -> None:
        n_i = ends.w.shape[1] - ends.nearest
        self._w, self._dE_dw, self._nearest, self._highest = ends.w, ends.dE_dw, ends.nearest, ends.highest
        self._w_units = ends.w[:, :n_i]
        self._y, self._x, self._dE_dx = (
            ends.y[:, 0],
            ends.x[:, 0],
            ends.dE_dx,
        )  # the latter [n_j, 1, networks]
        self._dE_dy = None if ends.dE_dy is None else ends.dE_dy[:, 0]
        self._products = torch.empty_like(ends.w)
        self._unit_products = self._products[:, :n_i]

    def total_input(self) -> None:
        """(1)."""
        torch.mul(self._w, self._y, out=self._products)
        if self._nearest:
            torch.sum(self._products, 1, out=self._x)
        else:
            self._x.add_(self._products.sum(1))

    def weight_gradient(self) -> None:
        """(6)."""
        torch.mul(self._y, self._dE_dx, out=self._dE_dw)

    def error_below(self) -> None:
        """(7)."""
        if self._dE_dy is None:
            return
        if self._highest and len(self._w) == 1:
            torch.mul(self._w_units[0], self._dE_dx[0], out=self._dE_dy)
            return
        torch.mul(self._w_units, self._dE_dx, out=self._unit_products)
        if self._highest:
            torch.sum(self._unit_products, 0, out=self._dE_dy)
        else:
            self._dE_dy.add_(self._unit_products.sum(0))


class _Dense:
    """Many units: one matrix product per network, worth the copies into the layout that it needs."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._w_units = ends.w[:, : ends.w.shape[1] - ends.nearest]

    def total_input(self) -> None:
        """(1)."""
        x = torch.einsum("jin,icn->jcn", self._ends.w, self._ends.y)
        self._ends.x.copy_(x) if self._ends.nearest else self._ends.x.add_(x)

    def weight_gradient(self) -> None:
        """(6)."""
        self._ends.dE_dw.copy_(torch.einsum("jcn,icn->jin", self._ends.dE_dx, self._ends.y))

    def error_below(self) -> None:
        """(7)."""
        if self._ends.dE_dy is None:
            return
        dE_dy = torch.einsum("jin,jcn->icn", self._w_units, self._ends.dE_dx)
        self._ends.dE_dy.copy_(dE_dy) if self._ends.highest else self._ends.dE_dy.add_(dE_dy)
