"""How weights change: the paper's equations (8) and (9), torch's optimizers, schedules, and decay.

An update is a frozen description; `start` binds it to a stack of networks and returns the step that makes one change.
Every method here works on each weight separately, so one method over stacked networks is one method per network.
"""

from __future__ import annotations

import inspect
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self
from typing import Protocol as Interface

import torch
from torch import Tensor

from backprop import choices
from backprop.engine.networks import Architecture, Passes, unflatten
from backprop.protocol import UserError

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
FUSED = ("sgd", "adagrad", "adam", "adamw")  # torch has one CPU kernel for the whole change

_schedulers = torch.optim.lr_scheduler
# the scheduler of each name, and its default arguments given the number of sweeps
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


@dataclass(frozen=True)
class Momentum:
    """What a compiled loop needs to make changes by equations (8) and (9); all tensors are contiguous.

    Attributes:
        epsilon: [networks].
        alpha: [networks]; None for equation (8).
        change: [parameters, networks], dw(t - 1), which the loop replaces.
        factors: the multiples of epsilon at each sweep.
    """

    epsilon: Tensor
    alpha: Tensor | None
    change: Tensor
    factors: Sequence[float]


class Step(Interface):
    """One change of the weights of stacked networks, with whatever the method remembers of earlier changes."""

    def __call__(self, sweep: int) -> None:
        """Change the weights once, given the number of sweeps done so far."""

    def subset(self, columns: Tensor, network: Passes) -> Step:
        """The step of the networks in `columns`, which `network` now holds."""


@dataclass(frozen=True)
class Schedule:
    """A multiple of the learning rate for each sweep, as torch's scheduler of that name computes it.

    Attributes:
        name: one of `choices.SCHEDULES`.
        options: the scheduler's own: exponential needs gamma; step needs step_size (and gamma, 0.1); cosine takes
            T_max (all the sweeps) and eta_min (0, here a multiple of the rate); one_cycle peaks at the given rate and
            takes pct_start, div_factor, ...; linear_warmup takes start_factor (1/3) and total_iters (5).
    """

    name: str = "constant"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse unknown names with a UserError."""
        choices.check("schedule", self.name, choices.SCHEDULES)

    def factors(self, sweeps: int) -> list[float]:
        """The multiple at each of `sweeps` sweeps, read from the scheduler itself, run on a dummy parameter."""
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


@dataclass(frozen=True)
class Piecewise:
    """A number that is constant between given sweeps; the paper's second experiment changes epsilon and alpha once.

    `Piecewise((0.005, 0.01), boundaries=(20,))` is 0.005 in the first 20 sweeps and 0.01 from then on.

    Attributes:
        values: one more than there are boundaries.
        boundaries: ascending numbers of sweeps done, at which the next value starts.
    """

    values: tuple[float, ...]
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse boundaries that do not ascend or do not fit the values with a UserError."""
        if len(self.values) != len(self.boundaries) + 1:
            raise UserError(
                f"values has {len(self.values)} numbers and boundaries {len(self.boundaries)}; values needs one more "
                f"than boundaries."
            )
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise UserError(f"boundaries is {list(self.boundaries)}; each must be above the one before.")

    def piece(self, sweep: int) -> int:
        """The place in `values` of the one that holds after `sweep` sweeps."""
        return bisect_right(self.boundaries, sweep)


@dataclass(frozen=True)
class Decay:
    """Weights shrink by a share after each change (caption of Figure 4: by 0.2%).

    Attributes:
        weights: the share by which weights shrink, from 0 to 1.
        biases: the share of the biases; None for that of the weights, because in the paper a bias is a weight.
        after: the number of sweeps done before decay sets in.
    """

    weights: float
    biases: float | None = None
    after: int = 0

    def __post_init__(self) -> None:
        """Refuse shares that are not from 0 to 1 with a UserError."""
        for name, share in (("weights", self.weights), ("biases", self.biases)):
            if share is not None and not 0 <= share <= 1:
                raise UserError(f"decay of {name} is {share!r}; it must be from 0 to 1.")

    def kept(self, architecture: Architecture, like: Tensor) -> float | Tensor:
        """What a change leaves of each weight: one number, or [parameters, 1] of the type of `like`."""
        if self.biases is None or self.biases == self.weights:
            return 1 - self.weights
        kept = like.new_full((architecture.parameters, 1), 1 - self.weights)
        for w in unflatten(architecture, kept):
            w[:, -1] = 1 - self.biases
        return kept


@dataclass(frozen=True, eq=False)
class Descent:
    """Gradient descent with momentum, equation (9): dw(t) = -epsilon dE/dw(t) + alpha dw(t - 1).

    With alpha 0 it is equation (8). When epsilon changes, dw(t - 1) keeps the size that it had.

    Attributes:
        epsilon: the learning rate: one for all networks, a tensor [networks], or `Piecewise`.
        alpha: the momentum, the share of the last change that is repeated, likewise.
        schedule: multiplies epsilon; constant if None.
        decay: of the weights, after each change; none if None. The change itself does not decay.
    """

    epsilon: float | Tensor | Piecewise = 0.1
    alpha: float | Tensor | Piecewise = 0.9
    schedule: Schedule | None = None
    decay: Decay | None = None

    @property
    def suits_loop(self) -> bool:
        """Whether a compiled loop can make the changes: `momentum` of a step then returns what it needs."""
        return self.decay is None and not isinstance(self.alpha, Piecewise)

    def factors(self, sweeps: int) -> list[float]:
        """The multiples of epsilon at each of `sweeps` sweeps; if epsilon is `Piecewise`, epsilon itself."""
        factors, epsilon = (self.schedule or Schedule()).factors(sweeps), self.epsilon
        if isinstance(epsilon, Piecewise):
            return [factor * epsilon.values[epsilon.piece(sweep)] for sweep, factor in enumerate(factors)]
        return factors

    def start(self, network: Passes, columns: Tensor, factors: list[float]) -> Step:
        """Bind to the stack `network`, whose networks are the `columns` of all; `factors` as `self.factors` returns."""
        parameters, gradient = network.parameters, network.gradient
        epsilon = 1.0 if isinstance(self.epsilon, Piecewise) else _per_network(self.epsilon, columns, parameters)
        step: Step
        if isinstance(self.alpha, int | float) and self.alpha == 0:
            step = Equation8(parameters, gradient, epsilon, factors)
        else:
            alphas = self.alpha.values if isinstance(self.alpha, Piecewise) else (self.alpha,)
            # tensors even if they are numbers: torch multiplies by a tensor of the same type without converting it
            momenta = [
                torch.as_tensor(_per_network(alpha, columns, parameters), dtype=parameters.dtype).to(parameters.device)
                for alpha in alphas
            ]
            pieces = self.alpha if isinstance(self.alpha, Piecewise) else None
            step = _Equation9(parameters, gradient, epsilon, factors, momenta, pieces, torch.zeros_like(parameters))
        if self.decay is None:
            return step
        return _Decaying(step, parameters, self.decay.kept(network.architecture, parameters), self.decay.after)


@dataclass
class Equation8:
    """Equation (8) for stacked networks; a subclass adds the momentum of equation (9)."""

    parameters: Tensor
    gradient: Tensor
    epsilon: float | Tensor
    factors: list[float]

    def __call__(self, sweep: int) -> None:
        """Change the weights once."""
        _add_multiple(self.parameters, self.gradient, self.epsilon, -self.factors[sweep])

    def subset(self, columns: Tensor, network: Passes) -> Self:
        """The step of the networks in `columns`, which `network` now holds."""
        epsilon = _subset(self.epsilon, columns)
        return replace(self, parameters=network.parameters, gradient=network.gradient, epsilon=epsilon)

    def momentum(self) -> Momentum:
        """What a compiled loop needs."""
        return Momentum(self._per_network(self.epsilon), None, torch.zeros_like(self.parameters), self.factors)

    def _per_network(self, number: float | Tensor) -> Tensor:
        """One number per network [networks]."""
        like = self.parameters[0]
        return torch.as_tensor(number, dtype=like.dtype).expand_as(like).contiguous()


@dataclass
class _Equation9(Equation8):
    alphas: list[Tensor]
    pieces: Piecewise | None  # which of them holds at a sweep; None if there is one only
    change: Tensor  # dw(t - 1)

    def __call__(self, sweep: int) -> None:
        self.change.mul_(self.alphas[self.pieces.piece(sweep) if self.pieces else 0])
        _add_multiple(self.change, self.gradient, self.epsilon, -self.factors[sweep])
        self.parameters.add_(self.change)

    def subset(self, columns: Tensor, network: Passes) -> Self:
        alphas = [_subset(alpha, columns) for alpha in self.alphas]
        return replace(super().subset(columns, network), alphas=alphas, change=_subset(self.change, columns))

    def momentum(self) -> Momentum:
        """What a compiled loop needs; it replaces this step's `change`."""
        (alpha,) = self.alphas
        return Momentum(self._per_network(self.epsilon), self._per_network(alpha), self.change, self.factors)


@dataclass
class _Decaying:
    """A step and then the decay of the weights."""

    step: Step
    parameters: Tensor
    kept: float | Tensor
    after: int

    def __call__(self, sweep: int) -> None:
        self.step(sweep)
        if sweep >= self.after:
            self.parameters.mul_(self.kept)

    def subset(self, columns: Tensor, network: Passes) -> Self:
        return replace(self, step=self.step.subset(columns, network), parameters=network.parameters)


@dataclass(frozen=True, eq=False)
class Optimizer:
    """One of torch.optim's methods, for each network separately.

    Attributes:
        name: one of `choices.OPTIMIZERS`.
        learning_rate: one for all networks or a tensor [networks].
        options: the method's own arguments, for example {"momentum": 0.9, "nesterov": True} with sgd.
        schedule: multiplies the learning rate; constant if None.
    """

    name: str
    learning_rate: float | Tensor
    options: Mapping[str, Any] = field(default_factory=dict)
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        """Refuse names and options that torch.optim does not know with a UserError."""
        choices.check("optimizer", self.name, choices.OPTIMIZERS)
        self._make(torch.zeros(1))

    def _make(self, parameters: Tensor) -> torch.optim.Optimizer:
        fused: dict[str, bool] = {}  # on other devices torch chooses
        if parameters.device.type == "cpu":
            fused = {"fused": True} if self.name in FUSED else {"foreach": False}
        try:
            return OPTIMIZERS[self.name]([parameters], lr=1.0, **{**fused, **self.options})  # type: ignore[call-arg]
        except (TypeError, ValueError) as error:
            raise UserError(
                f"optimizer {self.name!r} does not take the options {dict(self.options)!r}: {error}."
            ) from None

    suits_loop = False

    def factors(self, sweeps: int) -> list[float]:
        """The multiples of the learning rate at each of `sweeps` sweeps."""
        return (self.schedule or Schedule()).factors(sweeps)

    def start(self, network: Passes, columns: Tensor, factors: list[float]) -> Step:
        """Bind to the stack `network`, whose networks are the `columns` of all; `factors` as `self.factors` returns."""
        return _OptimizerStep(
            self._make, network, _per_network(self.learning_rate, columns, network.parameters), factors
        )


Update = Descent | Optimizer


class _OptimizerStep:
    def __init__(
        self,
        make: Callable[[Tensor], torch.optim.Optimizer],
        network: Passes,
        rate: float | Tensor,
        factors: list[float],
    ) -> None:
        self._make, self._parameters, self._rate, self._factors = make, network.parameters, rate, factors
        self._optimizer = make(self._parameters)
        # without torch's wrappers, which prepare each step for its profiler and for compilation, and take a third of it
        self._change = partial(inspect.unwrap(type(self._optimizer).step), self._optimizer)
        self._group = self._optimizer.param_groups[0]
        self._parameters.grad = network.gradient
        self._before = torch.empty_like(self._parameters) if isinstance(rate, Tensor) else None

    def __call__(self, sweep: int) -> None:
        if self._before is None:
            self._group["lr"] = self._rate * self._factors[sweep]
            self._change()
            return
        # in all these methods the change is proportional to the rate: scale each network's change at the rate 1
        self._before.copy_(self._parameters)
        self._group["lr"] = self._factors[sweep]
        self._change()
        torch.lerp(self._before, self._parameters, self._rate, out=self._parameters)

    def subset(self, columns: Tensor, network: Passes) -> Step:
        step = _OptimizerStep(self._make, network, _subset(self._rate, columns), self._factors)
        step._optimizer.state[network.parameters] = {
            name: _subset(value, columns) for name, value in self._optimizer.state[self._parameters].items()
        }
        return step


def _per_network(rate: float | Tensor, columns: Tensor, parameters: Tensor) -> float | Tensor:
    if not isinstance(rate, Tensor):
        return float(rate)
    return rate.to(parameters)[columns.to(parameters.device)]


def _subset(value: Any, columns: Tensor) -> Any:
    """The columns of one number per network, or per weight and network; anything else unchanged."""
    return value[..., columns] if isinstance(value, Tensor) and value.dim() else value


def _add_multiple(total: Tensor, term: Tensor, rate: float | Tensor, factor: float) -> None:
    """total += factor * rate * term."""
    if isinstance(rate, float):
        total.add_(term, alpha=factor * rate)
    else:
        total.addcmul_(term, rate, value=factor)
