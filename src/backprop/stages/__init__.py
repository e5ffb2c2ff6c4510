"""The stages of the pipeline, one module each: train -> analyse -> find -> draw.

Each reads what came before, calls its own module of the experiment, and writes what that returns; none knows
another, so that what one of them imports neither slows nor reruns the rest.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def module(experiment: str, stage: str) -> ModuleType:
    """The module of an experiment that a stage calls: train, analyse, findings or figures."""
    return import_module(f"backprop.experiments.{experiment}.{stage}")
