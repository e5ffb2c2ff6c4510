"""How weights change: the paper's equations (8) and (9), torch's optimizers, and schedules of the rate.

An update is a frozen description; `start` binds it to the weights of some networks and returns the step that makes
one change. Every method here works weight by weight, so one of it over stacked networks is one per network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import torch
from torch import Tensor

from backprop import choices
from backprop.protocol import UserError

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
FUSED = ("sgd", "adagrad", "adam", "adamw")  # have one kernel for the whole change on the CPU

_schedulers = torch.optim.lr_scheduler
# the scheduler of each name, and the arguments it gets unless the options say otherwise, from the number of sweeps
SCHEDULES: dict[str, tuple[Callable[..., Any], Callable[[int], dict[str, Any]]]] = {
    "constant": (_schedulers.ConstantLR, lambda _: {"factor": 1.0}),
    "exponential": (_schedulers.ExponentialLR, lambda _: {}),
    "step": (_schedulers.StepLR, lambda _: {}),
    "cosine": (_schedulers.CosineAnnealingLR, lambda sweeps: {"T_max": sweeps}),
    "one_cycle": (
        _schedulers.OneCycleLR,
        lambda sweeps: {"max_lr": 1.0, "total_steps": sweeps, "cycle_momentum": False},
    ),
    "linear_warmup": (_schedulers.LinearLR, lambda _: {}),
}


class Step(Protocol):
    """One change of the weights of stacked networks, with whatever the method remembers of the changes before."""

    def __call__(self, sweep: int) -> None:
        """Change the weights once, given the number of sweeps done so far."""

    def of(self, columns: Tensor, parameters: Tensor, gradient: Tensor) -> Step:
        """The step of some of the networks, by their columns, whose weights from now on are `parameters`."""


@dataclass(frozen=True)
class Schedule:
    """The rate as a multiple of the one given, sweep by sweep, as torch's scheduler of that name has it.

    Attributes:
        name: one of `choices.SCHEDULES`.
        options: the scheduler's own: exponential needs gamma; step needs step_size (and gamma, 0.1); cosine takes
            T_max (all the sweeps) and eta_min (0, here a multiple of the rate); one_cycle peaks at the rate given and
            takes pct_start, div_factor, ...; linear_warmup takes start_factor (1/3) and total_iters (5).
    """

    name: str = "constant"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse names that are not a schedule's."""
        choices.check("schedule", self.name, choices.SCHEDULES)

    def factors(self, sweeps: int) -> list[float]:
        """The multiple at each of `sweeps` sweeps, taken from the scheduler itself, run on a parameter nobody uses."""
        if self.name == "constant" and not self.options:
            return [1.0] * sweeps
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler_class, defaults = SCHEDULES[self.name]
        try:
            scheduler = scheduler_class(optimizer, **{**defaults(sweeps), **self.options})
        except (TypeError, ValueError) as error:
            raise UserError(
                f"schedule {self.name!r} does not take the options {dict(self.options)!r}: {error}."
            ) from None
        factors = []
        for sweep in range(sweeps):
            factors.append(float(optimizer.param_groups[0]["lr"]))
            if sweep < sweeps - 1:
                optimizer.step()
                scheduler.step()
        return factors


@dataclass(frozen=True, eq=False)
class Descent:
    """Gradient descent with momentum, equation (9): dw(t) = -epsilon dE/dw(t) + alpha dw(t - 1).

    With alpha 0 it is equation (8). A schedule multiplies epsilon, so that dw(t - 1) keeps the rate it was made with.

    Attributes:
        epsilon: the rate, one for all networks or a tensor [networks].
        alpha: the share of the last change that is repeated, likewise.
        schedule: of epsilon, constant if None.
    """

    epsilon: float | Tensor = 0.1
    alpha: float | Tensor = 0.9
    schedule: Schedule | None = None

    def start(self, parameters: Tensor, gradient: Tensor, networks: Tensor, factors: list[float]) -> Step:
        """The change of `parameters` [parameters, networks] by `gradient`; `networks` picks from tensors of rates."""
        epsilon = _per_network(self.epsilon, networks, parameters)
        if isinstance(self.alpha, int | float) and self.alpha == 0:
            return _Equation8(parameters, gradient, epsilon, factors)
        # as a tensor even if one number: torch multiplies by a tensor of the same type without converting it
        alpha = torch.as_tensor(
            _per_network(self.alpha, networks, parameters), dtype=parameters.dtype, device=parameters.device
        )
        return _Equation9(parameters, gradient, epsilon, factors, alpha, torch.zeros_like(parameters))


@dataclass
class _Equation8:
    parameters: Tensor
    gradient: Tensor
    epsilon: float | Tensor
    factors: list[float]

    def __call__(self, sweep: int) -> None:
        _add_multiple(self.parameters, self.gradient, self.epsilon, -self.factors[sweep])

    def of(self, columns: Tensor, parameters: Tensor, gradient: Tensor) -> Self:
        return replace(self, parameters=parameters, gradient=gradient, epsilon=_of(self.epsilon, columns))


@dataclass
class _Equation9(_Equation8):
    alpha: Tensor
    change: Tensor  # dw(t - 1)

    def __call__(self, sweep: int) -> None:
        self.change.mul_(self.alpha)
        _add_multiple(self.change, self.gradient, self.epsilon, -self.factors[sweep])
        self.parameters.add_(self.change)

    def of(self, columns: Tensor, parameters: Tensor, gradient: Tensor) -> Self:
        step = super().of(columns, parameters, gradient)
        return replace(step, alpha=_of(self.alpha, columns), change=_of(self.change, columns))


@dataclass(frozen=True, eq=False)
class Optimizer:
    """One of torch.optim's methods, one for each network.

    Attributes:
        name: one of `choices.OPTIMIZERS`.
        learning_rate: one for all networks or a tensor [networks].
        options: the method's own arguments, for example {"momentum": 0.9, "nesterov": True} with sgd.
        schedule: of the learning rate, constant if None.
    """

    name: str
    learning_rate: float | Tensor
    options: Mapping[str, Any] = field(default_factory=dict)
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        """Refuse names and options that torch.optim does not know."""
        choices.check("optimizer", self.name, choices.OPTIMIZERS)
        self._make(torch.zeros(1))

    def _make(self, parameters: Tensor) -> torch.optim.Optimizer:
        fused: dict[str, bool] = {}  # elsewhere torch's own choice
        if parameters.device.type == "cpu":
            fused = {"fused": True} if self.name in FUSED else {"foreach": False}
        try:
            return OPTIMIZERS[self.name]([parameters], lr=1.0, **{**fused, **self.options})  # type: ignore[call-arg]
        except (TypeError, ValueError) as error:
            raise UserError(
                f"optimizer {self.name!r} does not take the options {dict(self.options)!r}: {error}."
            ) from None

    def start(self, parameters: Tensor, gradient: Tensor, networks: Tensor, factors: list[float]) -> Step:
        """The change of `parameters` [parameters, networks] by `gradient`; `networks` picks from a tensor of rates."""
        rate = _per_network(self.learning_rate, networks, parameters)
        return _OptimizerStep(self._make, parameters, gradient, rate, factors)


class _OptimizerStep:
    def __init__(
        self,
        make: Callable[[Tensor], torch.optim.Optimizer],
        parameters: Tensor,
        gradient: Tensor,
        rate: float | Tensor,
        factors: list[float],
    ) -> None:
        self._make, self._parameters, self._rate, self._factors = make, parameters, rate, factors
        self._optimizer = make(parameters)
        self._group = self._optimizer.param_groups[0]
        parameters.grad = gradient
        self._before = torch.empty_like(parameters) if isinstance(rate, Tensor) else None

    def __call__(self, sweep: int) -> None:
        if self._before is None:
            self._group["lr"] = self._rate * self._factors[sweep]
            self._optimizer.step()
            return
        # in all these methods the change is proportional to the rate: each network takes its share of one at 1
        self._before.copy_(self._parameters)
        self._group["lr"] = self._factors[sweep]
        self._optimizer.step()
        torch.lerp(self._before, self._parameters, self._rate, out=self._parameters)

    def of(self, columns: Tensor, parameters: Tensor, gradient: Tensor) -> Step:
        step = _OptimizerStep(self._make, parameters, gradient, _of(self._rate, columns), self._factors)
        step._optimizer.state[parameters] = {
            name: _of(value, columns) for name, value in self._optimizer.state[self._parameters].items()
        }
        return step


def _per_network(rate: float | Tensor, networks: Tensor, parameters: Tensor) -> float | Tensor:
    if not isinstance(rate, Tensor):
        return float(rate)
    return rate.to(parameters)[networks.to(parameters.device)]


def _of(value: Any, columns: Tensor) -> Any:
    """The columns of what is one number per network, or per weight and network; anything else as it is."""
    return value[..., columns] if isinstance(value, Tensor) and value.dim() else value


def _add_multiple(total: Tensor, term: Tensor, rate: float | Tensor, factor: float) -> None:
    """total += factor * rate * term."""
    if isinstance(rate, float):
        total.add_(term, alpha=factor * rate)
    else:
        total.addcmul_(term, rate, value=factor)
