"""Sweeps: thousands of networks trained side by side, with the sweep at which each one meets each criterion.

The sweep count t is the number of sweeps done: weights at sweep 0 are the initial ones. A network that diverges (nan,
inf) or never solves its task is a row like any other. No network is restarted, and none stops early unless
`Criteria.until_met` is set.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor

from backprop import progress as of_the_job
from backprop.engine import compiled, compiled_deep, compiled_grid
from backprop.engine.compiled import CompiledNetwork
from backprop.engine.compiled_deep import DeepNetwork
from backprop.engine.compiled_grid import GridNetwork
from backprop.engine.criteria import Criteria, FirstSweeps, window_ends
from backprop.engine.margin import Margin
from backprop.engine.networks import LANES, Network, Passes, flatten, pick, unflatten, with_extra_unit
from backprop.engine.presentation import Loop, Order, PerCase, PerSweep, Presentation, Shuffled
from backprop.engine.task import Task
from backprop.engine.updates import Decay, Descent, Optimizer, Piecewise, Schedule, Update
from backprop.protocol import UserError

__all__ = [
    "Criteria",
    "Decay",
    "Descent",
    "Margin",
    "Optimizer",
    "Order",
    "PerCase",
    "PerSweep",
    "Piecewise",
    "Record",
    "Schedule",
    "Shuffled",
    "Task",
    "Training",
    "Update",
    "train",
]

WIDEST = 4096  # the largest number of networks trained together
# Activities (cases x units x networks) of a block: about 1 MB of float32 stays in a core's cache (measured), while
# a GPU is fastest with as much work at a time as fits.
ACTIVITIES = {"cpu": 2**18, "cuda": 2**27, "mps": 2**25}


@dataclass(frozen=True)
class Record:
    """What training keeps on the way.

    Attributes:
        keep: the numbers of sweeps after which weights are kept.
        every: sweeps between two records of E.
    """

    keep: Sequence[int] = ()
    every: int = 25

    def __post_init__(self) -> None:
        """Refuse an interval below 1 with a UserError."""
        if self.every < 1:
            raise UserError(f"record every is {self.every}; it must be at least 1.")

    def error_sweeps(self, sweeps: int) -> list[int]:
        """The numbers of sweeps after which E is recorded: 0, every `every`, and `sweeps`, the last one."""
        return sorted({*range(0, sweeps, self.every), sweeps})


@dataclass(frozen=True)
class Training:
    """The results of training, on the CPU; S is the number of networks.

    Attributes:
        weights: for each kept number of sweeps, one tensor [n_l, fan_in + 1, S] per layer.
        first_sweep: int64 [bounds, S], the number of sweeps after which each criterion was first met; -1 if it was
            not met by the last sweep.
        errors: [records, S], E over all learned cases at the recorded sweeps.
        error_sweeps: int64 [records], the numbers of sweeps of these records.
    """

    weights: dict[int, list[Tensor]]
    first_sweep: Tensor
    errors: Tensor
    error_sweeps: Tensor


@torch.no_grad()
def train(
    task: Task,
    weights: Sequence[Tensor],
    update: Update,
    sweeps: int,
    *,
    order: Order = PerSweep(),  # noqa: B008 - it is frozen
    criteria: Criteria = Criteria(),  # noqa: B008 - it is frozen
    record: Record = Record(),
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    block: int | None = None,
) -> Training:
    """Train one network per column of `weights` on `task` for `sweeps` sweeps through the cases.

    Args:
        task: the architecture, the cases, and the error.
        weights: initial weights, one tensor [n_l, fan_in + 1, S] per layer, as `networks.initial_weights` draws them.
        update: how the weights change: `Descent`, the paper's, or `Optimizer`.
        sweeps: the number of sweeps, at least 1.
        order: when the weights change: `PerSweep`, `PerCase` or `Shuffled`. Criteria and E are determined once per
            sweep, between sweeps, and schedules count sweeps in each of them.
        criteria: when a network counts as trained, and whether training then stops.
        record: which weights to keep, and how often to record E.
        device: to train on.
        dtype: float32, or float64 for checks.
        block: networks trained together; it affects the speed and not the results.

    Raises:
        UserError: for a number out of range, naming it.
    """
    stacked = flatten(weights)
    networks = stacked.shape[1]
    device = torch.device(device)
    _check(task, networks, sweeps, order, record)
    stacks = _Stacks(task, device, dtype, order, update)
    if task.mask is not None:
        stacked = stacked * task.mask.to(stacked)
    factors = update.factors(sweeps)
    results = _Results(stacked.to("cpu", dtype), sweeps, record, len(criteria.bounds))
    progress = _Progress(networks, sweeps)

    for columns in _blocks(networks, block or stacks.fitting):
        places = padded(columns, stacks.lanes)
        network = stacks.network(places, stacked[:, places].to(device, dtype).contiguous())
        bind = partial(update.start, columns=places, factors=factors)
        if stacks.loops and isinstance(network, GridNetwork) and not isinstance(order, Shuffled):
            presentation: Presentation | Loop = order.start_loop(network, bind)
        else:
            presentation = order.start(network, bind, places)
        stack = _Stack(columns, network, presentation, FirstSweeps(network, criteria.bounds), stacks.lanes)
        stack.begin(results)
        for sweep, stop in pairwise(results.stops(by_squares=task.error != "cross_entropy")):
            stack.advance(sweep, stop, results)
            if window_ends(stop) or stop == sweeps:
                stack.first_sweeps.compare(stop)
                finished = stack.met if criteria.until_met else torch.zeros_like(stack.met)
                if stop == sweeps:
                    finished = torch.ones_like(finished)
                if finished.any():
                    results.settle(stop, stack, finished)
                    progress.finish(stop, stack, finished)
                    if finished.all():
                        break
                    stack = stack.drop(finished)
            progress.report(stop, stack)
    return results.training(task)


def _check(task: Task, networks: int, sweeps: int, order: Order, record: Record) -> None:
    if sweeps < 1:
        raise UserError(f"sweeps is {sweeps}; it must be at least 1.")
    for sweep in record.keep:
        if not 0 <= sweep <= sweeps:
            raise UserError(f"keep contains {sweep}; allowed are numbers of sweeps from 0 to {sweeps}.")
    if isinstance(order, Shuffled) and len(order.seeds) != networks:
        raise UserError(f"seeds of the shuffled order has {len(order.seeds)} numbers; there are {networks} networks.")
    if task.learned is not None:
        if task.learned.shape[1] != networks:
            raise UserError(f"learned has {task.learned.shape[1]} columns; there are {networks} networks.")
        if not isinstance(order, PerSweep):
            raise UserError("learned selects cases, which is possible only with one change per sweep; use PerSweep().")


def _blocks(networks: int, block: int) -> Iterator[Tensor]:
    """The columns of the networks that are trained together, block after block."""
    yield from torch.arange(networks).split(min(max(block // LANES, 1) * LANES, WIDEST))


class _Stacks:
    """Builds the stacks of networks that are trained together, by a compiled pass if one suits the task.

    Attributes:
        fitting: how many networks make a stack fast.
        lanes: the number of networks in a stack is a multiple of this.
        loops: whether one compiled call makes many sweeps.
    """

    def __init__(self, task: Task, device: torch.device, dtype: torch.dtype, order: Order, update: Update) -> None:
        self._task = task
        self._y0 = with_extra_unit(task.inputs.to(device, dtype))
        d = task.targets if task.targets.dim() == 3 else task.targets.unsqueeze(-1)
        self._d = d.to(device, dtype).transpose(0, 1).contiguous()
        self._learned, self._mask = (
            None if given is None else given.to(device, dtype) for given in (task.learned, task.mask)
        )
        in_order = not isinstance(order, Shuffled)
        grid = in_order and compiled_grid.suits(task, device, dtype)
        self.loops = grid and update.suits_loop
        self._grid = self.loops or (grid and isinstance(order, PerSweep))
        self._compiled = in_order and compiled.suits(task, device, dtype)
        self._deep = isinstance(order, PerSweep) and compiled_deep.suits(task, device, dtype)
        if self._grid:
            self.fitting = compiled_grid.BLOCK
        elif self._compiled:
            self.fitting = compiled.BLOCK
        elif self._deep:
            self.fitting = compiled_deep.BLOCK
        else:
            cases = self._y0.shape[1] if isinstance(order, PerSweep) else 1
            self.fitting = ACTIVITIES[device.type] // (cases * sum(task.architecture.sizes[1:]))
        # padding stacks of large networks would cost more than it gains
        self.lanes = LANES if self.fitting >= LANES else 1
        if self.loops:
            self.lanes = compiled_grid.WIDTH  # no kernel of torch is called
        elif self._deep:
            self.lanes = compiled_deep.WIDTH  # the kernels of torch are elementwise, and see whole vectors only

    def network(self, columns: Tensor, parameters: Tensor) -> Passes:
        """The networks in `columns`, with their weights `parameters` [parameters, len(columns)]."""
        task, y0, d = self._task, pick(self._y0, columns), pick(self._d, columns)
        if self._grid:
            return GridNetwork(task.architecture, y0, d, parameters, task.error)
        if self._compiled:
            return CompiledNetwork(task.architecture, y0, d, parameters, task.error)
        learned = None if self._learned is None else pick(self._learned, columns)
        kind = DeepNetwork if self._deep else Network
        return kind(
            task.architecture, y0, d, parameters, task.error, margin=task.margin, learned=learned, mask=self._mask
        )


class _Stack:
    """Networks trained side by side: `columns` are their places among all networks.

    Copies of the last network fill up the stack to a multiple of `lanes`.
    """

    def __init__(
        self,
        columns: Tensor,
        network: Passes,
        presentation: Presentation | Loop,
        first_sweeps: FirstSweeps,
        lanes: int,
    ) -> None:
        self.columns, self.network, self.first_sweeps = columns, network, first_sweeps
        self._presentation, self._lanes = presentation, lanes

    @property
    def width(self) -> int:
        """The number of networks, without the copies."""
        return len(self.columns)

    @property
    def met(self) -> Tensor:
        """Whether each network has met every bound, bool [width]."""
        return self.first_sweeps.met[: self.width]

    def begin(self, results: _Results) -> None:
        """The first pass, with the initial weights."""
        self.network.forward()
        self.first_sweeps.note(0)
        results.note(0, self)

    def advance(self, sweep: int, stop: int, results: _Results) -> None:
        """Continue from `sweep` to `stop`, one of `results.stops`, and record what is due on the way."""
        if isinstance(self._presentation, Loop):
            errors = self._presentation(sweep, self.first_sweeps.rows(sweep + 1, stop + 1))
            results.note_errors(sweep + 1, self, errors)
            results.note(stop, self)
            return
        for done in range(sweep, stop):
            self._presentation(done)
            self.network.forward()
            self.first_sweeps.note(done + 1)
            results.note(done + 1, self)

    def drop(self, finished: Tensor) -> _Stack:
        """The networks still in training, after a forward pass: those that are not `finished`, bool [width]."""
        remaining = (~finished).nonzero().squeeze(1)
        positions = padded(remaining, self._lanes)
        network = self.network.subset(positions)
        network.forward()
        presentation = self._presentation.subset(positions, network)
        first_sweeps = self.first_sweeps.subset(positions, network)
        return _Stack(self.columns[remaining.cpu()], network, presentation, first_sweeps, self._lanes)


class _Results:
    """The results of training, filled in stack by stack."""

    def __init__(self, stacked: Tensor, sweeps: int, record: Record, bounds: int) -> None:
        networks = stacked.shape[1]
        self.weights = {sweep: torch.empty_like(stacked) for sweep in sorted(set(record.keep))}
        self.sweeps, self.error_sweeps = sweeps, record.error_sweeps(sweeps)
        self._rows = {sweep: row for row, sweep in enumerate(self.error_sweeps)}
        self.errors = stacked.new_empty(len(self.error_sweeps), networks)
        self.first_sweep = torch.empty(bounds, networks, dtype=torch.int64)

    def stops(self, by_squares: bool) -> list[int]:
        """The numbers of sweeps at which `note` is due, or a window of the criteria ends; 0 first.

        Args:
            by_squares: whether `note_errors` gets the errors between two stops.
        """
        recorded = () if by_squares else self.error_sweeps
        return sorted({0, *self.weights, *recorded, *filter(window_ends, range(self.sweeps)), self.sweeps})

    def note_errors(self, sweep: int, stack: _Stack, errors: Tensor) -> None:
        """Store E [sweeps, networks] of the stack's networks, from `sweep` on, at the sweeps that are recorded."""
        first = bisect_left(self.error_sweeps, sweep)
        stop = bisect_left(self.error_sweeps, sweep + len(errors))
        rows = torch.tensor(self.error_sweeps[first:stop], dtype=torch.int64) - sweep
        self.errors[first:stop, stack.columns] = errors[rows, : stack.width]

    def note(self, sweep: int, stack: _Stack) -> None:
        """Store the weights and E of all networks of a stack after a forward pass, if this sweep is recorded."""
        if sweep in self.weights:
            self.weights[sweep][:, stack.columns] = stack.network.parameters[:, : stack.width].cpu()
        if sweep in self._rows:
            self.errors[self._rows[sweep], stack.columns] = stack.network.errors()[: stack.width].cpu()

    def settle(self, sweep: int, stack: _Stack, finished: Tensor) -> None:
        """Fill all later records of the networks that are `finished`, bool [width], with their state at this sweep."""
        columns, positions = stack.columns[finished.cpu()], finished.nonzero().squeeze(1)
        for later, weights in self.weights.items():
            if later > sweep:
                weights[:, columns] = stack.network.parameters[:, positions].cpu()
        first_row = bisect_right(self.error_sweeps, sweep)
        self.errors[first_row:, columns] = stack.network.errors()[positions].cpu()
        self.first_sweep[:, columns] = stack.first_sweeps.first_sweep[:, positions].cpu()

    def training(self, task: Task) -> Training:
        """The complete results, once every stack is finished."""
        weights = {sweep: unflatten(task.architecture, parameters) for sweep, parameters in self.weights.items()}
        return Training(weights, self.first_sweep, self.errors, torch.tensor(self.error_sweeps))


def padded(columns: Tensor, lanes: int) -> Tensor:
    """The columns, filled up to a multiple of `lanes` with copies of the last one."""
    return columns[torch.arange(-(-len(columns) // lanes) * lanes, device=columns.device).clamp_(max=len(columns) - 1)]


class _Progress:
    """Reports to the job how far training is."""

    def __init__(self, networks: int, sweeps: int) -> None:
        self._networks, self._sweeps = networks, sweeps
        self._started = time.monotonic()
        self._finished = self._solved = self._done = 0  # networks finished, those that solved the task, their sweeps

    def report(self, sweep: int, stack: _Stack) -> None:
        """Log the progress of the job if the last line is old enough."""
        if not of_the_job.due():
            return
        begun = self._finished + stack.width
        solved = self._solved + _solved(stack.first_sweeps.first_sweep[:, : stack.width])
        speed = (self._done + stack.width * sweep) / (time.monotonic() - self._started) / 1e6
        of_the_job.report(
            (self._finished * self._sweeps + stack.width * sweep) / (self._networks * self._sweeps),
            f"{speed:.2f} M sweeps/s, {begun:,} of {self._networks:,} networks begun, {solved / begun:.0%} solved",
        )

    def finish(self, sweep: int, stack: _Stack, finished: Tensor) -> None:
        """Count the networks of a stack that are `finished`, bool [width]."""
        networks = int(finished.sum())
        self._finished += networks
        self._done += networks * sweep
        self._solved += _solved(stack.first_sweeps.first_sweep[:, : stack.width][:, finished])


def _solved(first_sweep: Tensor) -> int:
    """The number of networks that met the first bound."""
    return int((first_sweep[:1] >= 0).sum())
