"""The long run: what becomes of the networks that have not solved the symmetry task after 5,000 sweeps.

The paper says that networks very rarely get stuck in poor local minima. Here 400 networks under each target coding
go on to 60,000 sweeps. Whoever is unsolved then is looked at through the gradient and the Hessian of E, and is
knocked off its place to see whether it comes back. The same run shows whether training ever moves a network from
one family of solutions to another, and whether weights stop growing.

    uv run snakemake --cores all long_run       about fifteen seconds on two cores
"""
