"""Does a run agree with ours? Compares the networks of a run with those of a recorded one, quantity by quantity.

`quantities` summarises a table of networks, `agreement` holds the statistical rules, `recorded` the reference values
that come with the package, `comparison` applies one to the other, and `comparison_text` prints what came out.
"""
