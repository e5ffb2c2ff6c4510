"""The first sweep at which a network meets each criterion, for thousands of networks at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backprop.engine.networks import Passes

WINDOW = 64  # sweeps between two comparisons with the bounds


def window_ends(sweep: int) -> bool:
    """Whether the deviations are compared with the bounds after this sweep."""
    return (sweep + 1) % WINDOW == 0


@dataclass(frozen=True)
class Criteria:
    """When a network counts as trained.

    Attributes:
        bounds: a criterion is met once |y - d| is below its bound in every output of every case that the network
            learns.
        until_met: stop training a network once it has met every bound, at the end of that window of `WINDOW` sweeps.
            Its weights and its E at all later sweeps are then those at which it stopped.
    """

    bounds: tuple[float, ...] = (0.5, 0.2, 0.1)
    until_met: bool = False


class FirstSweeps:
    """Finds the first sweep at which the largest |y - d| of each network is below each bound.

    Each sweep's largest deviations are stored. They are compared with the bounds once per WINDOW, and no longer once
    every network has met every bound.

    Attributes:
        first_sweep: int64 [bounds, networks], -1 where the criterion is not met in the sweeps compared so far.
    """

    def __init__(self, network: Passes, bounds: Sequence[float]) -> None:
        """Observe the deviations of `network`."""
        self._network, self._bounds = network, bounds
        width = network.parameters.shape[1]
        self._worst = network.parameters.new_empty(WINDOW, width)
        self._rows = self._worst.unbind()
        self._compared = 0  # all sweeps before this one have been compared
        self._open = len(bounds) > 0
        self.first_sweep = torch.full((len(bounds), width), -1, dtype=torch.int64, device=self._worst.device)

    @property
    def met(self) -> Tensor:
        """Whether each network has met every bound, bool [networks]."""
        return (self.first_sweep >= 0).all(0)

    def subset(self, columns: Tensor, network: Passes) -> FirstSweeps:
        """The criteria of the networks in `columns`, right after a window; `network` holds these networks."""
        fewer = FirstSweeps(network, self._bounds)
        fewer.first_sweep, fewer._compared = self.first_sweep[:, columns], self._compared
        return fewer

    def rows(self, sweep: int, stop: int) -> Tensor:
        """Where the deviations of the sweeps from `sweep` up to `stop` - 1 belong, [sweeps, networks].

        All belong to one window. After its last sweep, `compare` must be called.
        """
        first = sweep % WINDOW
        return self._worst[first : first + stop - sweep]

    def note(self, sweep: int) -> None:
        """Store the deviations at `sweep`, after a forward pass, and compare them if a window ends with it."""
        if self._open:
            self._network.worst_deviation(self._rows[sweep % WINDOW])
            if window_ends(sweep):
                self.compare(sweep)

    def compare(self, sweep: int) -> None:
        """Compare the deviations stored in the window that ends with `sweep` with the bounds; a nan meets none."""
        if not self._open or sweep < self._compared:
            return
        worst = self._worst[: sweep + 1 - self._compared].nan_to_num_(nan=math.inf)
        best = worst.amin(0)  # few networks meet a bound in any one window: only these are searched for the sweep
        for bound, first in zip(self._bounds, self.first_sweep, strict=True):
            newly = ((first < 0) & (best < bound)).nonzero().squeeze(1)
            if len(newly):
                first[newly] = self._compared + (worst[:, newly] < bound).to(torch.uint8).argmax(0)
        self._compared = sweep + 1
        self._open = bool((self.first_sweep < 0).any())
