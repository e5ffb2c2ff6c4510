"""The names that protocols and configurations may use for the engine's parts, without importing torch.

A protocol lists them as the choices of a field, `setting("logistic", choices=choices.ACTIVATIONS, ...)`. Tests compare
the lists with what the engine implements.
"""

from __future__ import annotations

from collections.abc import Collection

from backprop.values import UserError, listed, quoted

ACTIVATIONS = ("logistic", "tanh", "relu", "leaky_relu", "silu", "gelu", "softplus", "identity")
ERRORS = ("half_sum", "mean", "cross_entropy")
OPTIMIZERS = ("sgd", "rmsprop", "adagrad", "adam", "adamw")
SCHEDULES = ("constant", "exponential", "step", "cosine", "one_cycle", "linear_warmup")
CASE_ORDERS = ("fixed", "shuffled")
MARGINS = ("zero", "edge")
DEVICES = ("auto", "cpu", "cuda", "mps")


def check(what: str, name: str, allowed: Collection[str]) -> None:
    """Raise UserError unless `name` is allowed; `what` names the argument in the message."""
    if name not in allowed:
        raise UserError(f"{what} is {quoted(name)}; allowed are {listed(allowed)}.")
