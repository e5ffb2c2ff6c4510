"""One thread in every test process, as in the pipeline; with more, small networks wait for each other (10 times)."""

from backprop import threads

threads.use_one()
