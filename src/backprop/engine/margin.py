"""A margin around the targets within which an output has no error."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backprop import choices
from backprop.protocol import UserError


@dataclass(frozen=True)
class Margin:
    """Outputs within `width` of their targets have no error.

    The paper counts no error for an output above 0.8 whose target is 1, and for one below 0.2 whose target is 0
    (caption of Figure 4: a width of 0.2). It does not state the error of the other outputs, hence two shapes. Both
    are symmetric about the target.

    Attributes:
        width: at least 0, in units of the outputs.
        shape: one of `choices.MARGINS`. With "zero", an output outside the margin has its full deviation y - d, so E
            jumps at the edge. With "edge", its deviation is measured from the edge of the margin, y - (d ± width), so
            E is continuous: an output of 0.7 whose target is 1 is 0.1 too low.
    """

    width: float
    shape: str = "zero"

    def __post_init__(self) -> None:
        """Refuse negative widths and unknown shapes with a UserError."""
        choices.check("margin shape", self.shape, choices.MARGINS)
        if not self.width >= 0:
            raise UserError(f"margin width is {self.width!r}; it must be at least 0.")

    def apply(self, deviation: Tensor, out: Tensor) -> None:
        """Write the deviations that count as error into `out`, of the same shape; a nan stays nan."""
        if self.shape == "zero":
            torch.mul(deviation, deviation.abs() > self.width, out=out)
        else:
            torch.sub(deviation, deviation.clamp(-self.width, self.width), out=out)
