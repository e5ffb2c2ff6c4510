"""Lab 003, gradients estimated from losses: finite differences and Evolution Search, and how good the estimates are.

At the start of training, on the first batch of the lab's network and of smaller ones on pooled images: the error of a
finite difference against its step, the full gradient by finite differences, and the cosine of Evolution Search's
estimates with the true gradient against the number of samples, sigma and the number of weights. Evolution Search is
the lab's name for what the field calls evolution strategies (Salimans et al. 2017, arXiv:1703.03864).

    uv run snakemake --cores all estimates       about twenty seconds
"""
