"""Lab 003: Fashion-MNIST with functions that define their own derivative, and a backward traversal by hand.

A 784-512-10 network without biases and with sigmoid hidden units, trained by plain SGD on batches taken in order. The
lab prints cost and test accuracy of one run; here several seeds show whether that run is typical. Variants replace the
sigmoid by ReLU, by the lab's ReQU, and by squareplus, an activation that torch lacks. The gradients that train the
networks are computed by hand and compared with autograd's.

    uv run snakemake --cores all functions       about a minute on two cores
"""
