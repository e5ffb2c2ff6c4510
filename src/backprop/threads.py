"""One thread for the numerical libraries, set before they are imported, because they read it then.

Sums that are split over threads differ in their last bits. Results must not depend on the cores of the machine, on
Snakemake's `--cores`, or on the variables of a shell. Training sets the number for torch from the protocol (`threads`).
"""

from __future__ import annotations

import os

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What OpenMP (torch), OpenBLAS (numpy, scipy), MKL (torch), numexpr (pandas) and Accelerate (macOS) read."""


def use_one() -> None:
    """Set each of VARIABLES to 1, in this process and in those that it starts."""
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
