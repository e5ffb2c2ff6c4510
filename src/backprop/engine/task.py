"""What networks are trained on: their architecture, the cases, and the error."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from backprop.engine.margin import Margin
from backprop.engine.networks import Architecture
from backprop.protocol import UserError


@dataclass(frozen=True, eq=False)
class Task:
    """The cases that networks of one architecture learn; S is the number of networks.

    Attributes:
        architecture: of every network.
        inputs: [cases, n0], or [cases, n0, S] if each network has its own.
        targets: [cases, outputs], or [cases, outputs, S].
        error: one of `choices.ERRORS`: the paper's half_sum (equation 3), mean, or cross_entropy.
        margin: outputs within it have no error; None for no margin.
        learned: bool [cases, S], the cases that each network learns; None for all. The other cases count neither in E
            nor in the criteria.
        mask: [parameters, 1], 1 for each weight that exists and 0 for each that does not, in the order of
            `networks.flatten`; None if all exist. A weight that does not exist is always 0.
    """

    architecture: Architecture
    inputs: Tensor
    targets: Tensor
    error: str = "half_sum"
    margin: Margin | None = None
    learned: Tensor | None = None
    mask: Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse arrays whose shapes do not agree with a UserError."""
        sizes, cases = self.architecture.sizes, len(self.inputs)
        if self.inputs.shape[1] != sizes[0]:
            raise UserError(f"inputs have {self.inputs.shape[1]} columns; the network has {sizes[0]} input units.")
        if self.targets.shape[:2] != (cases, sizes[-1]):
            raise UserError(
                f"targets have the shape {tuple(self.targets.shape)}; it must begin with {cases} cases and "
                f"{sizes[-1]} output units."
            )
        if self.learned is not None and len(self.learned) != cases:
            raise UserError(f"learned has {len(self.learned)} rows; there are {cases} cases.")
        if self.mask is not None and self.mask.shape != (self.architecture.parameters, 1):
            raise UserError(
                f"mask has the shape {tuple(self.mask.shape)}; it must be ({self.architecture.parameters}, 1)."
            )
