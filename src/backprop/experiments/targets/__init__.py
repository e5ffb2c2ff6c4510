"""The targets of RHW Fig. 1: the paper does not state towards which values its output unit was trained.

Three analyses address this. First, the gradient of E at the printed weights is computed as a function of the targets
t and 1 - t: it vanishes at the targets for which the printed network is a stationary point, and the rounding of the
print gives the uncertainty. The same is done for PDP Fig. 9. Second, training is continued from the printed weights
under each coding. Third, networks are trained with known targets, rounded like the print and analysed in the same
way, to check that the method recovers their targets.

    uv run snakemake --cores all targets       about ten seconds on two cores
"""
