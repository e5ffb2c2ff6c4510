# What every stage needs: the checked protocols, and the source files a job depends on.
import json
import os
import sys

from backprop import config as settings
from backprop import dependencies
from backprop.protocol import UserError

try:
    PROTOCOLS = settings.check(config)
except UserError as error:
    # a user's mistake, told in one sentence before any job starts; a traceback would bury it
    sys.tracebacklimit = 0
    raise WorkflowError(f"configuration: {error}")

EXPERIMENTS = list(PROTOCOLS)

# the package in this folder is the one that runs, installed or not
shell.prefix('export PYTHONPATH="src:${{PYTHONPATH:-}}"; ')


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    variant="[a-z0-9][a-z0-9_.-]*",


def code(*modules):
    """The source files behind these modules of the package, so that editing one of them reruns what it changes."""
    files = dependencies.closure(*(f"backprop.{module}" for module in modules))
    return [os.path.relpath(path) for path in files]


def stage_code(stage, module=None):
    """The source files behind a stage and the module of the experiment that it calls, as an input function."""
    return lambda wildcards: code(
        f"stages.{stage}", f"experiments.{wildcards.experiment}.{module or stage}"
    )


def protocol_of(wildcards):
    """A variant's overrides as JSON: what the job is told, and what makes it rerun when it changes."""
    variants = PROTOCOLS[wildcards.experiment]
    if wildcards.variant not in variants:
        allowed = ", ".join(variants)
        raise WorkflowError(
            f"'{wildcards.variant}' is not a variant of {wildcards.experiment}; allowed are {allowed}."
        )
    # the order of a grid is the order of its cells, so keys stay as they are written
    return json.dumps(variants[wildcards.variant].overrides())


def variant_files(experiment, *names):
    """The named files of every variant of an experiment."""
    return expand(
        "results/{experiment}/{variant}/{name}",
        experiment=experiment,
        variant=PROTOCOLS[experiment],
        name=names,
    )


def figure_files(experiment):
    """The figures an experiment declares."""
    return expand(
        "results/{experiment}/figures/{name}.svg",
        experiment=experiment,
        name=dependencies.figure_names(experiment),
    )
