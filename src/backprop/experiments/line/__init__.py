"""Learning a line from noisy points (lab 002): descent written by hand, Adam, and the loss over both parameters.

The lab recovers a slope and an intercept from 5,000 points, with one learning rate that works, one that is a hundred
times larger, and Adam. Here its own data set is shown and many like it are measured; the learning rate at which
descent begins to diverge is computed from the curvature of the error and looked for by runs on both sides of it.

    uv run snakemake --cores all line       a few seconds
"""
