"""Where in the plane of learning rate and momentum the networks of Experiment 1 learn, and how fast.

The paper states one point, epsilon 0.1 and alpha 0.9 (caption of RHW Fig. 1). Here a grid of pairs around it is
trained. The networks of all pairs are trained side by side in one stack, each with its own pair, and every pair starts
from the same seeds.

    uv run snakemake --cores all phase      about fifteen seconds on two cores
"""
