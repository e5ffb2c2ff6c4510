"""Why does a network not learn? A user's own protocol or weights beside Experiment 1 of the paper.

`backprop try` trains many networks with a user's protocol and with the paper's, from the same seeds (`settings`,
`side_by_side`, `trial`); with `--why` it finds the departure from the paper that is responsible (`why`, `remedies`).
`backprop inspect` reads the weights of one trained network (`weights`, `layers`) and says what it computes, how it
compares with RHW Fig. 1 and with the report's networks, and where it is stuck (`inspection`, `places`, `standing`).
"""
