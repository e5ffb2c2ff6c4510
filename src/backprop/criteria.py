"""When a network first met each criterion, sweep by sweep, for thousands of networks at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

WINDOW = 64  # sweeps between two looks at the bounds


class Criteria:
    """The first sweep at which a network's largest |y - d| is below each bound.

    Every sweep writes the largest and the smallest deviation of each network, two cheap reductions; they are
    compared with the bounds once per WINDOW, and no more once every network has met every bound.

    Attributes:
        first_sweep: int64 [bounds, networks], -1 where not met in the sweeps judged so far.
    """

    def __init__(self, deviation: Tensor, bounds: Sequence[float]) -> None:
        """Watch `deviation` [outputs, cases, networks], y - d, which every forward pass writes anew."""
        width = deviation.shape[-1]
        self._deviation = deviation.view(-1, width)
        self._bounds = bounds
        self._highest, self._lowest = deviation.new_empty(2, WINDOW, width).unbind()
        self._rows = list(zip(self._highest, self._lowest, strict=True))
        self._judged = 0  # sweeps before this one have been compared
        self._open = len(bounds) > 0
        self.first_sweep = torch.full((len(bounds), width), -1, dtype=torch.int64, device=deviation.device)

    @property
    def met(self) -> Tensor:
        """Whether each network has met every bound, bool [networks]."""
        return (self.first_sweep >= 0).all(0)

    def of(self, columns: Tensor, deviation: Tensor) -> Criteria:
        """The criteria of some of the networks, by their columns, just after a window; they go on with `deviation`."""
        fewer = Criteria(deviation, self._bounds)
        fewer.first_sweep, fewer._judged = self.first_sweep[:, columns], self._judged
        return fewer

    def look(self, sweep: int) -> bool:
        """Take note of the deviations at `sweep`; whether a window ended with it, and `first_sweep` is up to date."""
        if not self._open:
            return False
        highest, lowest = self._rows[sweep - self._judged]
        torch.amax(self._deviation, 0, out=highest)
        torch.amin(self._deviation, 0, out=lowest)
        if sweep - self._judged < WINDOW - 1:
            return False
        self.judge(sweep)
        return True

    def judge(self, sweep: int) -> None:
        """Compare what was noted up to `sweep` with the bounds; a nan meets none."""
        if not self._open or sweep < self._judged:
            return
        noted = sweep + 1 - self._judged
        worst = torch.maximum(self._highest[:noted], -self._lowest[:noted]).nan_to_num_(nan=math.inf)
        best = worst.amin(0)  # few networks meet a bound in any one window: only theirs is looked up
        for bound, first in zip(self._bounds, self.first_sweep, strict=True):
            newly = ((first < 0) & (best < bound)).nonzero().squeeze(1)
            if len(newly):
                first[newly] = self._judged + (worst[:, newly] < bound).to(torch.uint8).argmax(0)
        self._judged = sweep + 1
        self._open = bool((self.first_sweep < 0).any())
