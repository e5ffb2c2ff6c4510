"""The stages of the pipeline, one module each: train (-> merge) -> analyse -> find -> draw.

Each stage reads the results of the previous one, calls its module of the experiment, and writes what the module
returns. Stages do not import each other, so the imports of one neither slow down nor rerun the others.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def module(experiment: str, stage: str) -> ModuleType:
    """The module of an experiment that a stage calls: train, analyse, findings or figures."""
    return import_module(f"backprop.experiments.{experiment}.{stage}")


def about(experiment: str, protocol: Any, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored with the arrays of a variant or of a shard."""
    return {"experiment": experiment, "protocol": dataclasses.asdict(protocol), "provenance": provenance}


def as_stored(protocol: Any) -> dict[str, Any]:
    """A protocol as it is read back from a file, where tuples have become lists."""
    return json.loads(json.dumps(dataclasses.asdict(protocol)))


def finish(experiment: str, protocol: Any, arrays: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The arrays that depend on the networks of all seeds, from `finish.py` of the experiment; none without one."""
    if find_spec(f"backprop.experiments.{experiment}.finish") is None:
        return {}
    return module(experiment, "finish").finish(protocol, arrays, device)
