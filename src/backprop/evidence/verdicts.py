"""From numbers to verdicts: the rules by which a claim about "the network" is judged over many networks.

The sentences that state the rules to a reader are in `report/claims`; this module holds what they compute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop.evidence.statistics import wilson

REPRODUCED, PARTLY, NOT_REPRODUCED = "reproduced", "partly", "not reproduced"
NOT_JUDGED, NOT_CHECKABLE = "not judged", "not checkable"
VERDICTS = (REPRODUCED, PARTLY, NOT_REPRODUCED, NOT_JUDGED, NOT_CHECKABLE)

MOST, FEW = 0.9, 0.1
"""The bounds of the share rule, see `by_share`."""


def share(flags: npt.ArrayLike) -> dict[str, Any]:
    """How many of the truth values [n] are true: count, n, rate, and Wilson's 95% interval (low, high).

    Without any value the rate is None and the interval is 0 to 1.
    """
    values = np.asarray(flags, dtype=bool)
    count, n = int(values.sum()), int(values.size)
    low, high = wilson(count, n)
    return {"count": count, "n": n, "rate": count / n if n else None, "low": float(low), "high": float(high)}


def verdict(reproduced: bool, partly: bool = False) -> str:
    """The verdict when a rule states what suffices for "reproduced" and, if that fails, for "partly"."""
    if reproduced:
        return REPRODUCED
    return PARTLY if partly else NOT_REPRODUCED


def by_count(conditions: Iterable[bool]) -> str:
    """Reproduced if all conditions hold, partly if some do, not reproduced if none does."""
    held = [bool(condition) for condition in conditions]
    return verdict(all(held), any(held))


def by_share(share: Mapping[str, Any]) -> str:
    """The share rule: reproduced above MOST, not reproduced below FEW, each with the whole interval; else partly.

    `share` is what the function `share` returns; without any network the claim is not judged.
    """
    if not share["n"]:
        return NOT_JUDGED
    if share["low"] > MOST:
        return REPRODUCED
    return NOT_REPRODUCED if share["high"] < FEW else PARTLY


def together(verdicts: Iterable[str]) -> str:
    """One verdict from several, such as one per target coding: theirs if they agree, else partly.

    Verdicts of "not judged" do not count; the result is "not judged" if there are no others.
    """
    judged = {verdict for verdict in verdicts if verdict != NOT_JUDGED}
    if len(judged) < 2:
        return judged.pop() if judged else NOT_JUDGED
    return PARTLY
