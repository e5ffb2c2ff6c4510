"""The procedure itself: whether the code computes the paper's equations (1) to (9), and second derivatives.

Each equation is computed a second time in another way: with sums written out, by automatic differentiation, by finite
differences, or by torch's own optimizer. The claims are judged by the largest difference in double precision. The
paper also says that methods that use second derivatives converge in fewer sweeps but are more complicated. Two such
methods of scipy start here from the same initial weights as gradient descent.

    uv run snakemake --cores all equations       about half a minute
"""
