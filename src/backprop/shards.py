"""How the seeds of a variant are split into jobs, and what the jobs cost: seconds and memory, estimated.

Each shard holds a fixed range of seeds, whose length does not depend on their number: with more seeds the files of the
ranges that are already there stay valid, and only others are trained. A shard's file depends on the source files, the
data, and the variant's protocol without its seeds. The results are the same bytes for every split.

`auto` splits a variant whose training is estimated to take more than LONGEST seconds. Estimates do not depend on the
machine, because the split should not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backprop.protocol import Protocol
from backprop.values import UserError, quoted

AUTO = "auto"

FOLDER = "shards"
"""The folder of the shards within the results; it may be deleted once a run has finished."""

RATE = 1e10
"""Units of `Protocol.work` per second of a core: for the 6-2-1 network 9.2 million sweeps, as measured with AVX-512."""

START = 2.2
"""Seconds from the start of a training job to its first sweep: importing torch and loading the compiled sweep."""

GOAL, LONGEST = 11.0, 15.0
"""Seconds of a shard that `auto` aims at, and of a variant up to which it is one job."""

BASE_MEGABYTES, COPIES = 800, 4
"""Memory of a job before its networks, and the copies of the networks' arrays that it holds for a moment (measured)."""

MOST_MEGABYTES = 150
"""Memory of the networks of a shard that `auto` aims at; a job then stays below 1 GB."""

MOST_SHARDS = 1000
"""Above this number of shards Snakemake itself becomes slow."""


@dataclass(frozen=True)
class Shard:
    """Some of the seeds of a variant, in their order."""

    seeds: Sequence[int]

    @property
    def name(self) -> str:
        """Its first and its last seed: "5000-9999"."""
        return f"{self.seeds[0]}-{self.seeds[-1]}"

    @property
    def text(self) -> str:
        """The seeds on a command line: "5000-9999" for a range, "3,17,4" for a list."""
        return self.name if isinstance(self.seeds, range) else ",".join(map(str, self.seeds))

    def file(self, results: Path, experiment: str, variant: str) -> Path:
        """The file of its arrays."""
        return results / FOLDER / experiment / variant / f"{self.name}.safetensors"


def parse(text: str) -> Sequence[int]:
    """The seeds that `Shard.text` wrote; UserError for other text."""
    first, dash, last = text.partition("-")
    numbers = [first, last] if dash else text.split(",")
    if not all(number.isdecimal() and len(number) < 19 for number in numbers):
        raise UserError(f"--seeds is {quoted(text)}; expected a range such as 0-4999, or a list such as 3,17,4.")
    seeds = [int(number) for number in numbers]
    return range(seeds[0], seeds[1] + 1) if dash else seeds


def check(asked: object, kind: type[Protocol], where: str) -> None:
    """UserError unless `asked` is auto or a whole number of shards; a number needs an experiment that can be split."""
    if asked == AUTO:
        return
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= MOST_SHARDS:
        raise UserError(f"{where}.shards is {quoted(asked)}; it must be {AUTO}, or 1 to {MOST_SHARDS:,} jobs.")
    if kind.shared is None:
        raise UserError(f"{where}.shards is {asked}, but its networks are trained in one job; leave it out.")


def size(protocol: Protocol, asked: str | int = AUTO) -> int:
    """Seeds in each shard but the last; 0 if the variant is trained in one job."""
    seeds = protocol.seed_count
    if not protocol.splits or asked == 1 or seeds == 1:
        return 0
    if isinstance(asked, int):
        return -(-seeds // asked)
    if seconds(protocol) <= LONGEST and megabytes(protocol, seeds) <= BASE_MEGABYTES + MOST_MEGABYTES:
        return 0
    most = min(
        GOAL * RATE / max(protocol.work, 1),
        MOST_MEGABYTES * 1e6 / (COPIES * protocol.bytes_kept or 1),
    )
    wanted = _round(most)
    if most >= protocol.side_by_side > 1:
        wanted = int(most) // protocol.side_by_side * protocol.side_by_side
    while -(-seeds // wanted) > MOST_SHARDS:
        wanted = _round(2 * wanted)
    return wanted if wanted < seeds else 0


def split(protocol: Protocol, length: int) -> list[Shard]:
    """The shards of `length` seeds, of which the last may be shorter; none if `length` is 0."""
    if not length:
        return []
    seeds = range(protocol.seeds) if isinstance(protocol.seeds, int) else protocol.seeds
    return [Shard(seeds[start : start + length]) for start in range(0, len(seeds), length)]


def of_shard(protocol: Protocol, shard: Shard) -> Protocol:
    """The protocol of a shard: that of its variant with the shard's seeds."""
    return dataclasses.replace(protocol, seeds=tuple(shard.seeds))


def can_split(protocol: Protocol, experiment: str) -> None:
    """UserError unless the seeds of the experiment can be trained in several jobs."""
    if not protocol.splits:
        raise UserError(f"the networks of {experiment} are trained in one job; leave out --seeds and `merge`.")


def seconds(protocol: Protocol) -> float:
    """Estimated seconds of a core for the training of a variant in one job."""
    return START + protocol.work * protocol.seed_count / RATE


def megabytes(protocol: Protocol, seeds: int) -> float:
    """Estimated peak memory of a job that trains this many seeds."""
    return BASE_MEGABYTES + COPIES * protocol.bytes_kept * seeds / 1e6


def _round(number: float) -> int:
    """The largest of 1, 2, 3, 4, 5, 7, 10, 20, 30, ... that is at most `number`, at least 1."""
    power = 1
    while 10 * power <= number:
        power *= 10
    return max((factor * power for factor in (1, 2, 3, 4, 5, 7) if factor * power <= number), default=1)
