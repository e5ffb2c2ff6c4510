"""Where to train: the names auto, cpu, cuda and mps as torch devices."""

from __future__ import annotations

import torch

from backprop import choices
from backprop.protocol import UserError


def available() -> list[str]:
    """The devices of this machine; the CPU is always the last."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name, is_present in present.items() if is_present]


def resolve_device(name: str) -> torch.device:
    """The device called `name`; a UserError if this machine does not have it.

    `auto` is the CPU, also beside a GPU: no result of this project was verified on a GPU yet.
    """
    choices.check("device", name, choices.DEVICES)
    if name == "auto":
        return torch.device("cpu")
    names = available()
    if name not in names:
        raise UserError(f"device is {name!r}, which this machine lacks; it has {', '.join(names)} (or use auto).")
    return torch.device(name)
