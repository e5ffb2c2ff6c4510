"""Lab 3, estimating a gradient from losses: finite differences and Evolution Search, and what an estimate is worth.

At the start of training, on the first batch of the lab's network and of smaller ones on pooled images: the error of a
finite difference against its step, the full gradient by finite differences, and the cosine of Evolution Search's
estimates with the true gradient against the number of samples, sigma and the number of weights.

    uv run snakemake --cores all estimates       about twenty seconds
"""
