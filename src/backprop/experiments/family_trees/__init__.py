"""The paper's second experiment (p. 535, Figs. 2 to 4): two isomorphic family trees, learned as triples.

A network of five layers gets a person and a relation and names the persons who are so related. Its inputs are single
units for names, and yet its six units for persons come to encode nationality, generation and branch of the family. In
the paper, 100 of the 104 cases are learned, and the network is then right on the other four.

The stated protocol does not learn here. `plateau` and `stall` compute why, and the variants ask what does: higher
rates, an error from the edge of the margin, and decay that begins after learning.

    uv run snakemake --cores all family_trees       about two minutes on two cores
"""
