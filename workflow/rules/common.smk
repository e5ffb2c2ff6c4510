# What every stage needs: the checked configuration, the Python of the jobs, the source files behind a job.
import dataclasses
import fcntl
import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

from backprop import config as settings
from backprop import costs, dependencies, shards
from backprop.protocol import UserError

if set("{}") & set(str(workflow.basedir)):
    sys.tracebacklimit = 0
    raise WorkflowError(
        f"the path {workflow.basedir} has a brace, which Snakemake reads as a wildcard; rename the folder."
    )

if "\n" in str(workflow.basedir) + os.getcwd():
    sys.tracebacklimit = 0
    raise WorkflowError(
        f"the path {os.getcwd()!r} has a line break; rename the folder."
    )

if Path.cwd() != Path(workflow.basedir).resolve():
    sys.tracebacklimit = 0
    raise WorkflowError(
        f"results are written into the folder of the project, so --directory is not possible; copy {workflow.basedir}"
        " to the place where the results should be, and run it there."
    )

try:
    for path in workflow.configfiles:
        # Snakemake has merged the files already; reading each once more finds keys that are given twice
        settings.read(Path(path))
    PROTOCOLS = settings.check(config)
    ASSIGNMENT = dataclasses.asdict(settings.assignment(config))
except UserError as error:
    # an error of the user is one sentence before any job starts; a traceback would hide it
    sys.tracebacklimit = 0
    raise WorkflowError(f"configuration: {error}")

EXPERIMENTS = list(PROTOCOLS)

# jobs run the package in this folder, whether it is installed or not, with the Python that runs Snakemake, so that no
# environment has to be activated; conda activates its own
PREFIX = 'export PYTHONPATH="src:${PYTHONPATH:-}"; '
if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
    PREFIX += f'python() {{ {shlex.quote(sys.executable)} "$@"; }}; '
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))


def claim_folder():
    """WorkflowError if another run is at work in this folder: Snakemake would delete what that run has just written.

    The lock ends with this process, also if it is killed; Snakemake's own lock would be left.
    """
    global folder_lock
    folder_lock = open(".snakemake/backprop.lock", "w")
    try:
        fcntl.flock(folder_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.tracebacklimit = 0
        raise WorkflowError(
            f"another run is at work in {os.getcwd()}; wait until it ends, or run in a copy of the project."
        )
    except OSError:
        pass  # some network file systems have no locks


# What the steps ask a cluster for: memory in MB, run time in minutes. `--set-resources train:runtime=600` changes one.
MEMORY = {
    "fetch": 1500,
    "train": 2000,
    "analysis": 1000,
    "report": 1000,
    "assignment": 2000,
}
RUNTIME = {"fetch": 30, "train": 60, "analysis": 15, "report": 10, "assignment": 15}


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    variant="[a-z0-9][a-z0-9_.-]*",


def code(*modules):
    """The source files behind these modules of the package; a job runs again when one of its files is edited."""
    files = dependencies.closure(*(f"backprop.{module}" for module in modules))
    return [os.path.relpath(path) for path in files]


def stage_code(stage, module=None):
    """An input function: the source files behind a stage and the experiment's module that it calls."""
    return lambda wildcards: code(
        f"stages.{stage}", f"experiments.{wildcards.experiment}.{module or stage}"
    )


def known_protocol(wildcards):
    """A variant's protocol; an error if the configuration has no such variant."""
    variants = PROTOCOLS[wildcards.experiment]
    if wildcards.variant not in variants:
        allowed = ", ".join(variants)
        raise WorkflowError(
            f"'{wildcards.variant}' is not a variant of {wildcards.experiment}; allowed are {allowed}."
        )
    return variants[wildcards.variant]


def protocol_of(wildcards, without=()):
    """A variant's overrides as JSON: an argument of its jobs, which run again when it changes."""
    overrides = known_protocol(wildcards).overrides()
    # the order of a grid is the order of its cells, so keys keep their order
    return json.dumps(
        {key: value for key, value in overrides.items() if key not in without}
    )


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


def text_of(key):
    """The user's text under a key of the configuration; a function, because Snakemake expands braces in plain text."""
    return lambda wildcards: config.get(key, "")


ASKED = settings.shards_asked(config)
SIZES = {
    (experiment, variant): shards.size(protocol, ASKED[experiment])
    for experiment, variants in PROTOCOLS.items()
    for variant, protocol in variants.items()
}

# Snakemake reads the rules before it knows that nothing is to be run
if {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    print("Estimated, for the training alone:", file=sys.stderr)
    for line in costs.lines(PROTOCOLS, ASKED):
        print(f"  {line}", file=sys.stderr)
for warning in costs.warnings(PROTOCOLS, ASKED):
    print(f"backprop: warning: {warning}", file=sys.stderr)


def shards_of(wildcards):
    """The shards of a variant, by their names; none if it is trained in one job."""
    protocol = known_protocol(wildcards)
    size = SIZES[wildcards.experiment, wildcards.variant]
    return {shard.name: shard for shard in shards.split(protocol, size)}


def shard_of(wildcards):
    """One shard of a variant; an error if the variant has no shard of this name."""
    parts = shards_of(wildcards)
    if wildcards.shard not in parts:
        place = f"{wildcards.experiment}/{wildcards.variant}"
        raise WorkflowError(
            f"'{wildcards.shard}' is not a shard of {place}; see experiments.<name>.shards in config/README.md."
        )
    return parts[wildcards.shard]


def data_of(wildcards):
    """The data sets on which an experiment trains."""
    return expand(
        "results/data/{name}.safetensors", name=settings.data_sets(wildcards.experiment)
    )


def sources_of_training(wildcards):
    """What a variant's arrays are made of: its shards, or the data; and the code."""
    parts = shards_of(wildcards)
    home = f"experiments.{wildcards.experiment}."
    if not parts:
        return data_of(wildcards) + code(
            "stages.train", f"{home}train", f"{home}finish"
        )
    pattern = "results/shards/{experiment}/{variant}/{shard}.safetensors"
    files = expand(pattern, **wildcards, shard=parts)
    return files + code("stages.merge", f"{home}finish")


def training_command(wildcards):
    """The command that makes a variant's arrays, and its options."""
    size = SIZES[wildcards.experiment, wildcards.variant]
    return f"merge --size {size}" if size else "train"
