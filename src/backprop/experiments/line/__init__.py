"""Learning a line from noisy points (lab 002): descent written by hand, Adam, and the loss over both parameters.

The lab recovers a slope and an intercept from 5,000 points: by descent with a small learning rate, by descent with a
rate a hundred times larger, and by Adam. This experiment shows the lab's own data set and repeats the measurement on
many others. It computes from the curvature of the error the learning rate at which descent begins to diverge, and
checks that rate by runs below and above it.

    uv run snakemake --cores all line       a few seconds
"""
