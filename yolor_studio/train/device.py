"""Where training runs, and the random numbers it starts from."""

from __future__ import annotations

import torch

from yolor_studio.core.errors import UsageError


def choose_device(wanted: str) -> str:
    """ "cuda" or "cpu" for "auto" or either name; raises UsageError for another name or a device that is not there."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted not in ("cpu", "cuda"):
        raise UsageError(f"--device {wanted} is unknown for training; choose auto, cpu or cuda.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError("PyTorch finds no CUDA device here; use --device cpu.")
    return wanted


def start_from(seed: int) -> None:
    """Make what follows draw the same random numbers each time."""
    torch.manual_seed(seed)
