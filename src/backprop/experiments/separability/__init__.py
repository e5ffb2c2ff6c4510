"""Networks without hidden units: inputs connected directly to the output cannot detect mirror symmetry.

The paper says that the task needs intermediate units. Here such networks are trained by the same protocol. A linear
program shows that no weights solve the task, and an integer program computes how many of the 64 cases the best
weights get right.

    uv run snakemake --cores all separability       about ten seconds
"""
