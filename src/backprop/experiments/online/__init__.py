"""PDP's Figure 9: the same network trained by changing the weights after every case, with targets .1 and .9.

The companion chapter (Parallel Distributed Processing, vol. 1, ch. 8) prints a symmetry network too, with weights to
two decimals, and is said to have needed 1,208 presentations of each pattern with a rate of 0.1. Here that procedure
is run with the cases in a fixed and in a shuffled order, and once sweep by sweep as a comparison.

    uv run snakemake --cores all online       about fifteen seconds on two cores
"""
