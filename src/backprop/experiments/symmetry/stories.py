"""The networks that the report trains in the reader's browser: the settings of each, chosen from the results.

The browser trains in double precision, the saved networks were trained in single precision. The two almost always agree
in the sweep at which a network solves the task.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.analyse import RATIO
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol, by_coding
from backprop.results.variant import Run

SETTINGS = ("targets", "error", "weight_range", "bias_range", "epsilon", "alpha")
"""Fields of the protocol that the reader can change besides the seed; the script trains with the paper's other ones."""

ERRORS = ("half_sum", "mean")
"""Errors that the script can descend."""

FREE = {*SETTINGS, "seeds", "sweeps", "until_solved", "keep", "record_every"}
"""Fields in which a variant may differ from the paper so that the script can train its networks."""


def stories(runs: Mapping[str, Run]) -> dict[str, Any] | None:
    """What the script in the report needs to know, or None if it cannot train networks like those of the paper's run.

    Returns:
        `printed`: the 17 weights of RHW Fig. 1, each unit's bias last; `mark` and `cap`: the paper's sweep and that at
        which training ends here; `families` and `tolerance`: names of the families, and how close a ratio must be;
        `shorter`: the factor by which the mean error shortens each step;
        `start`: the settings of the first network; `shown`: by name, the `settings` of a network worth seeing, and the
        `sweeps` until there is something to see.
    """
    coded = {coding: run for coding, run in by_coding(runs).items() if trains_in_browser(run.protocol)}
    if "0/1" not in coded:
        return None
    paper, cap = coded["0/1"], coded["0/1"].protocol["sweeps"]
    first = _settings(paper, int(paper.table.seed.iloc[0]))
    shown = _shown(coded)
    return {
        "printed": [float(w) for layer in measures.FIGURE_1 for w in layer.ravel()],
        "mark": PRINTED_SWEEPS,
        "cap": cap,
        "families": _families(coded),
        "tolerance": RATIO,
        "shorter": 2 ** paper.protocol["bits"] / 2,
        "start": shown["nearest"]["settings"] if "nearest" in shown else first,
        "shown": shown,
    }


def trains_in_browser(protocol: Mapping[str, Any]) -> bool:
    """Whether the script can train networks under this protocol."""
    fixed = {name: default for name, default in Protocol.defaults().items() if name not in FREE}
    return protocol["error"] in ERRORS and all(_plain(protocol[name]) == _plain(fixed[name]) for name in fixed)


def _shown(coded: Mapping[str, Run]) -> dict[str, Any]:
    """The stories for which the results hold a network."""
    paper, inside = coded["0/1"], coded.get(".1/.9")
    cap = paper.protocol["sweeps"]
    shown = {}
    nearest = [(row.distance, run, int(row.seed)) for run in coded.values() if (row := _nearest(run.table)) is not None]
    if nearest:
        _, run, seed = min(nearest, key=lambda found: found[0])
        shown["nearest"] = _story(run, seed, PRINTED_SWEEPS)
    solved = paper.table[paper.table.solved].sort_values(["sweeps_0.5", "seed"])
    late = solved[solved["sweeps_0.5"] > PRINTED_SWEEPS]
    if len(late):
        shown["late"] = _story(paper, _middle(late), cap)
    if inside is not None and len(failed := inside.table[~inside.table.solved].dropna(subset="error_at_cap")):
        shown["minimum"] = _story(inside, _middle(failed.sort_values(["error_at_cap", "seed"])), cap)
    if len(solved):
        fastest = int(solved.seed.iloc[0])
        shown["mean"] = _story(paper, fastest, cap, error="mean")
        shown["zero_biases"] = _story(paper, fastest, cap, bias_range=0)
    return shown


def _nearest(table: pd.DataFrame) -> Any:
    """The row of the solved network that is closest to RHW Fig. 1 at the paper's sweep."""
    solved = table[table.solved & table.distance.notna()]
    return solved.iloc[int(solved.distance.to_numpy().argmin())] if len(solved) else None


def _middle(table: pd.DataFrame) -> int:
    """The seed of the middle row."""
    return int(table.seed.iloc[len(table) // 2])


def _story(run: Run, seed: int, sweeps: int, **departure: Any) -> dict[str, Any]:
    row = run.table[run.table.seed == seed].iloc[0]
    solved = None if departure or not row.solved else int(row["sweeps_0.5"])
    return {"settings": {**_settings(run, seed), **departure}, "sweeps": sweeps, "solved_at": solved}


def _settings(run: Run, seed: int) -> dict[str, Any]:
    return {"seed": seed, **{name: _plain(run.protocol[name]) for name in SETTINGS}}


def _plain(value: Any) -> Any:
    """A value as JSON has it: a tuple as a list."""
    return list(value) if isinstance(value, tuple | list | np.ndarray) else value


def _families(coded: Mapping[str, Run]) -> list[str]:
    """Names of the families of whole-number ratios among the solved networks, the largest first."""
    families = pd.concat([run.table.family[run.table.solved] for run in coded.values()])
    return [name for name in families.value_counts().index if measures.is_whole_ratio(name)]
