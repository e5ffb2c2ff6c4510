"""Departures that public attempts make by accident, one at a time and all together, over many sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop.experiments.departures.labels import label
from backprop.experiments.departures.studies import pick
from backprop.protocol import UserError

FIXES = {
    "mean_error": ("the error is a mean", "`((y - d)**2).sum() / 2`"),
    "no_momentum": ("no momentum", "`SGD(w, lr={epsilon:g}, momentum={alpha:g})`"),
    "zero_biases": ("biases start at zero", "`uniform_(bias, -{range:g}, {range:g})`"),
    "inputs_-1_1": ("inputs are −1 and 1", "`x = (x + 1) / 2`"),
    "tanh": ("hidden units are tanh", "`hidden = torch.sigmoid(x)`"),
    "all_together": ("all five together", "undo all five"),
}
"""Departures that are easily made by accident: the group of the study, what it is, and the line that undoes it."""

Cells = Sequence[Mapping[str, Any]]


def table(long: Cells, short: Cells) -> list[dict[str, Any]]:
    """The rows of the table of attempts, the paper's protocol first.

    Args:
        long: the cells of the study with targets 0 and 1.
        short: those of the study with targets .1 and .9.

    Returns:
        Rows with `group`, `what` it is, the `fix`, `by` (the share solved by sweep), `rates` (at the sweeps at which
        the paper's protocol is reported), `by_other` (as `by`, with targets .1 and .9) and `other` (its rate at the
        first of these sweeps); a rate is None where the group was not trained that long, or not at all.
    """
    paper, marks = pick(long, group="paper"), _marks(long)
    words = {"epsilon": paper["epsilon"], "alpha": paper["alpha"], "range": paper["weight_range"]}
    rows = []
    for cell in long:
        what, fix = FIXES.get(cell["group"], (label(cell["group"]), ""))
        by_other: Mapping[str, Any] = next((other["by"] for other in short if other["group"] == cell["group"]), {})
        rows.append(
            {
                "group": cell["group"],
                "epsilon": cell["epsilon"],
                "what": what,
                "fix": fix.format(**words),
                "by": cell["by"],
                "rates": [_rate(cell["by"], mark) for mark in marks],
                "by_other": by_other,
                "other": _rate(by_other, marks[0]),
                "cap": cell["cap"],
                "median": cell["median"],
            }
        )
    return rows


def effects(long: Cells, short: Cells) -> dict[str, Any]:
    """What single departures do, in numbers and as findings; the arguments are those of `table`.

    Returns:
        `marks`: the sweeps at which rates are reported, and `first` and `middle` of them; `cap`; the numbers of
        `networks` and `cases`;
        `shorter`: the factor by which the mean (without the ½) shortens a step, and `epsilon`, the rate that has the
        same effect; `without_momentum`: the length of steps without momentum, as a share of those with it;
        `mean_error`: see there;
        `biases_delay`: whether zero biases lower the rate at the first mark and raise it at the middle one;
        `inputs_opposite`: whether inputs −1 and 1 lower the rate at the cap with targets 0 and 1 and raise it at the
        first mark with .1 and .9. The last two compare intervals.
    """
    paper, marks = pick(long, group="paper"), _marks(long)
    first, middle, last = marks[0], marks[min(1, len(marks) - 1)], marks[-1]
    by, zero, signed = (pick(long, group=group)["by"] for group in ("paper", "zero_biases", "inputs_-1_1"))
    by_other, signed_other = (pick(short, group=group)["by"] for group in ("paper", "inputs_-1_1"))
    cases = 2 ** paper["bits"]
    return {
        "marks": [int(mark) for mark in marks],
        "first": int(first),
        "middle": int(middle),
        "cap": paper["cap"],
        "networks": paper["solved"]["n"],
        "cases": cases,
        "shorter": cases / 2,
        "epsilon": 2 * paper["epsilon"] / cases,
        "without_momentum": 1 - paper["alpha"],
        "mean_error": mean_error(long),
        "biases_delay": _below(zero.get(first), by[first]) and _below(by[middle], zero.get(middle)),
        "inputs_opposite": _below(signed.get(last), by[last]) and _below(by_other.get(first), signed_other.get(first)),
    }


def mean_error(long: Cells) -> dict[str, Any]:
    """The mean error beside the half sum at the first mark, same seeds: `sweep`, shares `mean` and `half_sum`, and
    whether fewer networks solve the task with the mean (`clear`, intervals apart).
    """
    first = _marks(long)[0]
    half_sum, mean = (pick(long, group=group)["by"] for group in ("paper", "mean_error"))
    if first not in mean:
        raise UserError(
            f"departures: mean_error of attempts is trained for less than {first} sweeps; give it that many."
        )
    return {
        "sweep": int(first),
        "mean": mean[first],
        "half_sum": half_sum[first],
        "clear": _below(mean[first], half_sum[first]),
    }


def _marks(long: Cells) -> list[str]:
    """The sweeps at which the paper's protocol is reported, as keys of `by`, ascending."""
    return list(pick(long, group="paper")["by"])


def _rate(by: Mapping[str, Any], mark: str) -> float | None:
    return by[mark]["rate"] if mark in by else None


def _below(low: Mapping[str, Any] | None, high: Mapping[str, Any] | None) -> bool:
    """Whether the interval of the first share is below that of the second; False where either was not measured."""
    return bool(low and high and low["high"] < high["low"])
