"""The names that protocols and configurations may use for the parts of engine and search, without importing torch.

A protocol lists them as the choices of a field, `setting("logistic", choices=choices.ACTIVATIONS, ...)`. Tests compare
the lists with what those implement.
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
ESTIMATORS = ("plain", "baseline", "antithetic", "ranks")
"""Of a gradient: as lab 003 writes it, with the mean loss subtracted, from pairs w + v and w - v, from ranks."""


def check(what: str, name: str, allowed: Collection[str]) -> None:
    """Raise UserError unless `name` is allowed; `what` names the argument in the message."""
    if name not in allowed:
        raise UserError(f"{what} is {quoted(name)}; allowed are {listed(allowed)}.")
