"""The recorded runs: for each finished variant its settings, the bytes of its files, and its quantities.

`recorded.json` comes with the package. It holds a full run and a quick one, each with the official images and with the
stand-in, so that every run finds networks of its own settings. CONTRIBUTING.md says how to record them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from backprop.results import store, tables
from backprop.results.variant import Run
from backprop.values import UserError
from backprop.verification.quantities import Quantity, from_plain, quantities, to_plain

STORED = Path(__file__).with_name("recorded.json")
"""The reference values that come with the package."""

FILES = (store.ARRAYS, tables.TABLE)
"""The files of a variant whose bytes are compared: the weights and the table of its networks."""


@dataclass(frozen=True)
class Finished:
    """One finished variant.

    Attributes:
        protocol: all settings, with the numbers of seeds.
        data: the provenance of its data sets.
        networks: the rows of its table.
        digests: the SHA-256 of each of FILES.
        quantities: what is compared, by name.
    """

    experiment: str
    variant: str
    protocol: dict[str, Any]
    data: dict[str, Any]
    networks: int
    digests: dict[str, str]
    quantities: dict[str, Quantity]

    @property
    def settings(self) -> dict[str, Any]:
        """The protocol without the numbers of seeds, by which runs may differ and still be compared."""
        return {name: value for name, value in self.protocol.items() if not name.endswith("seeds")}

    @property
    def content(self) -> dict[str, Any]:
        """The checksums of its data sets, which are the same for a download and for a local copy."""
        return {name: about.get("sha256") for name, about in self.data.items()}


def finished(results: Path) -> Iterator[Finished]:
    """Every finished variant under `results`, by experiment and variant; UserError for a damaged file."""
    for path in sorted(results.glob(f"*/*/{tables.TABLE}")):
        run = Run(path.parent)
        experiment = run.about["experiment"]
        analyse = import_module(f"backprop.experiments.{experiment}.analyse")
        table = tables.read(path, analyse.COLUMNS)
        yield Finished(
            experiment,
            run.variant,
            run.protocol,
            run.about["provenance"],
            len(table),
            {name: hashlib.sha256((run.folder / name).read_bytes()).hexdigest() for name in FILES},
            quantities(table, getattr(analyse, "GROUPS", ()), getattr(analyse, "COMPARED", ())),
        )


def write(path: Path, runs: Iterable[Finished]) -> int:
    """Write the reference values; variants that are equal in all settings are kept once. Returns how many are kept."""
    kept: dict[str, dict[str, Any]] = {}
    for run in runs:
        entry = vars(run) | {"quantities": {name: to_plain(quantity) for name, quantity in run.quantities.items()}}
        kept.setdefault(repr((run.experiment, run.protocol, run.content)), entry)
    # a line for each variant: with a line for each number, the file would have 30,000
    lines = ",\n".join(json.dumps(entry, sort_keys=True, allow_nan=False) for entry in kept.values())
    store.write_text(path, f'{{"runs": [\n{lines}\n]}}\n')
    return len(kept)


def read(path: Path = STORED) -> list[Finished]:
    """The recorded variants; UserError if the file is not one that `write` wrote."""
    try:
        entries = store.read_json(path)["runs"]
        return [
            Finished(**{**entry, "quantities": {name: from_plain(q) for name, q in entry["quantities"].items()}})
            for entry in entries
        ]
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} holds no recorded runs; record them again with `uv run backprop record`.") from error
