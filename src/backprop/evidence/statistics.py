"""Statistics in closed form: rates, learning times with censoring, comparisons seed by seed, and means.

A network that has not solved its task by the cap is censored there: its learning time is longer than the cap, but
unknown. `times` are in sweeps, and `observed` is True where the network solved its task at that time. A time of nan,
from a diverged network, counts as censored at the longest time in the sample, because such a network does not solve
the task later.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Estimate(NamedTuple):
    """A number with its interval; None where the data do not determine it, such as a median beyond the cap."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class KaplanMeier:
    """A survival curve as a right-continuous step function, with one step per distinct time of a success.

    Attributes:
        times: [k] in sweeps, ascending.
        survival: [k], the share still unsolved from `times[k]` until the next time; before `times[0]` it is 1.
        low, high: [k], the pointwise band; nan where `survival` is 0, because the formula is undefined there.
        at_risk: [k], the number of networks that were unsolved and uncensored just before `times[k]`.
        longest: the longest time in the sample; the curve is unknown beyond it.
    """

    times: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray
    longest: float

    def at(self, time: float) -> float:
        """The share unsolved at `time` sweeps; nan beyond the longest time in the sample, unless all are solved."""
        index = int(np.searchsorted(self.times, time, side="right"))
        share = float(self.survival[index - 1]) if index else 1.0
        return share if time <= self.longest or share == 0 else float("nan")


class PairedDifference(NamedTuple):
    """The rate of the first minus the rate of the second, with Newcombe's interval and McNemar's exact p value."""

    difference: float
    low: float
    high: float
    p_value: float


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's score interval (1927) for a binomial rate: (low, high), broadcast over the arguments.

    Raises ValueError unless 0 <= successes <= n. Without any trial the interval is (0, 1).
    """
    k, trials = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if not np.all((k >= 0) & (k <= trials)):
        raise ValueError(f"wilson needs 0 <= successes <= n, got successes {successes!r} and n {n!r}")
    z = _z(level)
    safe = np.maximum(trials, 1)
    rate = k / safe
    centre = (rate + z**2 / (2 * safe)) / (1 + z**2 / safe)
    half = z / (1 + z**2 / safe) * np.sqrt(rate * (1 - rate) / safe + z**2 / (4 * safe**2))
    # The exact limits at the edges are 0 and 1; rounding errors would shift them slightly.
    low = np.where(k == 0, 0.0, np.maximum(centre - half, 0))
    high = np.where(k == trials, 1.0, np.minimum(centre + half, 1))
    return low, high


def kaplan_meier(times: npt.ArrayLike, observed: npt.ArrayLike, level: float = 0.95) -> KaplanMeier:
    """The product-limit estimate with Greenwood's variance and log(-log) bands, which are within [0, 1].

    `times` is [n] in sweeps; `observed` is [n], True where the network solved its task at that time and False where it
    was censored. A network that is censored at a time still counts as at risk for the successes at that time. Raises
    ValueError if the lengths differ or if an observed time is nan.
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
    """Median learning time in sweeps with Brookmeyer and Crowley's interval, where the band crosses one half.

    A value of None means "not reached": less than half of the networks were solved by the cap, so the cap must be
    stated with it.
    """
    curve = kaplan_meier(times, observed, level)
    return Estimate(*(_first_below(curve.times, s) for s in (curve.survival, curve.low, curve.high)))


def quantile_of(value: float, times: npt.ArrayLike, observed: npt.ArrayLike) -> float | None:
    """The share (0 to 1) of networks solved by `value` sweeps, that is, the quantile of `value` among the times.

    None without data, and if `value` is beyond the longest time in the sample while some networks are unsolved.
    """
    curve = kaplan_meier(times, observed)
    share = curve.at(value)
    return None if np.isnan(share) or np.size(times) == 0 else 1 - share


def paired_difference(first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95) -> PairedDifference:
    """Compare two variants seed by seed: `first` and `second` [n] say which seeds succeeded, in the same order.

    The interval is Newcombe's for paired proportions (Statistics in Medicine 17, 1998, method 10: distances of the
    Wilson limits, combined with a continuity-corrected correlation). The two-sided p value is McNemar's, from the exact
    binomial distribution. Raises ValueError unless both are vectors of one length, with at least one seed.
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
    """Mean, standard deviation and Student's 95% interval of the finite values of `x`; None where there are too few.

    The keys are mean, deviation, low and high. The interval is cut to the possible values, [least, most].
    """
    from scipy import stats  # slow to import, and only few callers need it

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
    # All numbers are integers before the division, so that nothing underflows with thousands of seeds.
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
    # The tolerance is for rounding: a survival of one half, computed as a product, may be slightly above it.
    reached = np.flatnonzero(share <= 0.5 + 1e-12)
    return float(times[reached[0]]) if reached.size else None


def _z(level: float) -> float:
    return NormalDist().inv_cdf(0.5 + level / 2)
