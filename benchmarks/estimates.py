"""Estimated and measured seconds of every training job of a finished run, for the calibration of `Protocol.work`.

    uv run python benchmarks/estimates.py [RESULTS]

Measured is the processor time in Snakemake's benchmark files. Run the pipeline with `--cores all`, as users do: jobs
that share memory and caches with others take up to twice as long, and no shard should then be too long. Jobs whose
estimate is wrong by more than half are marked.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from backprop import config, shards

FACTOR = 1.5


def main(results: Path) -> None:
    """Print a line for each job."""
    protocols = config.check(config.read(Path("config/config.yaml")))
    print(f"{'job':<48}{'estimated':>10}{'measured':>10}{'ratio':>8}")
    for experiment, variants in protocols.items():
        for variant, protocol in variants.items():
            folder = results / "logs" / "train" / experiment
            parts = shards.split(protocol, shards.size(protocol))
            jobs = [(f"{variant}/{part.name}", shards.of_shard(protocol, part)) for part in parts]
            for name, own in jobs or [(variant, protocol)]:
                path = folder / f"{name}.tsv"
                if not path.exists():
                    continue
                with path.open(encoding="utf-8", newline="") as lines:
                    *_, row = csv.DictReader(lines, delimiter="\t")
                estimated, measured = shards.seconds(own), float(row["cpu_time"])
                ratio = estimated / measured
                mark = "" if 1 / FACTOR <= ratio <= FACTOR else "  !"
                print(f"{f'{experiment}/{name}':<48}{estimated:>10.1f}{measured:>10.1f}{ratio:>8.2f}{mark}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results"))
