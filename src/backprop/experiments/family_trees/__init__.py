"""The paper's second experiment (p. 535, Figures 2 to 4): two isomorphic family trees learned as triples.

Given a person and a relation, a network of five layers names the persons so related. It never sees anything but
names, and yet its six units for persons come to encode nationality, generation and branch of the family. 100 of the
104 cases are learned; the paper says that the other four are then right as well.

    uv run snakemake --cores all family_trees       about a minute on two cores
"""
