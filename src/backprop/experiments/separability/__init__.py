"""No hidden units: what a network does whose inputs are wired straight to the output, and why it cannot do more.

The paper says that mirror symmetry cannot be detected without intermediate units. Here such networks are trained by
the same protocol, a linear program shows that no weights exist, and an integer program says how many of the 64 cases
any weights can get right.

    uv run snakemake --cores all separability       about ten seconds
"""
