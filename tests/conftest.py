"""One thread for torch in every test process: with more, small networks wait for each other (measured: 10 times)."""

import os

os.environ["OMP_NUM_THREADS"] = "1"
