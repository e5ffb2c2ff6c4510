"""Experiment 1 of the paper (p. 534, Figure 1): detecting mirror symmetry with two hidden units.

Six binary inputs, two hidden units, one output; all 64 input vectors in every sweep. The paper shows one network
and makes three statements about it: mirror weights are equal and opposite, the hidden units are opposite to each
other, and the magnitudes on one side are as 1:2:4. Here thousands of networks are trained under each of two target
codings, and each network is analysed.

    uv run snakemake --cores all symmetry       about ten seconds on two cores
"""
