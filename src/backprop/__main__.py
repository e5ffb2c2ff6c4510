"""The command `backprop`, also `python -m backprop`."""

from __future__ import annotations

import gc
import sys

from backprop import threads


def main(arguments: list[str] | None = None) -> int:
    """Run one command in a process of its own; the exit status is that of `cli.main`."""
    threads.use_one()

    from backprop import cli

    # importing torch makes a million objects and no garbage: fewer collections save a fifth of its time, and none is
    # needed at exit (measured)
    gc.set_threshold(100_000)
    status = cli.main(arguments)
    gc.freeze()
    return status


if __name__ == "__main__":
    sys.exit(main())
