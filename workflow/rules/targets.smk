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
    localrule: True
    shell:
        "python -m pytest"


rule benchmark:
    output:
        "results/benchmark/engine.txt",
    log:
        "results/logs/benchmark.log",
    localrule: True
    shell:
        "python benchmarks/engine.py > {output} 2> {log}"
