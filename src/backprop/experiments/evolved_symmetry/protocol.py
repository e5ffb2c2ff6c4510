"""The paper's protocol of Experiment 1 with the exact gradient; Evolution Search departs by a variant."""

from __future__ import annotations

from dataclasses import dataclass, field

from backprop import protocol
from backprop.protocol import UserError


@dataclass(frozen=True, kw_only=True)
class Protocol(protocol.Protocol):
    """Experiment 1, by gradient or by search over a list of samples; see WHERE for what the paper states."""

    seeds: int | tuple[int, ...] = 40
    method: str = field(default="backpropagation", metadata={"allowed": ("backpropagation", "evolution")})
    samples: tuple[int, ...] = field(default=(34,), metadata={"low": 2})
    sigma: float = field(default=0.01, metadata={"low": 1e-8})
    weight_range: float = field(default=0.3, metadata={"low": 0.0})
    epsilon: float = field(default=0.1, metadata={"low": 0.0})
    alpha: float = field(default=0.9, metadata={"low": 0.0, "high": 1.0})
    sweeps: int = field(default=2500, metadata={"low": 1})
    record_every: int = field(default=25, metadata={"low": 1})

    def __post_init__(self) -> None:
        """Check each of the samples, besides each field by itself."""
        super().__post_init__()
        for samples in self.samples:
            if samples % 2:
                raise UserError(f"samples contains {samples}; antithetic pairs need an even number.")

    @property
    def settings(self) -> tuple[int, ...]:
        """Loss evaluations per sweep, one per setting; 0 stands for the exact gradient."""
        return self.samples if self.method == "evolution" else (0,)


WHERE = {
    "epsilon": ("0.1", "paper, caption of Figure 1"),
    "alpha": ("0.9", "paper, caption of Figure 1"),
    "weight_range": ("uniform between -0.3 and 0.3", "paper, caption of Figure 1"),
    "sweeps": ("1,425", "paper, p. 534; our cap lets slower networks finish"),
}
"""Field of the protocol: (what the paper states, where it states it)."""
