# Fetches data sets: archives in, checked arrays out. Local copy, download or stand-in: see config/README.md.
from backprop import datasets

SOURCE = str((config.get("data") or {}).get("source", "auto"))

try:
    datasets.check_source(SOURCE)
    # what `auto` finds is a parameter, so that archives put in place later are noticed and used
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
    # each archive is asked for several times within the job; the job itself again only where success is a must
    retries: 1 if SOURCE == "download" else 0
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        source=SOURCE,
        local=lambda wildcards: LOCAL[wildcards.name],
    shell:
        # tee: that a stand-in is used, or why a fetch failed, belongs on the screen too
        "python -m backprop fetch {wildcards.name} --source {params.source:q} 2>&1 | tee {log}"
