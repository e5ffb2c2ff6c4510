"""The numbers of the phase diagram, and the verdicts on the paper's pair of epsilon and alpha and on momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.evidence.claims import Claim
from backprop.evidence.formatting import median_with_cap, percent, thousands
from backprop.evidence.statistics import median_survival
from backprop.evidence.verdicts import share, together, told
from backprop.experiments.phase.choice import best_of_each
from backprop.experiments.symmetry.protocol import Protocol as Symmetry
from backprop.experiments.symmetry.protocol import by_coding
from backprop.results.variant import Run


def values(runs: Mapping[str, Run]) -> dict[str, Any]:
    """By variant the two maps [alphas][epsilons], the paper's cell, and the best pairs on fresh seeds."""
    return {
        "paper": {"epsilon": Symmetry.epsilon, "alpha": Symmetry.alpha},
        "variants": {n: _map(r) for n, r in runs.items()},
    }


def claims(runs: Mapping[str, Run], values: Mapping[str, Any]) -> list[Claim]:
    """Claims S4 and M6."""
    del runs
    coded = by_coding(values["variants"])
    paper = values["paper"]
    words = "; ".join(_told(label, found) for label, found in coded.items())
    return [
        Claim(
            "S4", "our own question", "The paper's learning rate and momentum are well chosen",
            f"ε {paper['epsilon']:g}, α {paper['alpha']:g}", words, together(map(_verdict, coded.values())),
            "Reproduced if no pair of the diagram solves more networks than the paper's (intervals apart, best pair on "
            "fresh seeds), partly if one does and the paper's solves some, not reproduced if that solves none.",
        ),
        Claim(
            "M6", "paper, p. 534", "Momentum significantly improves on plain descent", "stated",
            "; ".join(f"targets {label}: {_momentum_told(found, paper)}" for label, found in coded.items()),
            together(map(_momentum, coded.values())),
            f"Reproduced if, under both codings, it solves more networks at ε {paper['epsilon']:g} (intervals apart), "
            "and the best pair with momentum has a shorter median than the best without (intervals apart, fresh "
            "seeds); partly if some of this holds.",
        ),
    ]  # fmt: skip


def _map(run: Run) -> dict[str, Any]:
    cap, table = run.protocol["sweeps"], run.table[~run.table.fresh]
    epsilons, alphas = (list(run.protocol[name]) for name in ("epsilons", "alphas"))
    cells = {key: _cell(rows, cap) for key, rows in table.groupby(["epsilon", "alpha"])}
    grid = [[cells[epsilon, alpha] for epsilon in epsilons] for alpha in alphas]
    here = (Symmetry.epsilon, Symmetry.alpha)
    fresh = run.table[run.table.fresh]
    pairs = [(epsilon, alpha) for epsilon in epsilons for alpha in alphas]
    first = np.stack([_first_sweep(table, *pair) for pair in pairs])
    best = {
        name: {"epsilon": pair[0], "alpha": pair[1], **_cell(_of(fresh, *pair), cap)}
        for name, pair in (best_of_each(pairs, first, cap) if len(fresh) else {}).items()
    }
    rates = np.array([[cell["solved"]["rate"] for cell in line] for line in grid])
    return {
        "cap": cap,
        "seeds": int(table.seed.nunique()),
        "pairs": len(cells),
        "epsilons": epsilons,
        "alphas": alphas,
        "solved": [[cell["solved"]["rate"] for cell in line] for line in grid],
        "median": [[cell["median"] for cell in line] for line in grid],
        "here": cells.get(here),
        "best": best.get("all"),
        "best_with": best.get("momentum"),
        "best_without": best.get("none"),
        "without": cells.get((here[0], 0.0)),
        "better_pairs": int((rates > cells[here]["solved"]["high"]).sum()) if here in cells else None,
        "band": _band(alphas, epsilons, rates),
    }


def _cell(rows: pd.DataFrame, cap: int) -> dict[str, Any]:
    median = median_survival(rows.sweeps.fillna(cap), rows.solved)
    return {"solved": share(rows.solved), "median": median.value, "median_interval": [median.low, median.high]}


def _of(table: pd.DataFrame, epsilon: float, alpha: float) -> pd.DataFrame:
    return table[(table.epsilon == epsilon) & (table.alpha == alpha)]


def _first_sweep(table: pd.DataFrame, epsilon: float, alpha: float) -> np.ndarray:
    return _of(table, epsilon, alpha).sweeps.fillna(-1).to_numpy()


def _band(alphas: list[float], epsilons: list[float], rates: np.ndarray) -> dict[str, Any] | None:
    """Where the best epsilon of each alpha lies, and epsilon / (1 - alpha) there; `rates` is [alphas, epsilons].

    Only alphas with which half of the networks or more solve the task count; None if there are fewer than two.
    """
    best = [
        (epsilons[int(line.argmax())], epsilons[int(line.argmax())] / (1 - alpha))
        for alpha, line in zip(alphas, rates, strict=True)
        if alpha < 1 and line.max() >= 0.5
    ]
    if len(best) < 2:
        return None
    found, steps = zip(*best, strict=True)
    paper = Symmetry.epsilon / (1 - Symmetry.alpha)
    return {"epsilons": [min(found), max(found)], "steps": [min(steps), max(steps)], "paper": paper}


def _told(label: str, found: Mapping[str, Any]) -> str:
    here, best = found["here"], found["best"]
    text = f"targets {label}: "
    text += f"the paper's pair {told(here['solved'])}" if here else "the paper's pair is not in the diagram"
    if best:
        text += f", ε {best['epsilon']:g} with α {best['alpha']:g} {percent(best['solved']['rate'], 1)}"
    return f"{text} by {thousands(found['cap'])} sweeps"


def _momentum_told(found: Mapping[str, Any], paper: Mapping[str, float]) -> str:
    texts = []
    if found["here"] and found["without"]:
        texts.append(
            f"ε {paper['epsilon']:g} solves {told(found['here']['solved'])} with α {paper['alpha']:g}, "
            f"{told(found['without']['solved'])} without"
        )
    if found["best_with"] and found["best_without"]:
        texts.append(
            "best medians "
            + " and ".join(
                f"{median_with_cap(pair['median'], found['cap'])} at ε {pair['epsilon']:g}, α {pair['alpha']:g}"
                for pair in (found["best_with"], found["best_without"])
            )
        )
    return ", ".join(texts) or "no such pairs in the diagram"


def _momentum(found: Mapping[str, Any]) -> str:
    here, without, ours, plain = (found[key] for key in ("here", "without", "best_with", "best_without"))
    if not (here and without and ours and plain):
        return "not judged"
    more = here["solved"]["low"] > without["solved"]["high"]
    upper, lower = ours["median_interval"][1], plain["median_interval"][0]
    sooner = upper is not None and (lower is None or upper < lower)
    return "reproduced" if more and sooner else "partly" if more or sooner else "not reproduced"


def _verdict(found: Mapping[str, Any]) -> str:
    here, best = found["here"], found["best"]
    if not here or not best:
        return "not judged"
    if best["solved"]["low"] <= here["solved"]["high"]:
        return "reproduced"
    return "partly" if here["solved"]["count"] else "not reproduced"
