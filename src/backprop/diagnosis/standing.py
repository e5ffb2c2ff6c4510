"""The report's networks as a reference for one network: quantiles of the solved, places of the unsolved.

A run of Experiment 1 in the results folder supplies it; without one, the numbers in `standing.json` do. That file is
made from the results of a full run by

    uv run python -m backprop.diagnosis.standing
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backprop.diagnosis.places import KINDS, places
from backprop.experiments.symmetry import measures
from backprop.experiments.symmetry.protocol import CODINGS
from backprop.results import store
from backprop.results.variant import Run
from backprop.values import UserError

STORED = Path(__file__).with_name("standing.json")
"""The reference that comes with the package."""

MEASURES = ("mirror_residual", "opposite_residual", "smallest_gap", "distance", "error_at_cap")
"""Columns of Experiment 1's table of which quantiles are kept."""

PERCENTS = tuple(range(101))
"""The quantiles that are kept."""


def summary(run: Run) -> dict[str, Any]:
    """What is kept of one variant of Experiment 1.

    Returns:
        `networks` and the `cap`; of the `solved`, their number, the number in each of the `families`, and `quantiles`
        of each measure at PERCENTS; of the `unsolved`, the number in each of the `places`, and, by the number of
        palindromes they `missed` (as text), how many there are and the range of their E.
    """
    table, protocol = run.table, run.protocol
    solved = table[table.solved]
    low, high = protocol["targets"]
    unsolved = np.flatnonzero(~table.solved)
    layers = [run.arrays[name][unsolved, -1].astype(float) for name in ("layer_1", "layer_2")]
    output = measures.outputs(layers[0], layers[1], measures.cases())
    kinds = places(output, low, high)
    missed = ((output <= 0.5 * (low + high)) & measures.is_palindrome(measures.cases())).sum(axis=1)
    E = table.error_at_cap.to_numpy()[unsolved]
    some = kinds == "some"
    return {
        "networks": len(table),
        "cap": protocol["sweeps"],
        "targets": [low, high],
        "solved": len(solved),
        "families": {name: int(count) for name, count in solved.family.value_counts().items()},
        "quantiles": {
            name: [float(f"{value:.4g}") for value in np.nanpercentile(solved[name], PERCENTS)]
            for name in MEASURES
            if len(solved)
        },
        "places": {kind: int((kinds == kind).sum()) for kind in KINDS if (kinds == kind).any()},
        "missed": {
            str(count): {
                "networks": int((some & (missed == count)).sum()),
                "E": [float(f"{f(E[some & (missed == count)]):.3g}") for f in (np.min, np.max)],
            }
            for count in sorted(set(missed[some].tolist()))
        },
    }


def build(results: Path) -> dict[str, Any]:
    """The reference from a full run, by the name of the coding: "0/1", ".1/.9".

    Besides the `summary` of Experiment 1: `later`, how many of the networks that are unsolved when Experiment 1 stops
    solve the task in the long run, and by which sweep; and `helps`, the learning rate and momentum of descent with the
    highest solve rate by sweep 1,425, on seeds that did not choose them.
    """
    long_run = store.read_json(results / "long_run" / "findings.json")["values"]["variants"]
    best = store.read_json(results / "departures" / "findings.json")["values"]["best"]["optimizers"]
    reference = {}
    for variant, coding in CODINGS.items():
        plateau = long_run[variant]["plateau"]
        descents = [cell for cell in best[coding] if cell["group"] in ("descent", "momentum")]
        cell = max(descents, key=lambda cell: cell["solved"]["rate"])
        reference[coding] = summary(Run(results / "symmetry" / variant)) | {
            "later": {"solved": plateau["later"]["count"], "of": plateau["later"]["n"], "by": plateau["cap"]},
            "helps": {"epsilon": cell["epsilon"], "alpha": cell["alpha"], "rate": cell["solved"]["rate"],
                      "networks": cell["solved"]["n"], "by": cell["cap"]},
        }  # fmt: skip
    return reference


def load(results: Path, targets: tuple[float, float]) -> dict[str, Any]:
    """The reference for a network with these targets: that of .1/.9 for .1 and .9, otherwise that of 0/1.

    A run under `results` with at least as many networks as the stored reference replaces what it is about.
    """
    variant = "targets_0.1_0.9" if targets == (0.1, 0.9) else "paper"
    stored = store.read_json(STORED)[CODINGS[variant]]
    run = Run(results / "symmetry" / variant)
    try:
        own = summary(run) if len(run.table) >= stored["networks"] else {}
    except (UserError, OSError, KeyError, ValueError, AttributeError):  # no such run, or one of other columns
        own = {}
    return stored | own | {"coding": CODINGS[variant]}


def below(reference: Mapping[str, Any], name: str, value: float) -> float:
    """The share of the solved networks whose measure is below the value, to about one percent."""
    quantiles = reference["quantiles"][name]
    return float(np.interp(value, quantiles, np.linspace(0, 1, len(quantiles)), left=0.0, right=1.0))


def at(reference: Mapping[str, Any], name: str, share: float) -> float:
    """The value of a measure that this share of the solved networks is below."""
    quantiles = reference["quantiles"][name]
    return float(np.interp(share, np.linspace(0, 1, len(quantiles)), quantiles))


def main() -> None:
    """Write the stored reference from the results of a full run."""
    parser = argparse.ArgumentParser(description="Write the reference of `backprop inspect` from a full run.")
    parser.add_argument("--results", type=Path, default=Path("results"), help="the folder of results (results)")
    store.write_json(STORED, build(parser.parse_args().results))


if __name__ == "__main__":
    main()
