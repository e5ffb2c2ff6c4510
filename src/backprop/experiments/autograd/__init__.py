"""Derivatives by automatic differentiation (labs 000 and 002): the results of autograd and of calculus.

The labs differentiate six small functions. For one they keep the gradient of an intermediate node, for one they call
the backward pass twice. They compare each gradient with its formula by `==`, at one point. This experiment compares at
the labs' points and at many random ones, in single and in double precision, and counts how often `==` holds.

    uv run snakemake --cores all autograd       a few seconds
"""
