"""Names of a study's groups in text and figures."""

PAPER, TUNED = "paper", "momentum"
"""Groups of the study `optimizers`: the paper's protocol, and the same with its learning rate tuned."""

REPEATED = (PAPER, TUNED, "logistic", "constant", "half_sum")
"""Groups that are the paper's protocol, tuned or not, each in a study that tunes the rates of its alternatives."""

LABELS = {
    "paper": "the paper's protocol",
    "descent": "plain descent",
    "nesterov": "Nesterov's momentum",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamw": "AdamW",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "warmup": "warm-up",
    "cross_entropy": "cross-entropy",
    "inputs_-1_1": "inputs ±1",
    "per_case": "changes after every case",
    "all_together": "all five together",
}
"""Names of groups of the shipped studies that differ from the group's key."""


def label(group: str) -> str:
    """The name of a group of a grid in text and figures."""
    return LABELS.get(group, group.replace("_", " "))
