# Renders the documents. The report reads findings, figures and text; the assignment reads text and runs its own code.
TEXT = sorted(str(path) for path in Path("report").rglob("*") if path.is_file())
OF_THE_REPORT = (
    "report/sections/",
    "report/labs/",
    "report/claims/",
    "report/documents.yaml",
    "report/glossary.yaml",
    "report/previews.css",
    "report/templates/previews.",
    "report/style.css",
    "report/live.",
    "report/templates/report.",
)
OF_THE_ASSIGNMENT = (
    "report/assignment",
    "report/templates/assignment.",
    "report/templates/notebook/",
)
REPORT_TEXT = [path for path in TEXT if not path.startswith(OF_THE_ASSIGNMENT)]
ASSIGNMENT_TEXT = [path for path in TEXT if not path.startswith(OF_THE_REPORT)]
FINDINGS = "results/{experiment}/findings.json"
FIGURES = [path for experiment in EXPERIMENTS for path in figure_files(experiment)]


rule report:
    input:
        expand(FINDINGS, experiment=EXPERIMENTS),
        FIGURES,
        text=REPORT_TEXT,
        citation="CITATION.cff",
        code=code("documents.report"),
    output:
        "results/report/report.html",
        "results/report/report.pdf",
        "results/report/labs.html",
        "results/report/labs.pdf",
    log:
        "results/logs/report.log",
    benchmark:
        "results/logs/report.tsv"
    group:
        "documents"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["report"],
        runtime=RUNTIME["report"],
    params:
        author=text_of("author"),
        student_id=text_of("student_id"),
        course=text_of("course"),
    shell:
        "python -m backprop report --author={params.author:q} --student-id={params.student_id:q}"
        " --course={params.course:q} > {log} 2>&1"


rule assignment:
    input:
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
    priority: 3  # it waits for nothing and takes long, so it should not run last
    group:
        "documents"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["assignment"],
        runtime=RUNTIME["assignment"],
    params:
        author=text_of("author"),
        student_id=text_of("student_id"),
        course=text_of("course"),
        options=json.dumps(ASSIGNMENT),
    shell:
        "python -m backprop assignment --author={params.author:q} --student-id={params.student_id:q}"
        " --course={params.course:q} --options {params.options:q} > {log} 2>&1"
