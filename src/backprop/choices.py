"""The words a protocol may use for the engine's parts, free of torch so that protocols can be checked quickly.

A protocol names them in a field's metadata, `field(metadata={"allowed": names.ACTIVATIONS})`; a test keeps the
lists in step with what `activations`, `networks` and `updates` implement.
"""

from __future__ import annotations

from collections.abc import Collection

from backprop.protocol import UserError

ACTIVATIONS = ("logistic", "tanh", "relu", "leaky_relu", "silu", "gelu", "softplus", "identity")
ERRORS = ("half_sum", "mean", "cross_entropy")
OPTIMIZERS = ("sgd", "rmsprop", "adagrad", "adam", "adamw")
SCHEDULES = ("constant", "exponential", "step", "cosine", "one_cycle", "linear_warmup")
CASE_ORDERS = ("fixed", "shuffled")


def check(what: str, name: str, allowed: Collection[str]) -> None:
    """Raise UserError unless `name` is allowed; `what` is the argument's name in the message."""
    if name not in allowed:
        raise UserError(f"{what} is {name!r}; allowed are {', '.join(allowed)}.")
