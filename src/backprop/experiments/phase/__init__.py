"""Where in the plane of learning rate and momentum the networks of Experiment 1 learn, and how fast.

The paper states one point, epsilon 0.1 and alpha 0.9 (caption of Figure 1). Here a grid of pairs is trained around
it, all networks of all pairs side by side in one stack, each with its own pair, from the same seeds in every pair.

    uv run snakemake --cores all phase      about fifteen seconds on two cores
"""
