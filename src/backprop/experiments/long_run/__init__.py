"""The long run: what happens to networks that have not solved the symmetry task when Experiment 1 stops.

The paper says that networks are very rarely trapped in poor local minima. Here 400 networks under each target coding
are trained to 60,000 sweeps. Networks that are still unsolved are characterised by the gradient and the Hessian of E,
then displaced in a random direction and trained again, to see whether they return. The same run shows whether
training ever moves a network from one family of solutions to another, and whether weights stop growing.

    uv run snakemake --cores all long_run       about fifteen seconds on two cores
"""
