"""Linear regression by stochastic gradient descent (lab 000), against least squares.

The lab fits one data set of 1,000 cases and 100 variables and draws the loss towards a line at 0.9005, the mean
squared error of least squares on it. Here the same recipe is drawn hundreds of times: where 0.9005 lies among all
the values it could have been, how close descent comes in the lab's 100 epochs, and what its learning rate and a
decaying one change, on the same data sets, from the same weights, through the same batches.

    uv run snakemake --cores all regression     about half a minute
"""
