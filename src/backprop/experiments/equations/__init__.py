"""The procedure itself: whether our code computes what the paper's equations (1) to (9) say, and second derivatives.

Each equation is computed a second time in another way (sums written out, automatic differentiation, finite
differences, torch's own optimizer) in double precision, and the largest disagreement is what the claims are judged
by. The paper also says that methods that use second derivatives converge in fewer sweeps but are more complicated:
two of scipy's are run from the same initial weights.

    uv run snakemake --cores all equations       about half a minute
"""
