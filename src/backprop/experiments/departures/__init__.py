"""Departures from Experiment 1, study by study: what each choice does to whether and when networks learn.

A study is a variant: a grid of cells, each the protocol of Experiment 1 with some fields changed, trained from the
same seeds under both target codings. The paper's statements behind it: momentum helps (p. 534, equation 9), small
random weights break symmetry (p. 533), a few more connections remove the local minima (p. 535). The rest is what
public attempts change, knowingly or not.

    uv run snakemake --cores all departures      about three minutes on two cores
"""
