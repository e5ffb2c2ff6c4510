# Renders the results for a reader. Reads findings, figures and text; trains and computes nothing.
from pathlib import Path

REPORT_TEXT = sorted(str(path) for path in Path("report").rglob("*") if path.is_file())
ASSIGNMENT_TEXT = [
    path
    for path in REPORT_TEXT
    if not path.startswith(("report/sections/", "report/claims/"))
]
FINDINGS = "results/{experiment}/findings.json"
FIGURES = [path for experiment in EXPERIMENTS for path in figure_files(experiment)]


rule report:
    input:
        expand(FINDINGS, experiment=EXPERIMENTS),
        FIGURES,
        text=REPORT_TEXT,
        code=code("documents.report"),
    output:
        "results/report/report.html",
        "results/report/report.pdf",
    log:
        "results/logs/report.log",
    benchmark:
        "results/logs/report.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        author=config.get("author", ""),
        student_id=config.get("student_id", ""),
        course=config.get("course", ""),
    shell:
        "python -m backprop report --author {params.author:q} --student-id {params.student_id:q}"
        " --course {params.course:q} > {log} 2>&1"


rule assignment:
    input:
        expand(
            FINDINGS, experiment=dependencies.quoted(Path("report/assignment.md.j2"))
        ),
        text=ASSIGNMENT_TEXT,
        code=code("documents.assignment"),
    output:
        "results/assignment/assignment.ipynb",
        "results/assignment/assignment.html",
        "results/assignment/assignment.pdf",
    log:
        "results/logs/assignment.log",
    benchmark:
        "results/logs/assignment.tsv"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        author=config.get("author", ""),
        student_id=config.get("student_id", ""),
        course=config.get("course", ""),
    shell:
        "python -m backprop assignment --author {params.author:q} --student-id {params.student_id:q}"
        " --course {params.course:q} > {log} 2>&1"
