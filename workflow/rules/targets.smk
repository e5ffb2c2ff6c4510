# Names a person would type.
for experiment in EXPERIMENTS:

    rule:
        name:
            experiment
        localrule: True
        input:
            variant_files(experiment, "networks.parquet"),
            f"results/{experiment}/findings.json",
            figure_files(experiment),


rule verify:
    localrule: True
    shell:
        "python -m pytest"


rule benchmark:
    output:
        "results/benchmark/engine.txt",
    localrule: True
    log:
        "results/logs/benchmark.log",
    shell:
        "python benchmarks/engine.py > {output} 2> {log}"
