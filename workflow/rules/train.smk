# Trains every network of one variant. Reads a protocol and, for some experiments, data; writes arrays.
# A variant that takes long is trained in shards, each a fixed range of seeds, which are merged (see backprop.shards).
from backprop import costs, shards

ASKED = settings.shards_asked(config)
SIZES = {
    (experiment, variant): shards.size(protocol, ASKED[experiment])
    for experiment, variants in PROTOCOLS.items()
    for variant, protocol in variants.items()
}

# Snakemake reads the rules before it knows that nothing is to be run
if {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    print("Estimated, for the training alone:", file=sys.stderr)
    for experiment, cost in costs.by_experiment(PROTOCOLS, ASKED).items():
        print(f"  {experiment:<18}{cost.text}", file=sys.stderr)
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


rule train_shard:
    input:
        code=stage_code("train"),
        data=data_of,
    output:
        "results/shards/{experiment}/{variant}/{shard}.safetensors",
    log:
        "results/logs/train/{experiment}/{variant}/{shard}.log",
    benchmark:
        "results/logs/train/{experiment}/{variant}/{shard}.tsv"
    wildcard_constraints:
        shard="[0-9]+-[0-9]+",
    priority: 2  # long jobs first, so that no core waits for the last one
    conda:
        "../../envs/environment.yaml"
    threads: 1  # and no group: each shard is long enough for a job of its own on a cluster
    resources:
        mem_mb=MEMORY["train"],
        runtime=RUNTIME["train"],
    params:
        protocol=lambda wildcards: protocol_of(wildcards, without=("seeds",)),
        seeds=lambda wildcards: shard_of(wildcards).text,
        device=config.get("device", "auto"),
    shell:
        "python -m backprop train {wildcards.experiment} --variant {wildcards.variant} --seeds {params.seeds}"
        " --protocol {params.protocol:q} --device {params.device} > {log} 2>&1"


rule train:
    input:
        sources_of_training,
    output:
        "results/{experiment}/{variant}/trained.safetensors",
    log:
        "results/logs/train/{experiment}/{variant}.log",
    benchmark:
        "results/logs/train/{experiment}/{variant}.tsv"
    priority: 1
    group:
        "train"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["train"],
        runtime=RUNTIME["train"],
    params:
        command=training_command,
        protocol=protocol_of,
        device=config.get("device", "auto"),
    shell:
        "python -m backprop {params.command} {wildcards.experiment} --variant {wildcards.variant}"
        " --protocol {params.protocol:q} --device {params.device} > {log} 2>&1"
