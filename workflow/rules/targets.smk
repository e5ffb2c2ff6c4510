# Targets that a user types: an experiment, manifest, million, verify, test, benchmark.
for experiment in EXPERIMENTS:

    rule:
        name:
            experiment
        input:
            variant_files(experiment, "networks.parquet"),
            f"results/{experiment}/findings.json",
            figure_files(experiment),
        localrule: True


rule manifest:
    input:
        rules.report.output,
        rules.assignment.output,
        [variant_files(name, "networks.parquet") for name in EXPERIMENTS],
    output:
        "results/MANIFEST.sha256",
    log:
        "results/logs/manifest.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m backprop manifest > {log} 2>&1"


# config/million.yaml has this variant; the rule writes into report/ and so has no output that Snakemake could delete
rule million:
    input:
        table="results/symmetry/million/networks.parquet",
        code=code("stages.summarise", "experiments.symmetry.million"),
    log:
        "results/logs/million.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m backprop million > {log} 2>&1"


rule verify:
    input:
        [variant_files(name, "networks.parquet") for name in EXPERIMENTS],
    log:
        "results/logs/verify.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m backprop verify 2>&1 | tee {log}"


rule test:
    log:
        "results/logs/test.log",
    localrule: True
    conda:
        "../../envs/environment.yaml"
    shell:
        "python -m pytest 2>&1 | tee {log}"


# the data sets of the benchmarks
MEASURED_ON = {
    "evolution": "results/data/FashionMNIST.safetensors",
    "mnist": "results/data/MNIST.safetensors",
}


rule measure:
    input:
        lambda wildcards: MEASURED_ON.get(wildcards.name, []),
    output:
        "results/benchmark/{name}.txt",
    log:
        "results/logs/benchmark/{name}.log",
    wildcard_constraints:
        name="[a-z_]+",
    conda:
        "../../envs/environment.yaml"
    shell:
        "python benchmarks/{wildcards.name}.py > {output} 2> {log}"


rule benchmark:
    input:
        expand(
            "results/benchmark/{name}.txt",
            name=["engine", "evolution", "family_trees", "five_ways", "mnist"],
        ),
    localrule: True
