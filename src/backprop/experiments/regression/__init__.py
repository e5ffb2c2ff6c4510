"""Linear regression by stochastic gradient descent (lab 000), against least squares.

The lab fits one data set of 1,000 cases and 100 variables, and compares the loss with the mean squared error of least
squares, 0.9005. This experiment draws hundreds of data sets by the same recipe. It shows where 0.9005 is among the
values that least squares gives, how close descent gets in the lab's 100 epochs, and how a larger or a decaying
learning rate changes that, on the same data sets, from the same initial weights, with the same batches.

    uv run snakemake --cores all regression     about half a minute
"""
