"""Names of a study's groups in text and figures."""

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
    "inputs_-1_1": "inputs −1 and 1",
    "per_case": "changes after every case",
    "all_together": "all five together",
}
"""Names of groups of the shipped studies that differ from the group's key."""


def label(group: str) -> str:
    """The name of a group of a grid in text and figures."""
    return LABELS.get(group, group.replace("_", " "))
