# Fetches data sets: reads archives, writes checked arrays. config/README.md describes the possible sources.
from backprop import datasets

SOURCE = str((config.get("data") or {}).get("source", "auto"))

try:
    datasets.check_source(SOURCE)
    # the local copy is a parameter, so that `auto` uses archives that are added later
    LOCAL = {
        name: str(datasets.local_root(name) or "") if SOURCE == "auto" else ""
        for name in datasets.NAMES
    }
except UserError as error:
    sys.tracebacklimit = 0
    raise WorkflowError(f"configuration: {error}")


rule fetch:
    input:
        code=code("datasets"),
    output:
        "results/data/{name}.safetensors",
    log:
        "results/logs/fetch/{name}.log",
    benchmark:
        "results/logs/fetch/{name}.tsv"
    wildcard_constraints:
        name="|".join(datasets.NAMES),
    # the job itself tries each mirror several times; `download` tries the job again, because it must succeed
    retries: 1 if SOURCE == "download" else 0
    localrule: True  # nodes of a cluster often have no network
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["fetch"],
        runtime=RUNTIME["fetch"],
    params:
        source=lambda wildcards: SOURCE,  # a function, because Snakemake expands braces in plain text
        local=lambda wildcards: LOCAL[wildcards.name],
    shell:
        "python -m backprop fetch {wildcards.name} --source={params.source:q} > {log} 2>&1"
