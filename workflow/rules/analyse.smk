# Analyses trained networks: one row per network, then numbers and verdicts, then figures. Trains nothing.
rule analyse:
    input:
        rules.train.output,
        code=stage_code("analyse"),
    output:
        "results/{experiment}/{variant}/networks.parquet",
    log:
        "results/logs/analyse/{experiment}/{variant}.log",
    benchmark:
        "results/logs/analyse/{experiment}/{variant}.tsv"
    group:
        "analysis"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["analysis"],
        runtime=RUNTIME["analysis"],
    params:
        protocol=protocol_of,
    shell:
        "python -m backprop analyse {wildcards.experiment} --variant {wildcards.variant}"
        " --protocol {params.protocol:q} > {log} 2>&1"


rule find:
    input:
        lambda wildcards: variant_files(
            wildcards.experiment, "trained.safetensors", "networks.parquet"
        ),
        code=stage_code("find", "findings"),
    output:
        "results/{experiment}/findings.json",
    log:
        "results/logs/find/{experiment}.log",
    benchmark:
        "results/logs/find/{experiment}.tsv"
    group:
        "analysis"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["analysis"],
        runtime=RUNTIME["analysis"],
    params:
        variants=lambda wildcards: list(PROTOCOLS[wildcards.experiment]),
    shell:
        "python -m backprop find {wildcards.experiment} --variants {params.variants} > {log} 2>&1"


# one job draws all figures of an experiment: starting Python and matplotlib costs more than drawing
for experiment in EXPERIMENTS:

    rule:
        name:
            f"draw_{experiment}"
        input:
            variant_files(experiment, "trained.safetensors", "networks.parquet"),
            f"results/{experiment}/findings.json",
            fonts=sorted(map(str, Path("report/fonts").glob("sans-*.otf"))),
            code=code("stages.draw", f"experiments.{experiment}.figures"),
        output:
            [report(path, category=experiment) for path in figure_files(experiment)],
        log:
            f"results/logs/draw/{experiment}.log",
        benchmark:
            f"results/logs/draw/{experiment}.tsv"
        group:
            "analysis"
        conda:
            "../../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=MEMORY["analysis"],
            runtime=RUNTIME["analysis"],
        params:
            experiment=experiment,
            variants=list(PROTOCOLS[experiment]),
        shell:
            "python -m backprop draw {params.experiment} --variants {params.variants} > {log} 2>&1"
