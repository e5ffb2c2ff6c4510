# Trains every network of one variant. Reads a protocol and, for some experiments, data; writes arrays.
rule train:
    input:
        code=stage_code("train"),
        data=lambda wildcards: expand(
            "results/data/{name}.safetensors",
            name=settings.data_sets(wildcards.experiment),
        ),
    output:
        "results/{experiment}/{variant}/trained.safetensors",
    log:
        "results/logs/train/{experiment}/{variant}.log",
    benchmark:
        "results/logs/train/{experiment}/{variant}.tsv"
    group:
        "train"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["train"],
        runtime=RUNTIME["train"],
    params:
        protocol=protocol_of,
        device=config.get("device", "auto"),
    shell:
        "python -m backprop train {wildcards.experiment} --variant {wildcards.variant}"
        " --protocol {params.protocol:q} --device {params.device} > {log} 2>&1"
