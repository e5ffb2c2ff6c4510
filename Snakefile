# Reproduces Rumelhart, Hinton & Williams (1986) and the course labs around it.
#
#   uv run snakemake --cores all             everything: trains, analyses, writes the report and the assignment
#   uv run snakemake --cores all symmetry    one experiment; or: report, assignment, manifest, verify, benchmark
#   uv run snakemake --cores all results/symmetry/figures/sweeps.svg      any single file
#
# Targets come before --configfile and --config, which take all words that follow them.
#
# Reads config/config.yaml, writes results/. Data flows one way:
#   fetch -> train -> analyse -> find (numbers, verdicts) -> draw (figures) -> report
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/targets.smk"


onstart:
    claim_folder()
    # Snakemake's rate limiter, which only clusters need, leaves a timer for every finished job. Once a second each timer
    # evaluates all waiting jobs again, which costs a fifth of a core over a whole run (measured, Snakemake 9.27).
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


rule all:
    default_target: True
    input:
        rules.report.output,
        rules.assignment.output,
    localrule: True
