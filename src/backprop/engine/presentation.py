"""How the cases of a sweep change the weights: all of them together, or one after the other (the paper, p. 535)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from backprop.engine.compiled import FusedNetwork
from backprop.engine.networks import Network, Passes
from backprop.engine.updates import Step

Start = Callable[[Tensor, Tensor], Step]  # binds an update to weights and their gradient

AHEAD = 16  # sweeps whose orders are drawn at a time


class Presentation(Protocol):
    """The changes of one sweep."""

    def __call__(self, sweep: int) -> None:
        """Make them, after a forward pass, given the number of sweeps done so far."""

    def of(self, columns: Tensor, network: Passes) -> Presentation:
        """The same for some of the networks, by their columns, which `network` now holds."""


class PerSweep:
    """dE/dw over all cases, then one change: as the paper's research did."""

    def __init__(self, network: Passes, start: Start) -> None:
        """Change the weights of `network` by the step that `start` binds to them."""
        self._network, self._step = network, start(network.parameters, network.gradient)

    def __call__(self, sweep: int) -> None:
        """One backward pass, one change."""
        self._network.backward()
        self._step(sweep)

    def of(self, columns: Tensor, network: Passes) -> PerSweep:
        """For some of the networks."""
        return PerSweep(network, lambda parameters, gradient: self._step.of(columns, parameters, gradient))


class PerCaseFused:
    """A change after every case in their order, where one compiled pass gives the derivatives of a single case."""

    def __init__(self, network: FusedNetwork, start: Start) -> None:
        """Show the cases of `network` in their order."""
        self._network, self._step = network, start(network.parameters, network.gradient)

    def __call__(self, sweep: int) -> None:
        """A pass and a change for each case."""
        for case in range(self._network.targets.shape[1]):
            self._network.present(case)
            self._step(sweep)

    def of(self, columns: Tensor, network: Passes) -> PerCaseFused:
        """For some of the networks."""
        assert isinstance(network, FusedNetwork)
        return PerCaseFused(network, lambda parameters, gradient: self._step.of(columns, parameters, gradient))


class PerCase:
    """A change after every case; one small network sees the cases in turn and shares the weights."""

    def __init__(self, network: Passes, start: Start, orders: Iterator[Tensor] | None = None) -> None:
        """Show the cases of `network` in their order, or in each network's own `orders`, as `own_orders` draws them."""
        y0, d, parameters = network.inputs, network.targets, network.parameters
        width = parameters.shape[1]
        own = 1 if orders is None and y0.shape[2] == 1 else width
        own_d = 1 if orders is None and d.shape[2] == 1 else width
        self._single = Network(
            network.architecture,
            y0.new_ones(len(y0), 1, own),
            d.new_zeros(len(d), 1, own_d),
            parameters,
            network.error,
        )
        self._step = start(parameters, self._single.gradient)
        self._orders = orders
        self._all = (y0, self._single.inputs[:, 0]), (d, self._single.targets[:, 0])
        self._in_order = list(zip(y0.unbind(1), d.unbind(1), strict=True))

    def __call__(self, sweep: int) -> None:
        """Forward, backward and a change for each case."""
        order = None if self._orders is None else next(self._orders)
        for case in range(len(self._in_order)):
            self._present(case) if order is None else self._present_own(order[case])
            self._single.forward()
            self._single.backward()
            self._step(sweep)

    def of(self, columns: Tensor, network: Passes) -> PerCase:
        """For some of the networks, each with its own order as before."""
        orders = None if self._orders is None else (order[:, columns] for order in self._orders)
        return PerCase(network, lambda parameters, gradient: self._step.of(columns, parameters, gradient), orders)

    def _present(self, case: int) -> None:
        for (_, shown), values in zip(self._all, self._in_order[case], strict=True):
            shown.copy_(values)

    def _present_own(self, order: Tensor) -> None:
        """Each network its own case, `order` [networks]."""
        for values, shown in self._all:
            if values.shape[2] == 1:
                torch.index_select(values[:, :, 0], 1, order, out=shown)
            else:
                shown.copy_(values.gather(1, order.expand(len(shown), 1, -1))[:, 0])


def own_orders(seeds: Sequence[int], cases: int, device: torch.device | str) -> Iterator[Tensor]:
    """Sweep after sweep the order of the cases, [cases, networks]; each network's own depends on its seed only."""
    generators = [np.random.default_rng([seed, 1]) for seed in seeds]
    ahead = np.tile(np.arange(cases), (AHEAD, 1))
    while True:
        drawn = np.stack([generator.permuted(ahead, axis=1) for generator in generators], axis=-1)
        yield from torch.from_numpy(drawn).to(device)
