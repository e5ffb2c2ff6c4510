"""Lab 3's method on the paper's Experiment 1: the symmetry network trained from losses alone.

The network, the protocol and the measure of success are the paper's (see `symmetry`); only the gradient is replaced
by Evolution Search's estimate, with momentum and learning rate as they are.

    uv run snakemake --cores all evolved_symmetry       about twenty seconds
"""
