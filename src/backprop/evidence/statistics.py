"""Rates with Wilson intervals, Kaplan-Meier curves of learning times, same-seed comparisons: closed forms.

A network that has not solved its task at the cap is censored there: its learning time is known to be longer,
not known. `times` are sweeps, `observed` says which of them ended in success. A time of nan (a diverged
network) is counted as censored at the longest time seen, because such a network will not solve the task later
either.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Estimate(NamedTuple):
    """A number with its interval; None where the data cannot tell (a median not reached before the cap)."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class KaplanMeier:
    """A survival curve as a right-continuous step function, one row per distinct time with a success.

    `survival[k]` is the share still unsolved from `times[k]` on (before `times[0]` it is 1); `low` and `high`
    are the pointwise band, nan where `survival` is 0 and the band has no formula; `at_risk[k]` networks were
    unsolved and uncensored just before `times[k]`. `longest` is the longest time seen: beyond it nothing is
    known.
    """

    times: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray
    longest: float

    def at(self, time: float) -> float:
        """The share unsolved at `time` sweeps; nan beyond the longest time seen, unless all had solved."""
        index = int(np.searchsorted(self.times, time, side="right"))
        share = float(self.survival[index - 1]) if index else 1.0
        return share if time <= self.longest or share == 0 else float("nan")


class PairedDifference(NamedTuple):
    """Rate of the first minus rate of the second, Newcombe's interval, McNemar's exact two-sided p value."""

    difference: float
    low: float
    high: float
    p_value: float


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval (1927) for a binomial rate: (low, high), broadcast over the arguments.

    Needs 0 <= successes <= n, else ValueError. Of no trials at all nothing is known: the interval is (0, 1).
    """
    k, trials = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if not np.all((k >= 0) & (k <= trials)):
        raise ValueError(f"wilson needs 0 <= successes <= n, got successes {successes!r} and n {n!r}")
    z = _z(level)
    safe = np.maximum(trials, 1)
    rate = k / safe
    centre = (rate + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(rate * (1 - rate) / safe + z**2 / (4 * safe**2))
    # At the edges the exact limits are 0 and 1; rounding would leave them a hair outside or inside.
    low = np.where(k == 0, 0.0, np.maximum(centre - half, 0))
    high = np.where(k == trials, 1.0, np.minimum(centre + half, 1))
    return low, high


def kaplan_meier(times: npt.ArrayLike, observed: npt.ArrayLike, level: float = 0.95) -> KaplanMeier:
    """The product-limit estimate with Greenwood's variance and log(-log) bands, which stay within [0, 1].

    `times` [n] in sweeps, `observed` [n] truth values: True where the network solved its task at that time,
    False where it was censored. A network censored at a time counts as at risk for the successes at that
    time.
    """
    t, success = _clean(times, observed)
    moments, successes = np.unique(t[success], return_counts=True)
    ordered = np.sort(t)
    at_risk = t.size - np.searchsorted(ordered, moments, side="left")
    survival = np.cumprod(1 - successes / at_risk)
    low, high = np.full_like(survival, np.nan), np.full_like(survival, np.nan)
    inside = survival > 0
    n, d, s = at_risk[inside], successes[inside], survival[inside]
    spread = _z(level) * np.sqrt(np.cumsum(d / (n * (n - d)))) / -np.log(s)
    low[inside], high[inside] = s ** np.exp(spread), s ** np.exp(-spread)
    return KaplanMeier(moments, survival, low, high, at_risk, float(ordered[-1]) if t.size else 0.0)


def median_survival(times: npt.ArrayLike, observed: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Median learning time in sweeps, with Brookmeyer and Crowley's interval (the band crosses one half).

    None stands for "not reached": fewer than half solved before the cap, so state the cap beside it.
    """
    curve = kaplan_meier(times, observed, level)
    return Estimate(*(_first_below(curve.times, s) for s in (curve.survival, curve.low, curve.high)))


def quantile_of(value: float, times: npt.ArrayLike, observed: npt.ArrayLike) -> float | None:
    """Which quantile of the learning times `value` sweeps is: the share (0 to 1) of networks solved by then.

    None if `value` lies beyond the longest time seen while some networks were still unsolved, or without
    data.
    """
    curve = kaplan_meier(times, observed)
    share = curve.at(value)
    return None if np.isnan(share) or np.size(times) == 0 else 1 - share


def paired_difference(first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95) -> PairedDifference:
    """Compare two variants seed by seed: truth values [n] each, the same seeds in the same order.

    The interval is Newcombe's for paired proportions (Statistics in Medicine 17, 1998, method 10: Wilson
    limits squared and added, with the continuity-corrected correlation); the p value is McNemar's, exact
    binomial.
    """
    a, b = np.asarray(first, bool), np.asarray(second, bool)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise ValueError(f"paired_difference needs two vectors of one length, got shapes {a.shape} and {b.shape}")
    both, only_a, only_b, neither = (int(np.sum(x)) for x in (a & b, a & ~b, ~a & b, ~a & ~b))
    n = a.size
    rate_a, rate_b = (both + only_a) / n, (both + only_b) / n
    (low_a, low_b), (high_a, high_b) = wilson([both + only_a, both + only_b], n, level)
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    cross = both * neither - only_a * only_b
    phi = (max(cross - n / 2, 0) if cross > 0 else cross) / margins**0.5 if margins else 0.0

    def reach(x: float, y: float) -> float:
        return float(np.sqrt(max(x**2 - 2 * phi * x * y + y**2, 0)))

    difference = (only_a - only_b) / n
    return PairedDifference(
        difference,
        difference - reach(rate_a - low_a, high_b - rate_b),
        difference + reach(high_a - rate_a, rate_b - low_b),
        _mcnemar(only_a, only_b),
    )


def mean_interval(x: npt.ArrayLike, least: float = -np.inf, most: float = np.inf) -> dict[str, float | None]:
    """Mean, standard deviation and Student's 95 % interval of the finite values; None where there are too few.

    The interval is cut to the possible values, [least, most].
    """
    from scipy import stats  # slow to import, and used by few

    known = np.asarray(x, float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return {"mean": float(known[0]) if known.size else None, "deviation": None, "low": None, "high": None}
    mean, deviation = float(known.mean()), float(known.std(ddof=1))
    reach = float(stats.t.ppf(0.975, known.size - 1)) * deviation / known.size**0.5
    return {"mean": mean, "deviation": deviation, "low": max(least, mean - reach), "high": min(most, mean + reach)}


def _mcnemar(only_first: int, only_second: int) -> float:
    discordant = only_first + only_second
    tail = sum(comb(discordant, k) for k in range(min(only_first, only_second) + 1))
    # Whole numbers up to the division: nothing underflows with thousands of seeds.
    return min(1.0, 2 * tail / 2**discordant)


def _clean(times: npt.ArrayLike, observed: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    t, success = np.array(times, float), np.asarray(observed, bool)
    if t.shape != success.shape or t.ndim != 1:
        raise ValueError(f"times and observed must be vectors of one length, got {t.shape} and {success.shape}")
    missing = np.isnan(t)
    if np.any(missing & success):
        raise ValueError("a network that solved its task needs a time, got nan")
    t[missing] = np.max(t, where=~missing, initial=0.0)
    return t, success


def _first_below(times: np.ndarray, share: np.ndarray) -> float | None:
    # A hair of tolerance: 1 - 1/2 computed as a product may come out just above one half.
    reached = np.flatnonzero(share <= 0.5 + 1e-12)
    return float(times[reached[0]]) if reached.size else None


def _z(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 2)
