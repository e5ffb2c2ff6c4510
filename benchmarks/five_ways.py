"""Time per step of the network of lab 001 in each of its versions: one process, in turns, medians.

    uv run python benchmarks/five_ways.py [--steps 50] [--rounds 15] [--threads 1]

Prints a table. Every round runs each version for the same number of steps and begins with another version, so that
other load on the machine affects all of them. The ratios are more reliable than the milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--steps", type=int, default=50, help="steps per turn (50)")
parser.add_argument("--rounds", type=int, default=15, help="turns of each version (15)")
parser.add_argument("--threads", type=int, default=1, help="threads of NumPy's and torch's products (1)")
options = parser.parse_args()
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(options.threads)  # read when NumPy and torch are imported, hence the order

import torch  # noqa: E402

from backprop.experiments.five_ways import ways  # noqa: E402
from backprop.experiments.five_ways.protocol import Protocol  # noqa: E402
from backprop.experiments.five_ways.train import draw  # noqa: E402


def main() -> None:
    """Time every version in both precisions and print the table."""
    torch.set_num_threads(options.threads)
    versions = {**ways.PLAIN, "adam": ways.with_adam}
    names = list(versions)
    print(
        f"{options.rounds} turns of {options.steps} steps each, {options.threads} thread(s); median (fastest) ms a step"
    )
    print(f"{'':10}{'double':>18}{'ratio':>7}{'single':>18}{'ratio':>7}")
    times: dict[str, dict[str, list[float]]] = {}
    for precision in ("double", "single"):
        problem = draw(Protocol(precision=precision), 0)._replace(steps=options.steps)
        times[precision] = {name: [] for name in names}
        for version in versions.values():
            version(problem._replace(steps=3))
        for turn in range(options.rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                start = time.perf_counter()
                versions[name](problem)
                times[precision][name].append(1000 * (time.perf_counter() - start) / options.steps)
    for name in names:
        cells = []
        for of_precision in times.values():
            median = statistics.median(of_precision[name])
            cells.append(f"{median:10.2f} ({min(of_precision[name]):.2f})".rjust(18))
            cells.append(f"{median / statistics.median(of_precision['numpy']):7.2f}")
        print(f"{name:10}{''.join(cells)}")


if __name__ == "__main__":
    main()
