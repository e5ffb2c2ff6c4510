"""When do two runs agree? The rules, for shares and for distributions.

Another processor rounds differently, so that single networks end elsewhere although the seeds are the same; other seeds
give other networks altogether. Both runs are therefore treated as independent samples of the same networks. A quantity
disagrees if a difference as large as the observed one has a probability below `level` then. Runs from the same seeds
differ less than independent ones, so for them the rules are lenient.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy import stats

from backprop.verification.quantities import LEVELS, Quantity, Sample, Share

RELATIVE, ABSOLUTE = 1e-3, 1e-6
"""Differences below RELATIVE times the reference or ABSOLUTE are rounding errors: four digits are recorded."""

COMPARED_LEVELS = (0.1, 0.5, 0.9)
"""The quantiles at which two distributions are compared."""


@dataclass(frozen=True)
class Check:
    """One comparison: what was measured, and the interval (low, high) in which `yours` agrees with `reference`."""

    name: str
    reference: float
    yours: float
    low: float
    high: float
    is_share: bool = False

    @property
    def agrees(self) -> bool:
        """Whether yours is in the interval."""
        return self.low <= self.yours <= self.high


def count(reference: Quantity, yours: Quantity) -> int:
    """How many checks `checks` returns for these two."""
    return len(COMPARED_LEVELS) if _by_quantiles(reference, yours) else 1


def checks(name: str, reference: Quantity, yours: Quantity, level: float) -> list[Check]:
    """Compare one quantity of two runs; `level` is the probability with which equal networks fail each check.

    TypeError unless both are shares or both are samples.
    """
    if isinstance(reference, Share) and isinstance(yours, Share):
        return [_shares(name, reference, yours, level)]
    if isinstance(reference, Sample) and isinstance(yours, Sample):
        if _by_quantiles(reference, yours):
            return [_quantiles(f"{name}, {_named(q)}", reference, yours, q, level) for q in COMPARED_LEVELS]
        return [_means(f"{name}, mean", reference, yours, level)]
    raise TypeError(f"{name}: a share cannot be compared with a sample")


def _by_quantiles(reference: Quantity, yours: Quantity) -> bool:
    return bool(getattr(reference, "quantiles", ()) and getattr(yours, "quantiles", ()))


def _named(level: float) -> str:
    return "median" if level == 0.5 else f"{level:.0%} quantile"


def _shares(name: str, reference: Share, yours: Share, level: float) -> Check:
    """Fisher's exact test: given how many networks have the property in both runs, is yours a likely part of them?"""
    n, m = yours.n, reference.n

    def agrees(own: int) -> bool:
        both = stats.hypergeom(n + m, own + reference.count, n)
        return 2 * min(both.cdf(own), both.sf(own - 1)) >= level

    # the p value falls on both sides of the reference's share, so bisection finds the limits
    centre = round(n * reference.count / m)
    low, high = -1, centre  # `low` disagrees or is below 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if agrees(middle) else (middle, high)
    least, low, high = high, centre, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if agrees(middle) else (low, middle)
    return Check(name, reference.count / m, yours.count / n, least / n, low / n, is_share=True)


def _quantiles(name: str, reference: Sample, yours: Sample, q: float, level: float) -> Check:
    """Distribution-free: your quantile of level q is at a level of the reference near q, with a known spread."""
    z = NormalDist().inv_cdf(1 - level / 2)
    reach = z * (q * (1 - q) * (1 / reference.n + 1 / yours.n)) ** 0.5 + 1 / reference.n + 1 / yours.n
    low = float(np.interp(q - reach, LEVELS, reference.quantiles)) if q - reach >= 0 else -np.inf
    high = float(np.interp(q + reach, LEVELS, reference.quantiles)) if q + reach <= 1 else np.inf
    # between two kept levels the quantile function is unknown, so that the limits go to the kept ones outside
    low = max((value for at, value in zip(LEVELS, reference.quantiles, strict=True) if at <= q - reach), default=low)
    high = min((value for at, value in zip(LEVELS, reference.quantiles, strict=True) if at >= q + reach), default=high)
    values = [float(np.interp(q, LEVELS, run.quantiles)) for run in (reference, yours)]
    return _check(name, values[0], values[1], low, high)


def _means(name: str, reference: Sample, yours: Sample, level: float) -> Check:
    """Student's test with the pooled deviation."""
    freedom = reference.n + yours.n - 2
    if freedom < 1:
        return _check(name, reference.mean, yours.mean, -np.inf, np.inf)
    squares = (reference.n - 1) * reference.deviation**2 + (yours.n - 1) * yours.deviation**2
    spread = (squares / freedom * (1 / reference.n + 1 / yours.n)) ** 0.5
    reach = float(stats.t.isf(level / 2, freedom)) * spread
    return _check(name, reference.mean, yours.mean, reference.mean - reach, reference.mean + reach)


def _check(name: str, reference: float, yours: float, low: float, high: float) -> Check:
    slack = max(RELATIVE * abs(reference), ABSOLUTE)
    return Check(name, reference, yours, low - slack, high + slack)
