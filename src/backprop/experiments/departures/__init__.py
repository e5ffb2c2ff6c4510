"""Departures from Experiment 1, study by study: how each choice changes whether and when networks learn.

A study is a variant: a grid of cells. Each cell is the protocol of Experiment 1 with some fields changed, and all cells
are trained from the same seeds under both target codings. The studies test three statements of the paper: momentum
helps (p. 534, equation 9), small random weights break the symmetry between hidden units (p. 533), and a few more
connections remove local minima (p. 535). The other studies change what public attempts change, on purpose or by
accident.

    uv run snakemake --cores all departures      about three minutes on two cores
"""
