# Trains every network of one variant. Reads a protocol and, for some experiments, data; writes arrays.
# A variant that takes long is trained in shards, each a fixed range of seeds, which are merged (see backprop.shards).
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
    group:
        "shards"
    conda:
        "../../envs/environment.yaml"
    threads: 1
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
