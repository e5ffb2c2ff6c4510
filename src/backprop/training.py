"""Sweeps: thousands of networks trained side by side until the cap, with a record of when each one solved its task.

The sweep count t is the number of sweeps done: weights at sweep 0 are the initial ones. A network that diverges
(nan, inf) or never solves its task is a row like any other; nothing stops early and nothing is restarted.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backprop import names
from backprop.networks import Architecture, Network, flatten, unflatten, with_extra_unit
from backprop.protocol import UserError
from backprop.updates import Descent, Optimizer, Schedule, Step

__all__ = ["Descent", "Optimizer", "Schedule", "Training", "train"]

log = logging.getLogger(__name__)

LOG_EVERY = 5.0  # seconds between lines of progress
WINDOW = 64  # sweeps between two looks at the criteria
LANES = 64  # a block's width is a multiple of this, so that no network falls into a kernel's scalar remainder
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
        sweeps: the cap, at least 1; every network goes on to it.
        error: one of `names.ERRORS`: the paper's half_sum, mean, or cross_entropy.
        bounds: of |y - d| in the criteria.
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
    kept = {sweep: torch.empty(stacked.shape, dtype=dtype) for sweep in sorted(set(keep))}
    record_at = {sweep: row for row, sweep in enumerate(sorted({*range(0, sweeps, record_every), sweeps}))}
    errors = torch.empty(len(record_at), networks, dtype=dtype)
    first_sweep = torch.empty(len(bounds), networks, dtype=torch.int64)
    progress = _Progress(networks, sweeps)

    together = 1 if per_case else y0.shape[1]  # cases
    fitting = ACTIVITIES[device.type] // (together * sum(architecture.sizes[1:]))
    for columns, width in _blocks(networks, block or fitting, fitting):
        here = columns[:width]
        parameters = stacked[:, columns].to(device, dtype).contiguous()
        network = Network(architecture, _pick(y0, columns), _pick(d, columns), parameters, error)
        if per_case:
            orders = _orders(seeds, columns, y0.shape[1], device) if seeds and case_order == "shuffled" else None
            change = _change_per_case(network, update, columns, factors, orders)
        else:
            change = _change_per_sweep(network, update, columns, factors)
        criteria = _Criteria(network.deviation, bounds)
        for sweep in range(sweeps + 1):
            if sweep in kept:
                kept[sweep][:, here] = parameters[:, :width].cpu()
            network.forward()
            criteria.look(sweep)
            if sweep in record_at:
                errors[record_at[sweep], here] = network.errors()[:width].cpu()
            if sweep < sweeps:
                change(sweep)
            progress.tell(sweep, width, criteria.first_sweep)
        criteria.judge(sweeps)
        first_sweep[:, here] = criteria.first_sweep[:, :width].cpu()
        progress.finish(width, criteria.first_sweep)

    return Training(
        {sweep: unflatten(architecture, parameters) for sweep, parameters in kept.items()},
        first_sweep,
        errors,
        torch.tensor(list(record_at)),
    )


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
    names.check("case_order", case_order, names.CASE_ORDERS)
    if case_order == "shuffled" and (seeds is None or len(seeds) != networks):
        raise UserError(f"case_order is 'shuffled', which needs seeds: one for each of the {networks} networks.")


def _blocks(networks: int, block: int, fitting: int) -> Iterator[tuple[Tensor, int]]:
    """Per block the networks in it, padded with copies of its last one, and how many of them count.

    Networks so large that not even LANES of them are `fitting` are not padded: that would cost more than it gives.
    """
    lanes = LANES if fitting >= LANES else 1
    block = min(max(block // LANES, 1) * LANES, WIDEST)
    for start in range(0, networks, block):
        width = min(block, networks - start)
        padded = -(-width // lanes) * lanes
        yield start + torch.arange(padded).clamp_(max=width - 1), width


def _pick(cases: Tensor, columns: Tensor) -> Tensor:
    """The block's own cases, or the shared ones."""
    return cases if cases.shape[-1] == 1 else cases[..., columns.to(cases.device)].contiguous()


def _change_per_sweep(network: Network, update: Descent | Optimizer, columns: Tensor, factors: list[float]) -> Step:
    """Equation (8) as the paper's research uses it: dE/dw over all cases, then one change."""
    step = update.start(network.parameters, network.gradient, columns, factors)

    def change(sweep: int) -> None:
        network.backward()
        step(sweep)

    return change


def _change_per_case(
    network: Network,
    update: Descent | Optimizer,
    columns: Tensor,
    factors: list[float],
    orders: Iterator[Tensor] | None,
) -> Step:
    """The weights change after every case; one small network sees the cases in turn and shares the weights."""
    y0, d, parameters = network.inputs, network.targets, network.parameters
    cases, width = y0.shape[1], parameters.shape[1]
    own = 1 if orders is None and y0.shape[2] == 1 else width
    own_d = 1 if orders is None and d.shape[2] == 1 else width
    single = Network(
        network.architecture,
        y0.new_ones(len(y0), 1, own),
        d.new_zeros(len(d), 1, own_d),
        parameters,
        network.error,
    )
    step = update.start(parameters, single.gradient, columns, factors)
    in_order = list(zip(y0.unbind(1), d.unbind(1), strict=True))
    shown, wanted = single.inputs[:, 0], single.targets[:, 0]

    def present(case: int) -> None:
        shown.copy_(in_order[case][0])
        wanted.copy_(in_order[case][1])

    def present_own(order: Tensor) -> None:
        """Each network its own case, `order` [networks]."""
        for values, to in ((y0, shown), (d, wanted)):
            if values.shape[2] == 1:
                torch.index_select(values[:, :, 0], 1, order, out=to)
            else:
                to.copy_(values.gather(1, order.expand(len(to), 1, -1))[:, 0])

    def change(sweep: int) -> None:
        order = None if orders is None else next(orders)
        for case in range(cases):
            present(case) if order is None else present_own(order[case])
            single.forward()
            single.backward()
            step(sweep)

    return change


def _orders(seeds: Sequence[int], columns: Tensor, cases: int, device: torch.device | str) -> Iterator[Tensor]:
    """Sweep after sweep the order of the cases, [cases, networks]; each network's own depends on its seed only."""
    generators = [np.random.default_rng([seeds[column], 1]) for column in columns.tolist()]
    ahead = np.tile(np.arange(cases), (16, 1))  # sweeps drawn at a time
    while True:
        drawn = np.stack([generator.permuted(ahead, axis=1) for generator in generators], axis=-1)
        yield from torch.from_numpy(drawn).to(device)


class _Criteria:
    """The first sweep at which a network's largest |y - d| is below each bound.

    Every sweep writes the largest and the smallest deviation of each network, two cheap reductions; they are
    compared with the bounds once per WINDOW, and no more once every network has met every bound.
    """

    def __init__(self, deviation: Tensor, bounds: Sequence[float]) -> None:
        width = deviation.shape[-1]
        self._deviation = deviation.view(-1, width)
        self._bounds = bounds
        self._highest, self._lowest = deviation.new_empty(2, WINDOW, width).unbind()
        self._rows = list(zip(self._highest, self._lowest, strict=True))
        self._judged = 0  # sweeps before this one have been compared
        self._open = len(bounds) > 0
        self.first_sweep = torch.full((len(bounds), width), -1, dtype=torch.int64, device=deviation.device)

    def look(self, sweep: int) -> None:
        """Take note of the deviations at `sweep`."""
        if not self._open:
            return
        highest, lowest = self._rows[sweep - self._judged]
        torch.amax(self._deviation, 0, out=highest)
        torch.amin(self._deviation, 0, out=lowest)
        if sweep - self._judged == WINDOW - 1:
            self.judge(sweep)

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


class _Progress:
    """A line in the log every few seconds."""

    def __init__(self, networks: int, sweeps: int) -> None:
        self._networks, self._sweeps = networks, sweeps
        self._started = self._told = time.monotonic()
        self._finished = self._solved = 0  # networks of the blocks behind us

    def tell(self, sweep: int, width: int, first_sweep: Tensor) -> None:
        """Log how far training is, if it is time."""
        now = time.monotonic()
        if now - self._told < LOG_EVERY:
            return
        self._told = now
        done = self._finished * self._sweeps + width * sweep
        solved = self._solved + _solved(first_sweep, width)
        log.info(
            "%.0f%% of %d sweeps with %d networks; solved %.1f%% of the %d begun; %.2f M sweeps/s",
            100 * done / (self._networks * self._sweeps),
            self._sweeps,
            self._networks,
            100 * solved / (self._finished + width),
            self._finished + width,
            done / (now - self._started) / 1e6,
        )

    def finish(self, width: int, first_sweep: Tensor) -> None:
        """Count a block as done."""
        self._finished += width
        self._solved += _solved(first_sweep, width)


def _solved(first_sweep: Tensor, width: int) -> int:
    """Networks that met the first bound."""
    return int((first_sweep[:1, :width] >= 0).sum())
