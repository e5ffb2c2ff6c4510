"""The weights from one layer to another, and their share of equations (1), (6) and (7), in four implementations.

Which implementation is fastest depends on the shapes only; `connect` chooses. All four take the same tensors:

    y      [n_i (+ 1), cases, networks]       activity below, with the extra unit if these weights hold the bias
    w      [n_j, n_i (+ 1), networks]         weights, dE_dw alike
    x      [n_j, cases, networks]             total input above, dE_dx alike
    dE_dy  [n_i, cases, networks]             below; None if the layer below is the inputs

`holds_bias`: these weights include the bias, come first in (1), and overwrite x; the others add to it.
`starts_error`: these weights come first in (7) and overwrite dE_dy; the others add to it.
"""
# ruff: noqa: N815 - dE_dx and similar names are the paper's

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol as Interface

import torch
from torch import Tensor

# With fewer networks than this, the last axis is too short (measured: 10 networks of 784-100-10 units take 8 times as
# long by the implementations for many networks).
FEW = 16


class Connection(Interface):
    """What every implementation offers; each sweep calls the three methods in this order."""

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
    holds_bias: bool
    starts_error: bool


def connect(ends: Ends) -> Connection:
    """The fastest implementation for these shapes."""
    few = ends.x.shape[2] < FEW
    if ends.y.shape[2] == 1 and not few:
        return SharedInputs(ends)
    if ends.x.shape[1] == 1:
        return OneCase(ends)
    return FewNetworks(ends) if few else ManyNetworks(ends)


class SharedInputs:
    """For inputs that all networks share: one matrix product [cases, n_i] [n_i, networks] per unit above."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        inputs = ends.y[:, :, 0]  # [n_i, cases], a view: its cases may change between sweeps
        self._inputs, self._transposed = (a.expand(len(ends.w), -1, -1) for a in (inputs.t(), inputs))

    def total_input(self) -> None:
        """(1)."""
        if self._ends.holds_bias:
            torch.bmm(self._inputs, self._ends.w, out=self._ends.x)
        else:
            torch.baddbmm(self._ends.x, self._inputs, self._ends.w, out=self._ends.x)

    def weight_gradient(self) -> None:
        """(6)."""
        torch.bmm(self._transposed, self._ends.dE_dx, out=self._ends.dE_dw)

    def error_below(self) -> None:
        """(7): the inputs have no dE/dy."""


class ManyNetworks:
    """For many networks: one pass over all cases and networks per weight, without copies, within the cache."""

    def __init__(self, ends: Ends) -> None:
        w, dE_dw, holds_bias = ends.w, ends.dE_dw, ends.holds_bias
        n_i = w.shape[1] - holds_bias
        self._x, self._dE_dx, self._dE_dy, self._starts_error = ends.x, ends.dE_dx, ends.dE_dy, ends.starts_error
        self._y = ends.y[:n_i]
        self._bias = w[:, -1:] if holds_bias else None
        self._from = [(ends.y[i], w[:, i : i + 1]) for i in range(n_i)]
        self._to = [(ends.dE_dx[j], w[j, :n_i].unsqueeze(1), dE_dw[j, :n_i]) for j in range(len(w))]
        self._dE_dbias = dE_dw[:, -1] if holds_bias else None
        # dE/dy is unused until error_below overwrites it, and it has the shape of the products of (6)
        free = ends.dE_dy if ends.starts_error else None
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
        if self._starts_error:
            torch.mul(dE_dx, w, out=self._dE_dy)
        else:
            self._dE_dy.addcmul_(dE_dx, w)
        for dE_dx, w, _ in rest:
            self._dE_dy.addcmul_(dE_dx, w)


class OneCase:
    """For a single case: products over all weights at once, an outer product for (6)."""

    def __init__(self, ends: Ends) -> None:
        n_i = ends.w.shape[1] - ends.holds_bias
        self._w, self._dE_dw = ends.w, ends.dE_dw
        self._holds_bias, self._starts_error = ends.holds_bias, ends.starts_error
        self._w_units = ends.w[:, :n_i]
        self._only = (ends.w[0, :n_i], ends.dE_dx[0]) if len(ends.w) == 1 and ends.starts_error else None
        self._y, self._x = ends.y[:, 0], ends.x[:, 0]
        self._dE_dx = ends.dE_dx  # [n_j, 1, networks]
        self._dE_dy = None if ends.dE_dy is None else ends.dE_dy[:, 0]
        self._products = torch.empty_like(ends.w)
        self._unit_products = self._products[:, :n_i]

    def total_input(self) -> None:
        """(1)."""
        torch.mul(self._w, self._y, out=self._products)
        if self._holds_bias:
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
        if self._only:  # a sum over one unit above is its product
            torch.mul(*self._only, out=self._dE_dy)
            return
        torch.mul(self._w_units, self._dE_dx, out=self._unit_products)
        if self._starts_error:
            torch.sum(self._unit_products, 0, out=self._dE_dy)
        else:
            self._dE_dy.add_(self._unit_products.sum(0))


class FewNetworks:
    """For few networks of any size: matrix products over units and cases, which are worth the copies they need."""

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        shared = ends.y.shape[2] == 1
        self._y, y = (ends.y[:, :, 0], "ic") if shared else (ends.y, "icn")
        self._forward, self._gradient = f"jin,{y}->jcn", f"jcn,{y}->jin"
        self._w_units = ends.w[:, : ends.w.shape[1] - ends.holds_bias]

    def total_input(self) -> None:
        """(1)."""
        x = torch.einsum(self._forward, self._ends.w, self._y)
        if self._ends.holds_bias:
            self._ends.x.copy_(x)
        else:
            self._ends.x.add_(x)

    def weight_gradient(self) -> None:
        """(6)."""
        self._ends.dE_dw.copy_(torch.einsum(self._gradient, self._ends.dE_dx, self._y))

    def error_below(self) -> None:
        """(7)."""
        if self._ends.dE_dy is None:
            return
        dE_dy = torch.einsum("jin,jcn->icn", self._w_units, self._ends.dE_dx)
        if self._ends.starts_error:
            self._ends.dE_dy.copy_(dE_dy)
        else:
            self._ends.dE_dy.add_(dE_dy)
