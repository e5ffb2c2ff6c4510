"""From counts to verdicts: the one rule by which a claim about "the network" is judged over many networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop.evidence.formatting import percent
from backprop.evidence.statistics import wilson

MOST, FEW = 0.9, 0.1

SHARE_RULE = "The share rule, over solved networks, under both codings."
"""How a claim about a share names its rule; SHARE_RULE_IN_FULL says it once, below the table of claims."""

SHARE_RULE_IN_FULL = (
    f"The share rule: a claim is reproduced if the 95 % interval of the share of networks for which it holds lies "
    f"above {percent(MOST)}, not reproduced if it lies below {percent(FEW)}, and otherwise partly. Under both codings "
    "means that the two have to agree, else it is partly."
)


def share(flags: npt.ArrayLike) -> dict[str, Any]:
    """How many of the truth values [n] are true: count, n, rate, and Wilson's 95 % interval (low, high).

    Without any value the rate is None and the interval all of 0 to 1.
    """
    values = np.asarray(flags, dtype=bool)
    count, n = int(values.sum()), int(values.size)
    low, high = wilson(count, n)
    return {"count": count, "n": n, "rate": count / n if n else None, "low": float(low), "high": float(high)}


def by_share(found: Mapping[str, Any]) -> str:
    """The verdict on a claim that holds for a share of networks; "not judged" without any network."""
    if not found["n"]:
        return "not judged"
    if found["low"] > MOST:
        return "reproduced"
    return "not reproduced" if found["high"] < FEW else "partly"


def together(verdicts: Iterable[str]) -> str:
    """One verdict from those under several codings: theirs if they agree, else "partly"; none that was not judged."""
    judged = {verdict for verdict in verdicts if verdict != "not judged"}
    if len(judged) < 2:
        return judged.pop() if judged else "not judged"
    return "partly"


def told(found: Mapping[str, Any], digits: int = 1) -> str:
    """A share in words: "64.3% (61.3% to 67.2%) of 1,000"."""
    if not found["n"]:
        return "no network to judge by"
    interval = f"{percent(found['low'], digits)} to {percent(found['high'], digits)}"
    return f"{percent(found['rate'], digits)} ({interval}) of {found['n']:,}"
