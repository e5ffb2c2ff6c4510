"""How the cases of a sweep change the weights: all of them together, or one after the other (the paper, p. 535).

`PerSweep`, `PerCase` and `Shuffled` are frozen descriptions; `start` binds one to a stack of networks and returns the
`Presentation` that makes the changes of one sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol as Interface

import numpy as np
import torch
from torch import Tensor

from backprop.engine.compiled import CompiledNetwork
from backprop.engine.compiled_grid import GridNetwork
from backprop.engine.networks import Network, Passes
from backprop.engine.updates import Equation8, Step

Bind = Callable[[Passes], Step]  # binds an update to the weights and the gradient of a stack of networks

AHEAD = 16  # sweeps whose orders are drawn at a time


class Presentation(Interface):
    """The changes of the weights in one sweep."""

    def __call__(self, sweep: int) -> None:
        """Make the changes, after a forward pass; `sweep` is the number of sweeps done so far."""

    def subset(self, columns: Tensor, network: Passes) -> Presentation:
        """The same for the networks in `columns`, which `network` now holds."""


@dataclass(frozen=True)
class PerSweep:
    """One change of the weights per sweep, by dE/dw over all cases: the paper's choice."""

    def start(self, network: Passes, bind: Bind, _columns: Tensor) -> Presentation:
        """Bind to `network`."""
        return _PerSweep(network, bind)

    def start_loop(self, network: GridNetwork, bind: Bind) -> Loop:
        """Bind to `network` for many sweeps in one compiled call."""
        return Loop(network, bind, per_case=False)


@dataclass(frozen=True)
class PerCase:
    """A change of the weights after every case, in the order in which the cases are given."""

    def start(self, network: Passes, bind: Bind, _columns: Tensor) -> Presentation:
        """Bind to `network`."""
        return _PerCaseCompiled(network, bind) if isinstance(network, CompiledNetwork) else _PerCase(network, bind)

    def start_loop(self, network: GridNetwork, bind: Bind) -> Loop:
        """Bind to `network` for many sweeps in one compiled call."""
        return Loop(network, bind, per_case=True)


@dataclass(frozen=True)
class Shuffled:
    """A change of the weights after every case, in an order that each network draws anew for every sweep.

    Attributes:
        seeds: one per network; a network's orders depend on its own seed only.
    """

    seeds: Sequence[int]

    def start(self, network: Passes, bind: Bind, columns: Tensor) -> Presentation:
        """Bind to `network`; `columns` are the places of its networks among all networks."""
        seeds = [self.seeds[column] for column in columns.tolist()]
        return _PerCase(network, bind, own_orders(seeds, network.inputs.shape[1], network.parameters.device))


Order = PerSweep | PerCase | Shuffled


class Loop:
    """Many sweeps in one compiled call, with changes by equation (8) or (9)."""

    def __init__(self, network: GridNetwork, bind: Bind, per_case: bool) -> None:
        """Bind to `network`; `bind` must return a step of `updates.Descent`."""
        self._network, self._step, self._per_case = network, bind(network), per_case
        assert isinstance(self._step, Equation8)
        self._momentum = self._step.momentum()

    def __call__(self, sweep: int, worst: Tensor) -> Tensor:
        """Make as many sweeps as `worst` has rows, each followed by a pass, after a pass.

        Args:
            sweep: the number of sweeps done so far.
            worst: [sweeps, networks], to which the largest |y - d| after each sweep is written.

        Returns:
            E after each sweep [sweeps, networks]; meaningless if the error is the cross entropy.
        """
        return self._network.advance(self._momentum, sweep, self._per_case, worst)

    def subset(self, columns: Tensor, network: Passes) -> Loop:
        """The same for the networks in `columns`, which `network` now holds."""
        assert isinstance(network, GridNetwork)
        return Loop(network, lambda fewer: self._step.subset(columns, fewer), self._per_case)


class _PerSweep:
    def __init__(self, network: Passes, bind: Bind) -> None:
        self._network, self._step = network, bind(network)

    def __call__(self, sweep: int) -> None:
        self._network.backward()
        self._step(sweep)

    def subset(self, columns: Tensor, network: Passes) -> _PerSweep:
        return _PerSweep(network, lambda fewer: self._step.subset(columns, fewer))


class _PerCaseCompiled:
    """One compiled pass gives the derivatives of a single case."""

    def __init__(self, network: CompiledNetwork, bind: Bind) -> None:
        self._network, self._step = network, bind(network)

    def __call__(self, sweep: int) -> None:
        for case in range(self._network.targets.shape[1]):
            self._network.forward_case(case)
            self._step(sweep)

    def subset(self, columns: Tensor, network: Passes) -> _PerCaseCompiled:
        assert isinstance(network, CompiledNetwork)
        return _PerCaseCompiled(network, lambda fewer: self._step.subset(columns, fewer))


class _PerCase:
    """A network with room for a single case shares the weights and is given the cases one after the other."""

    def __init__(self, network: Passes, bind: Bind, orders: Iterator[Tensor] | None = None) -> None:
        """Use the given order of the cases, or each network's own `orders`, as `own_orders` draws them."""
        assert isinstance(network, Network)
        y0, d, parameters = network.inputs, network.targets, network.parameters
        width = parameters.shape[1]
        inputs_width = 1 if orders is None and y0.shape[2] == 1 else width
        targets_width = 1 if orders is None and d.shape[2] == 1 else width
        self._single = Network(
            network.architecture,
            y0.new_ones(len(y0), 1, inputs_width),
            d.new_zeros(len(d), 1, targets_width),
            parameters,
            network.error,
            margin=network.margin,
            mask=network.mask,
        )
        self._step = bind(self._single)
        self._orders = orders
        self._all = (y0, self._single.inputs[:, 0]), (d, self._single.targets[:, 0])
        self._in_order = list(zip(y0.unbind(1), d.unbind(1), strict=True))

    def __call__(self, sweep: int) -> None:
        order = None if self._orders is None else next(self._orders)
        for case in range(len(self._in_order)):
            self._load(case) if order is None else self._load_own(order[case])
            self._single.forward()
            self._single.backward()
            self._step(sweep)

    def subset(self, columns: Tensor, network: Passes) -> _PerCase:
        orders = None if self._orders is None else (order[:, columns] for order in self._orders)
        return _PerCase(network, lambda fewer: self._step.subset(columns, fewer), orders)

    def _load(self, case: int) -> None:
        """Give all networks the same case."""
        for (_, single), values in zip(self._all, self._in_order[case], strict=True):
            single.copy_(values)

    def _load_own(self, order: Tensor) -> None:
        """Give each network its own case, `order` [networks]."""
        for values, single in self._all:
            if values.shape[2] == 1:
                torch.index_select(values[:, :, 0], 1, order, out=single)
            else:
                single.copy_(values.gather(1, order.expand(len(single), 1, -1))[:, 0])


def own_orders(seeds: Sequence[int], cases: int, device: torch.device | str) -> Iterator[Tensor]:
    """Yield for every sweep each network's order of the cases, [cases, networks], drawn from the network's own seed."""
    generators = [np.random.default_rng([seed, 1]) for seed in seeds]
    ahead = np.tile(np.arange(cases), (AHEAD, 1))
    while True:
        drawn = np.stack([generator.permuted(ahead, axis=1) for generator in generators], axis=-1)
        yield from torch.from_numpy(drawn).to(device)
