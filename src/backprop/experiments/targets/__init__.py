"""Which targets made Figure 1? The paper does not say what its output unit was trained towards.

Three looks at it. The gradient of E at the printed weights, as a function of the targets t and 1 - t: it vanishes
where the printed network could have come to rest, and the print's rounding says how sure that is. The same for
PDP's Figure 9. Training continued from the printed weights under each coding. And networks of our own, trained with
known targets, rounded like the print and asked the same question: does the answer come out right?

    uv run snakemake --cores all targets       about ten seconds on two cores
"""
