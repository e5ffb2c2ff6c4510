"""Derivatives by automatic differentiation (labs 000 and 002): what autograd returns beside what calculus says.

The labs differentiate six small functions, one of them with the gradient of an intermediate node kept and one with
the backward pass called twice, and compare with `==` at one point each. Here each is compared at the lab's point
and at many random ones, in single and in double precision, and it is counted how often `==` would have been right.

    uv run snakemake --cores all autograd       a few seconds
"""
