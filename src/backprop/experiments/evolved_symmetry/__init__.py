"""Lab 003's method on the paper's Experiment 1: the symmetry network trained from losses alone.

The network, the protocol and the criterion of success are the paper's (see `symmetry`). Only the gradient is replaced,
by Evolution Search's estimate; momentum and learning rate are unchanged.

    uv run snakemake --cores all evolved_symmetry       about twenty seconds
"""
