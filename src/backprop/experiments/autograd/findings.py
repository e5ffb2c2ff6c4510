"""How far autograd is from calculus, and the verdicts on what the labs say about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import fixed, percent, significant, thousands
from backprop.experiments.autograd.analyse import EPSILON
from backprop.experiments.autograd.protocol import FACTS
from backprop.results.variant import Run

BOUND = 4
"""Units of machine precision: a product of two rounded functions is off by less."""

STATEMENTS = {
    "square": ("A1", "The gradient of x² is 2x", "2x"),
    "sum": ("A2", "The gradient of a sum is 1 in every entry", "1 in every entry"),
    "log_squared": ("A3", "The gradient of log²(x) is 2 log(x)/x, through the chain rule", "2 log(x)/x"),
    "intermediate": (
        "A4",
        "An intermediate node's gradient is there if it is retained, and only then",
        "2z after retain_grad, else None",
    ),
    "two_calls": ("A5", "Gradients of two backward passes add up until they are reset", "twice the gradient"),
    "cubic": ("A6", "The gradients of 3a³ − b² are 9a² and −2b", "9a², −2b"),
}


_SHOWN = ("analytic", "autograd", "difference")


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """By fact: the worst difference in each precision, the labs' own point, and how often `==` held."""
    run = runs["paper"]
    table = run.table
    first = int(run.arrays["seeds"][0])
    facts: list[dict[str, Any]] = []
    for fact in FACTS:
        rows = table[table.fact == fact.name]
        worst = rows.groupby("precision").relative.max()
        shown = rows[(rows.seed == first) & (rows.precision == "single")].sort_values("entry")
        facts.append(
            {
                "name": fact.name,
                "function": fact.function,
                "source": fact.source,
                "entries": len(shown),
                "rows": [
                    {
                        "derivative": derivative,
                        **{key: float(row[key]) for key in ("analytic", "autograd", "difference")},
                    }
                    for derivative, (_, row) in zip(fact.derivatives, shown.iterrows(), strict=False)
                ],
                "worst": {name: float(worst[name]) for name in EPSILON},
                "equal": float(rows[rows.precision == "single"].groupby("seed").equal.all().mean()),
            }
        )
    unequal = [fact for fact in facts if fact["equal"] < 1]
    least = min(facts, key=lambda fact: fact["equal"])
    x, x1, x2, a, b = run.arrays["points"][0, :5].tolist()
    return {
        "points": len(run.arrays["seeds"]),
        "bound": BOUND,
        "epsilon": EPSILON,
        "facts": facts,
        "worst": {name: max(fact["worst"][name] for fact in facts) for name in EPSILON},
        "unequal": [fact["name"] for fact in unequal],
        "least_equal": {key: least[key] for key in ("name", "source", "function", "equal")},
        "kept_unasked": bool(run.arrays["kept_unasked"][0]),
        "reset_works": bool((run.arrays["after_reset"][0] == run.arrays["after_reset"][1]).all()),
        "lab_points": {
            "x": x,
            "x1": x1,
            "x2": x2,
            "a": a,
            "b": b,
        },
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims A1 to A7."""
    by_name = {fact["name"]: fact for fact in values["facts"]}
    extra = {"intermediate": not values["kept_unasked"], "two_calls": values["reset_works"]}
    rule = (
        f"Reproduced if no relative difference exceeds {BOUND} units of machine precision, in single or in double "
        "precision, at any point"
    )
    also = {
        "intermediate": ", and a node that was not asked keeps nothing",
        "two_calls": ", and gradients set to None start again from one pass",
    }
    judged = []
    for name, (id_, statement, stated) in STATEMENTS.items():
        fact = by_name[name]
        close = max(fact["worst"].values()) <= BOUND and extra.get(name, True)
        judged.append(
            Claim(
                id_, fact["source"], statement, stated,
                f"{_off(fact['worst'])} at {thousands(values['points'])} points",
                "reproduced" if close else "not reproduced", f"{rule}{also.get(name, '')}.",
            )
        )  # fmt: skip
    least = values["least_equal"]
    judged.append(
        Claim(
            "A7", "labs 000 and 002", "Comparing the gradient with its formula by == gives True", "True",
            f"always, at {thousands(values['points'])} points" if not values["unequal"] else
            f"true for {len(by_name) - len(values['unequal'])} of {len(by_name)} derivatives at every point; "
            f"least often, at {percent(least['equal'], 1)} of {thousands(values['points'])} points, "
            f"for {least['source']}'s {PLAIN[least['name']]}",
            "reproduced" if not values["unequal"] else "partly",
            "Reproduced if == holds, in single precision as in the labs, for every derivative at every point; else "
            f"partly, since the difference then lies below {significant(BOUND * EPSILON['single'])} of the value.",
        )
    )  # fmt: skip
    return judged


def _off(worst: Mapping[str, float]) -> str:
    """The worst differences in words."""
    if not any(worst.values()):
        return "exact in single and in double precision"
    off = " and ".join(f"{fixed(value, 2)} ({name})" for name, value in worst.items())
    return f"off by at most {off} units of machine precision"


PLAIN = {
    "square": "x²", "sum": "sum", "log_squared": "log²", "intermediate": "retained node", "one_call": "cos·log",
    "two_calls": "cos·log, two passes", "cubic": "3a³ − b²",
}  # fmt: skip
"""The functions in plain text, for the table of claims."""
