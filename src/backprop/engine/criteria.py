"""When a network first met each criterion, sweep by sweep, for thousands of networks at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from backprop.engine.networks import Passes

WINDOW = 64  # sweeps between two looks at the bounds


class Criteria:
    """The first sweep at which a network's largest |y - d| is below each bound.

    Every sweep notes the largest deviation of each network; they are compared with the bounds once per WINDOW, and no
    more once every network has met every bound.

    Attributes:
        first_sweep: int64 [bounds, networks], -1 where not met in the sweeps judged so far.
    """

    def __init__(self, network: Passes, bounds: Sequence[float]) -> None:
        """Watch the deviations of `network`."""
        self._network, self._bounds = network, bounds
        width = network.parameters.shape[1]
        self._worst = network.parameters.new_empty(WINDOW, width)
        self._rows = self._worst.unbind()
        self._judged = 0  # sweeps before this one have been compared
        self._open = len(bounds) > 0
        self.first_sweep = torch.full((len(bounds), width), -1, dtype=torch.int64, device=self._worst.device)

    @property
    def met(self) -> Tensor:
        """Whether each network has met every bound, bool [networks]."""
        return (self.first_sweep >= 0).all(0)

    def of(self, columns: Tensor, network: Passes) -> Criteria:
        """The criteria of some of the networks, by their columns, just after a window; `network` holds them now."""
        fewer = Criteria(network, self._bounds)
        fewer.first_sweep, fewer._judged = self.first_sweep[:, columns], self._judged
        return fewer

    def look(self, sweep: int) -> bool:
        """Take note of the deviations at `sweep`; whether a window ended with it, and `first_sweep` is up to date."""
        if not self._open:
            return False
        self._network.worst_deviation(self._rows[sweep - self._judged])
        if sweep - self._judged < WINDOW - 1:
            return False
        self.judge(sweep)
        return True

    def judge(self, sweep: int) -> None:
        """Compare what was noted up to `sweep` with the bounds; a nan meets none."""
        if not self._open or sweep < self._judged:
            return
        worst = self._worst[: sweep + 1 - self._judged].nan_to_num_(nan=math.inf)
        best = worst.amin(0)  # few networks meet a bound in any one window: only theirs is looked up
        for bound, first in zip(self._bounds, self.first_sweep, strict=True):
            newly = ((first < 0) & (best < bound)).nonzero().squeeze(1)
            if len(newly):
                first[newly] = self._judged + (worst[:, newly] < bound).to(torch.uint8).argmax(0)
        self._judged = sweep + 1
        self._open = bool((self.first_sweep < 0).any())
