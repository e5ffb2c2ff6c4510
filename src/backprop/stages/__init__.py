"""The stages of the pipeline, one module each: train -> analyse -> find -> draw.

Each stage reads the results of the previous one, calls its module of the experiment, and writes what the module
returns. Stages do not import each other, so the imports of one neither slow down nor rerun the others.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def module(experiment: str, stage: str) -> ModuleType:
    """The module of an experiment that a stage calls: train, analyse, findings or figures."""
    return import_module(f"backprop.experiments.{experiment}.{stage}")
