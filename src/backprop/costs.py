"""What a configuration costs, estimated before it runs: seconds of a core, jobs and memory, and what is too much."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backprop import shards
from backprop.protocol import Protocol

LONG = 3600
"""Seconds of a core above which the training of a variant causes a warning: an hour."""


@dataclass(frozen=True)
class Cost:
    """The estimated cost of training: seconds of a core in all, the number of jobs, and the memory of the largest."""

    seconds: float
    jobs: int
    megabytes: float

    @property
    def text(self) -> str:
        """The cost in a line: "42 s of a core in 5 jobs, at most 0.8 GB each"."""
        jobs = f"{self.jobs:,} jobs, at most {self.megabytes / 1000:.1f} GB each" if self.jobs > 1 else "one job"
        one = "" if self.jobs > 1 else f", {self.megabytes / 1000:.1f} GB"
        return f"{duration(self.seconds)} of a core in {jobs}{one}"


def cost(protocol: Protocol, asked: str | int = shards.AUTO) -> Cost:
    """The cost of a variant, split as `shards` of its experiment asks."""
    length = shards.size(protocol, asked)
    jobs = -(-protocol.seed_count // length) if length else 1
    return Cost(
        shards.seconds(protocol) + (jobs - 1) * shards.START,
        jobs,
        shards.megabytes(protocol, length or protocol.seed_count),
    )


def lines(protocols: Mapping[str, Mapping[str, Protocol]], asked: Mapping[str, str | int]) -> Iterator[str]:
    """A line for each experiment, with the cost of all its variants."""
    for name, variants in protocols.items():
        own = [cost(protocol, asked[name]) for protocol in variants.values()]
        all_variants = Cost(sum(c.seconds for c in own), sum(c.jobs for c in own), max(c.megabytes for c in own))
        yield f"{name:<18}{all_variants.text}"


def warnings(protocols: Mapping[str, Mapping[str, Protocol]], asked: Mapping[str, str | int]) -> Iterator[str]:
    """A sentence on each variant that takes longer than LONG, or a job of which needs more memory than there is."""
    memory = machine_megabytes()
    for experiment, variants in protocols.items():
        for name, protocol in variants.items():
            own = cost(protocol, asked[experiment])
            if own.megabytes > memory:
                yield (
                    f"{experiment}/{name} needs an estimated {own.megabytes / 1000:,.0f} GB of memory in a job; "
                    f"this machine has {memory / 1000:.0f}. Ask for fewer seeds."
                )
            elif own.seconds > LONG:
                yield f"{experiment}/{name} trains for an estimated {duration(own.seconds)} of a core."


def duration(seconds: float) -> str:
    """A rough time in words: "40 s", "12 min", "3.5 h", "20 days"."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"


def machine_megabytes() -> float:
    """The memory of this machine; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, AttributeError):
        return float("inf")
