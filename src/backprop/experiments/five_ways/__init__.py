"""One network written five times (lab 001): with NumPy, tensors, autograd, nn and optim.

The lab trains a two-layer network on random data and leaves more and more of the work to the library. Each version
starts from other random weights, so their losses cannot be compared. In this experiment all versions start from the
same weights: versions that compute the same must give the same losses up to rounding, and Adam shows what another
update rule changes. The time of a step is measured by benchmarks/five_ways.py, not here.

    uv run snakemake --cores all five_ways       about ten seconds
"""
