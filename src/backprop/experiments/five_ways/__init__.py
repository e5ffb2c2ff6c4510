"""One network written five times (lab 001): NumPy, tensors, autograd, nn and optim.

The lab trains a two-layer network on random data with more and more of the work left to the library, and starts each
version from other random weights, so that their losses cannot be compared. Here all start from the same weights: what
computes the same must give the same losses, to rounding, and Adam shows what another rule does. How long a step
takes in each is measured by benchmarks/five_ways.py, not here.

    uv run snakemake --cores all five_ways       about ten seconds
"""
