"""Sweeps: thousands of networks trained side by side until the cap, with a record of when each one solved its task.

The sweep count t is the number of sweeps done: weights at sweep 0 are the initial ones. A network that diverges
(nan, inf) or never solves its task is a row like any other; nothing is restarted, and nothing stops early unless
asked to, once it has met every criterion.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from backprop import choices
from backprop.engine import compiled
from backprop.engine.criteria import Criteria
from backprop.engine.networks import LANES, Architecture, Network, Passes, flatten, pick, unflatten, with_extra_unit
from backprop.engine.presentation import PerCase, PerCaseFused, PerSweep, Presentation, own_orders
from backprop.engine.updates import Descent, Optimizer, Schedule
from backprop.protocol import UserError

__all__ = ["Descent", "Optimizer", "Schedule", "Training", "train"]

log = logging.getLogger(__name__)

LOG_EVERY = 5.0  # seconds between lines of progress
WIDEST = 4096  # networks trained together at most
# Activities (cases x units x networks) of a block: about 1 MB of float32 stays in a core's cache (measured), while
# a GPU wants as much work at a time as it can get.
ACTIVITIES = {"cpu": 2**18, "cuda": 2**27, "mps": 2**25}


@dataclass(frozen=True)
class Training:
    """What training leaves behind, on the CPU; S is the number of networks.

    Attributes:
        weights: per requested sweep count, one tensor [n_l, fan_in + 1, S] per layer.
        first_sweep: int64 [bounds, S], after how many sweeps |y - d| was first below the bound in all cases and
            outputs; -1 if it never was by the cap.
        errors: [records, S], E at the recorded sweeps, over all cases.
        error_sweeps: int64 [records], the sweep counts of those records: 0, every `record_every`, and the cap.
    """

    weights: dict[int, list[Tensor]]
    first_sweep: Tensor
    errors: Tensor
    error_sweeps: Tensor


@torch.no_grad()
def train(
    architecture: Architecture,
    inputs: Tensor,
    targets: Tensor,
    *,
    weights: Sequence[Tensor],
    update: Descent | Optimizer,
    sweeps: int,
    error: str = "half_sum",
    bounds: Sequence[float] = (0.5, 0.2, 0.1),
    until_met: bool = False,
    keep: Collection[int] = (),
    record_every: int = 25,
    per_case: bool = False,
    case_order: str = "fixed",
    seeds: Sequence[int] | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    block: int | None = None,
) -> Training:
    """Train one network per column of `weights` for `sweeps` sweeps through the cases.

    Args:
        architecture: of every network.
        inputs: [cases, n0], or [cases, n0, S] if each network has its own.
        targets: [cases, outputs], or [cases, outputs, S].
        weights: initial weights, one tensor [n_l, fan_in + 1, S] per layer, as `networks.initial_weights` draws them.
        update: `Descent`, the paper's, or `Optimizer`.
        sweeps: the cap, at least 1; every network goes on to it, unless `until_met`.
        error: one of `choices.ERRORS`: the paper's half_sum, mean, or cross_entropy.
        bounds: of |y - d| in the criteria.
        until_met: leave off training a network once it has met all bounds, at the end of that window of
            `criteria.WINDOW` sweeps; its weights and E at all later sweeps are those it had then.
        keep: sweep counts at which weights are kept, each from 0 to `sweeps`.
        record_every: sweeps between two records of E.
        per_case: change the weights after every case rather than after every sweep; criteria and E are still
            taken once per sweep, between sweeps. A schedule counts sweeps.
        case_order: of per_case, fixed or shuffled, anew in every sweep.
        seeds: of the shuffled orders, one per network, so that each has its own.
        device: to train on.
        dtype: float32, or float64 for checks.
        block: networks trained together; results do not depend on it, speed does.

    Raises:
        UserError: for a number or a name out of range, naming it.
    """
    stacked = flatten(weights)
    networks = stacked.shape[1]
    device = torch.device(device)
    _check(sweeps, keep, record_every, case_order, seeds, networks)
    y0 = with_extra_unit(inputs.to(device, dtype))
    d = (targets if targets.dim() == 3 else targets.unsqueeze(-1)).to(device, dtype).transpose(0, 1).contiguous()
    factors = (update.schedule or Schedule()).factors(sweeps)
    records = _Records(stacked.to("cpu", dtype), sweeps, keep, record_every, len(bounds))
    progress = _Progress(networks, sweeps)

    in_order = not per_case or case_order == "fixed"
    fuse = in_order and compiled.suits(architecture, y0, d, device, dtype)
    make: Callable[..., Passes] = compiled.FusedNetwork if fuse else Network
    together = 1 if per_case else y0.shape[1]  # cases
    fitting = compiled.BLOCK if fuse else ACTIVITIES[device.type] // (together * sum(architecture.sizes[1:]))
    lanes = LANES if fitting >= LANES else 1  # networks so large are not padded: it would cost more than it gives
    for columns in _blocks(networks, block or fitting):
        here = _padded(columns, lanes)
        parameters = stacked[:, here].to(device, dtype).contiguous()
        network = make(architecture, pick(y0, here), pick(d, here), parameters, error)
        start = partial(update.start, networks=here, factors=factors)
        presentation: Presentation
        if per_case and isinstance(network, compiled.FusedNetwork):
            presentation = PerCaseFused(network, start)
        elif per_case:
            orders = None
            if case_order == "shuffled" and seeds is not None:
                orders = own_orders([seeds[i] for i in here.tolist()], y0.shape[1], device)
            presentation = PerCase(network, start, orders)
        else:
            presentation = PerSweep(network, start)
        stack = _Stack(columns, network, presentation, Criteria(network, bounds), lanes)
        for sweep in range(sweeps + 1):
            stack.network.forward()
            records.note(sweep, stack)
            if stack.criteria.look(sweep) and until_met and (over := stack.met).any():
                records.settle(sweep, stack, over)
                progress.finish(sweep, stack, over)
                if over.all():
                    break
                stack = stack.without(over)
            if sweep < sweeps:
                stack.present(sweep)
            progress.tell(sweep, stack)
        else:
            stack.criteria.judge(sweeps)
            everyone = torch.ones_like(stack.met)
            records.settle(sweeps, stack, everyone)
            progress.finish(sweeps, stack, everyone)
    return records.training(architecture)


def _check(
    sweeps: int,
    keep: Collection[int],
    record_every: int,
    case_order: str,
    seeds: Sequence[int] | None,
    networks: int,
) -> None:
    if sweeps < 1:
        raise UserError(f"sweeps is {sweeps}; it must be at least 1.")
    if record_every < 1:
        raise UserError(f"record_every is {record_every}; it must be at least 1.")
    for sweep in keep:
        if not 0 <= sweep <= sweeps:
            raise UserError(f"keep contains {sweep}; allowed are sweep counts from 0 to {sweeps}.")
    choices.check("case_order", case_order, choices.CASE_ORDERS)
    if case_order == "shuffled" and (seeds is None or len(seeds) != networks):
        raise UserError(f"case_order is 'shuffled', which needs seeds: one for each of the {networks} networks.")


def _blocks(networks: int, block: int) -> Iterator[Tensor]:
    """The columns of the networks that are trained together, block after block."""
    yield from torch.arange(networks).split(min(max(block // LANES, 1) * LANES, WIDEST))


class _Stack:
    """The networks at `columns` of all, trained side by side: every buffer a sweep needs, and its criteria.

    Copies of the last network fill their number up to whole `lanes`.
    """

    def __init__(self, columns: Tensor, network: Passes, present: Presentation, criteria: Criteria, lanes: int) -> None:
        self.columns, self.network, self.present, self.criteria = columns, network, present, criteria
        self._lanes = lanes

    @property
    def width(self) -> int:
        """The networks that count."""
        return len(self.columns)

    @property
    def met(self) -> Tensor:
        """Whether each of them has met every bound, bool [width]."""
        return self.criteria.met[: self.width]

    def without(self, over: Tensor) -> _Stack:
        """The others than those that are `over`, bool [width], as they stand after a forward pass."""
        left = (~over).nonzero().squeeze(1)
        positions = _padded(left, self._lanes)
        network = self.network.of(positions)
        network.forward()
        present, criteria = self.present.of(positions, network), self.criteria.of(positions, network)
        return _Stack(self.columns[left.cpu()], network, present, criteria, self._lanes)


class _Records:
    """What training leaves behind, filled in stack by stack."""

    def __init__(self, stacked: Tensor, sweeps: int, keep: Collection[int], record_every: int, bounds: int) -> None:
        networks = stacked.shape[1]
        self.weights = {sweep: torch.empty_like(stacked) for sweep in sorted(set(keep))}
        self.error_sweeps = sorted({*range(0, sweeps, record_every), sweeps})
        self._rows = {sweep: row for row, sweep in enumerate(self.error_sweeps)}
        self.errors = stacked.new_empty(len(self.error_sweeps), networks)
        self.first_sweep = torch.empty(bounds, networks, dtype=torch.int64)

    def note(self, sweep: int, stack: _Stack) -> None:
        """After a forward pass: the weights and E of all its networks, if they are to be kept at this sweep."""
        if sweep in self.weights:
            self.weights[sweep][:, stack.columns] = stack.network.parameters[:, : stack.width].cpu()
        if sweep in self._rows:
            self.errors[self._rows[sweep], stack.columns] = stack.network.errors()[: stack.width].cpu()

    def settle(self, sweep: int, stack: _Stack, over: Tensor) -> None:
        """When training ends for those of its networks that are `over`, bool [width]: all that is still to be kept."""
        columns, positions = stack.columns[over.cpu()], over.nonzero().squeeze(1)
        for later, weights in self.weights.items():
            if later > sweep:
                weights[:, columns] = stack.network.parameters[:, positions].cpu()
        first_row = bisect_right(self.error_sweeps, sweep)
        self.errors[first_row:, columns] = stack.network.errors()[positions].cpu()
        self.first_sweep[:, columns] = stack.criteria.first_sweep[:, positions].cpu()

    def training(self, architecture: Architecture) -> Training:
        """All of it, once every stack is done."""
        weights = {sweep: unflatten(architecture, parameters) for sweep, parameters in self.weights.items()}
        return Training(weights, self.first_sweep, self.errors, torch.tensor(self.error_sweeps))


def _padded(columns: Tensor, lanes: int) -> Tensor:
    """Their number filled up to whole `lanes` with copies of the last one."""
    return columns[torch.arange(-(-len(columns) // lanes) * lanes, device=columns.device).clamp_(max=len(columns) - 1)]


class _Progress:
    """A line in the log every few seconds."""

    def __init__(self, networks: int, sweeps: int) -> None:
        self._networks, self._sweeps = networks, sweeps
        self._started = self._told = time.monotonic()
        self._finished = self._solved = self._done = 0  # networks behind us, and the sweeps they took

    def tell(self, sweep: int, stack: _Stack) -> None:
        """Log how far training is, if it is time."""
        now = time.monotonic()
        if now - self._told < LOG_EVERY:
            return
        self._told = now
        begun = self._finished + stack.width
        log.info(
            "%.0f%% of %d sweeps with %d networks; solved %.1f%% of the %d begun; %.2f M sweeps/s",
            100 * (self._finished * self._sweeps + stack.width * sweep) / (self._networks * self._sweeps),
            self._sweeps,
            self._networks,
            100 * (self._solved + _solved(stack.criteria.first_sweep[:, : stack.width])) / begun,
            begun,
            (self._done + stack.width * sweep) / (now - self._started) / 1e6,
        )

    def finish(self, sweep: int, stack: _Stack, over: Tensor) -> None:
        """Count those of its networks that are `over`, bool [width], as done."""
        networks = int(over.sum())
        self._finished += networks
        self._done += networks * sweep
        self._solved += _solved(stack.criteria.first_sweep[:, : stack.width][:, over])


def _solved(first_sweep: Tensor) -> int:
    """Networks that met the first bound."""
    return int((first_sweep[:1] >= 0).sum())
