"""Lab 003, Evolution Search: training the lab's Fashion-MNIST network without its gradient.

The network and the protocol are the lab's (see `protocol`). It is trained by back-propagation as in the lab, and by
Evolution Search with several numbers of loss evaluations per step. The variant `noisy_gradient` replaces the search by
what it should equal in theory, the gradient plus isotropic noise, and so extends to numbers of evaluations that would
take hours. The variant `thresholds` trains a network that has no useful gradient: hard threshold units, judged by their
errors alone. Evolution Search is the lab's name for what the field calls evolution strategies (Salimans et al. 2017,
arXiv:1703.03864).

    uv run snakemake --cores all evolution       about a minute on two cores
"""
