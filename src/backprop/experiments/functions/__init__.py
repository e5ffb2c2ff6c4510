"""Lab 003: Fashion-MNIST with functions that bring their own derivative, and a backward traversal by hand.

A 784-512-10 network without biases on the first 1,000 images, sigmoid hidden units, plain SGD in batches of 100
taken in order, 100 epochs. The lab prints one run's cost and test accuracy; here twenty seeds show where that run
lies. Variants replace the sigmoid by ReLU, by the lab's ReQU, and by squareplus, an activation torch lacks. The
gradients that train them are computed by hand, and compared with autograd's.

    uv run snakemake --cores all functions       about a minute on two cores
"""
