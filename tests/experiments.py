"""A few stages of the pipeline on a few networks, for tests: runs on disk, findings, claims, and report sections."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backprop import shards
from backprop.documents import pages, report, templates
from backprop.documents.claims import Claim, read_claims
from backprop.protocol import Protocol
from backprop.results import store
from backprop.results.variant import Run
from backprop.stages import analyse, find, merge, train


def build(experiment: str, variants: Mapping[str, Protocol], home: Path) -> dict[str, Run]:
    """Train and analyse every variant under `home`."""
    for variant, protocol in variants.items():
        train.run(experiment, protocol, "cpu", {}, home / variant)
        analyse.run(experiment, protocol, home / variant)
    return {variant: Run(home / variant) for variant in variants}


def in_shards(
    experiment: str, protocol: Protocol, home: Path, sizes: Sequence[int], data: Mapping[str, Path] | None = None
) -> list[bytes]:
    """The bytes of a variant's arrays, trained in one job (size 0) or in shards of each size, in `home`/size."""
    found = []
    for size in sizes:
        folder, some = home / str(size), []
        for shard in shards.split(protocol, size):
            own, path = shards.of_shard(protocol, shard), shard.file(folder, experiment, "paper")
            train.run(experiment, own, "cpu", data or {}, folder, path)
            some.append((own, path))
        if some:
            merge.run(experiment, protocol, "cpu", some, folder)
        else:
            train.run(experiment, protocol, "cpu", data or {}, folder)
        found.append((folder / store.ARRAYS).read_bytes())
    return found


def findings(experiment: str, runs: Mapping[str, Run], path: Path) -> dict[str, Any]:
    """What findings.json holds for these runs, as the report reads it."""
    find.run(experiment, {variant: run.folder for variant, run in runs.items()}, path)
    return json.loads(path.read_text())


def claims(experiment: str, results: Mapping[str, Any]) -> dict[str, Claim]:
    """The claims of an experiment, rendered for its findings, by id."""
    return {claim.id: claim for claim in read_claims({experiment: results}, pages.KIT / "claims")}


def section(name: str, context: Mapping[str, Any]) -> str:
    """A rendered section of the report or the labs; `context` maps experiments to their findings."""
    (path,) = pages.KIT.glob(f"*/{name}.md.j2")
    return templates.render_file(path, {**report.SHARED, **context})
