# Names a person would type.
for experiment in EXPERIMENTS:

    rule:
        name:
            experiment
        input:
            variant_files(experiment, "networks.parquet"),
            f"results/{experiment}/findings.json",
            figure_files(experiment),
        localrule: True


rule verify:
    log:
        "results/logs/verify.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m pytest 2>&1 | tee {log}"


rule benchmark:
    output:
        "results/benchmark/engine.txt",
    log:
        "results/logs/benchmark.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python benchmarks/engine.py > {output} 2> {log}"
