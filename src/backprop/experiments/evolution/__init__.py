"""Lab 3, Evolution Search: training the lab's Fashion-MNIST network without its gradient.

784-512-10 without biases, logistic hidden units, the first 1,000 images, batches of 100 in order, learning rate 0.01:
by backpropagation for 100 epochs as the lab does, and by Evolution Search with several numbers of loss evaluations
per step. The variant `noisy_gradient` replaces the search by what theory says it is, the gradient plus isotropic
noise, and so goes where the search would take hours. The variant `thresholds` trains a network that has no gradient:
hard threshold units, judged by their errors alone.

    uv run snakemake --cores all evolution       about a minute on two cores
"""
