"""Where to train: the words auto, cpu, cuda and mps as torch devices."""

from __future__ import annotations

import torch

from backprop import choices
from backprop.protocol import DEVICES, UserError


def available() -> list[str]:
    """The devices of this machine, the fastest first; the CPU is always the last."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name, there in present.items() if there]


def resolve_device(name: str) -> torch.device:
    """The device called `name` (auto: the first of `available`); UserError if this machine has none such."""
    choices.check("device", name, DEVICES)
    there = available()
    if name == "auto":
        return torch.device(there[0])
    if name not in there:
        raise UserError(f"device is {name!r}, which this machine lacks; here are {', '.join(there)} (or auto).")
    return torch.device(name)
