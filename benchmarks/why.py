"""Is the answer of `backprop try --why` right? Checked on departures that public attempts make, and on fresh seeds.

    uv run python benchmarks/why.py                    # 5,000 sweeps, 1,000 networks per set: about ten minutes
    uv run python benchmarks/why.py --sweeps 40000 --networks 200

For each departure, each set of two or three of them, and all together: the answer is found on some seeds, and the named
cause is put back on others. There it must restore at least half of the lost solve rate.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np

from backprop.diagnosis import side_by_side, why
from backprop.diagnosis.side_by_side import Trained
from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol

DEPARTURES = {
    "targets": {"targets": (0.1, 0.9)},
    "error": {"error": "mean"},
    "alpha": {"alpha": 0.0},
    "bias_range": {"bias_range": 0.0},
    "inputs": {"inputs": (-1.0, 1.0)},
    "hidden": {"hidden": "tanh"},
}
"""The departures of the study `attempts` in config/config.yaml, and its other target coding."""


class Networks:
    """Networks with any set of the departures, trained when they are asked for the first time."""

    def __init__(self, seeds: range, sweeps: int) -> None:
        self._seeds, self._sweeps = seeds, sweeps
        self._trained: dict[frozenset[str], Trained] = {}

    def solved(self, chosen: frozenset[str], mark: int) -> np.ndarray:
        """Which networks [seeds] with these departures solve the task by the sweep `mark`."""
        if chosen not in self._trained:
            overrides = {key: value for name in sorted(chosen) for key, value in DEPARTURES[name].items()}
            protocol = side_by_side.only_times(Protocol(sweeps=self._sweeps, **overrides))
            batches = [arrays for _, arrays in side_by_side.train(protocol, self._seeds)]
            self._trained[chosen] = Trained(protocol, side_by_side.joined(batches))
        return self._trained[chosen].solved_by(mark)


def main() -> None:
    """Print a table, one row per set of departures and sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=5000)
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument("--largest", type=int, default=3, help="departures in a set, besides all together (3)")
    options = parser.parse_args()
    count = options.networks
    found, fresh = (Networks(range(first, first + count), options.sweeps) for first in (0, count))
    names = list(DEPARTURES)
    sets = [chosen for size in range(1, options.largest + 1) for chosen in combinations(names, size)]
    losses = right = 0
    print("| departures | by sweep | lost | answer | restored on fresh seeds |\n|---|--:|--:|---|--:|")
    for chosen in [*sets, tuple(names)]:
        for mark in sorted({PRINTED_SWEEPS, options.sweeps}):
            answer = why.answer(chosen, lambda part, mark=mark: found.solved(part, mark))
            rates = {
                part: fresh.solved(part, mark).mean()
                for part in (frozenset(), frozenset(chosen), frozenset(chosen) - set(answer.cause))
            }
            lost = rates[frozenset()] - rates[frozenset(chosen)]
            restored = ""
            if answer.cause:
                share = (rates[frozenset(chosen) - set(answer.cause)] - rates[frozenset(chosen)]) / lost
                restored, losses, right = f"{share:.0%}", losses + 1, right + (share >= why.HALF)
            said = " + ".join(answer.cause) or ("none of them" if answer.kind == "no loss" else "none: they help")
            print(f"| {', '.join(chosen)} | {mark:,} | {lost:+.1%} | {said} | {restored} |", flush=True)
    print(f"\nOf {losses} named causes, {right} restore at least half of the loss on fresh seeds.")


if __name__ == "__main__":
    main()
