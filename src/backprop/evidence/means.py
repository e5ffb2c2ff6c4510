"""Means with Student's interval; apart from `statistics`, since scipy's distributions take long to import."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats


def mean_interval(x: npt.ArrayLike, least: float = -np.inf, most: float = np.inf) -> dict[str, float | None]:
    """Mean, standard deviation and Student's 95 % interval of the finite values; None where there are too few.

    The interval is cut to what is possible, [least, most].
    """
    known = np.asarray(x, float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        return {"mean": float(known[0]) if known.size else None, "deviation": None, "low": None, "high": None}
    mean, deviation = float(known.mean()), float(known.std(ddof=1))
    reach = float(stats.t.ppf(0.975, known.size - 1)) * deviation / known.size**0.5
    return {"mean": mean, "deviation": deviation, "low": max(least, mean - reach), "high": min(most, mean + reach)}
