"""PDP Fig. 9: a symmetry network whose weights change after every case, with targets .1 and .9.

The companion chapter (Parallel Distributed Processing, vol. 1, ch. 8) prints a symmetry network too. Its weights were
read from a scan of the figure, to two decimals. The chapter's text was not seen: the change after every case, the
targets, the learning rate of 0.1 and the 1,208 presentations of each case are second-hand and unverified. Here this
procedure is run with the cases in a fixed and in a shuffled order, and sweep by sweep for comparison.

    uv run snakemake --cores all online       about fifteen seconds on two cores
"""
