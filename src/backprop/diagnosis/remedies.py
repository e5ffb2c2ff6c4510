"""How to undo a departure from the paper, in words and in PyTorch."""

from __future__ import annotations

from backprop.experiments.symmetry.protocol import PRINTED_SWEEPS, Protocol
from backprop.values import format_value

SGD = "torch.optim.SGD(parameters, lr={epsilon}, momentum={alpha})"

REMEDIES = {
    "bits": "use {bits} input bits",
    "hidden_units": "use {hidden_units} hidden units",
    "inputs": "use the inputs 0 and 1: x = (x - low) / (high - low)",
    "targets": "use the targets 0 and 1: d = is_palindrome.float()",
    "hidden": "use logistic hidden units: h = torch.sigmoid(...)",
    "output": "use a logistic output unit: y = torch.sigmoid(...)",
    "error": "sum the squared errors over all cases: loss = ((y - d) ** 2).sum() / 2",
    "weight_range": "start from small random weights: torch.nn.init.uniform_(weight, -{weight_range}, {weight_range})",
    "bias_range": "start the biases like the weights: torch.nn.init.uniform_(bias, -{weight_range}, {weight_range})",
    "equal_hidden_units": "draw the weights of each hidden unit anew: units that start equal stay equal",
    "per_case": "change the weights once per sweep: one loss.backward() for all cases, then one optimizer.step()",
    "optimizer": f"use gradient descent with momentum: {SGD}",
    "epsilon": f"use the learning rate {{epsilon}}: {SGD}",
    "alpha": f"use momentum: {SGD}",
    "schedule": "keep the learning rate constant",
    "sweeps": "train for {sweeps} sweeps or more",
}
"""What to do, by the name of a departure; the paper's own values replace the braces."""


def remedy(name: str) -> str:
    """What to change in a program so that it agrees with the paper in this field."""
    values = Protocol.defaults() | {"sweeps": PRINTED_SWEEPS}
    return REMEDIES[name].format_map({key: format_value(value) for key, value in values.items()})
