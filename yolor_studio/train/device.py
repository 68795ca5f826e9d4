"""Where training runs, and the random numbers it starts from."""

from __future__ import annotations

import os

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


def choose_precision(device: torch.device) -> torch.dtype | None:
    """What the forward pass computes in: bfloat16 where it is faster than float32 (1.8 times on a CPU with AVX512-BF16;
    slower without), float16 on older CUDA cards, None for float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16", False) else None


def start_from(seed: int) -> None:
    """Make what follows draw the same random numbers each time."""
    torch.manual_seed(seed)


def share_cores(device: str, pictures: int) -> int:
    """Into how many parts a batch is best cut, to be learned from side by side (see `train.shards`); sets the number of
    threads of each."""
    if device != "cpu":
        return 1
    cores = os.cpu_count() or 1
    parts = max(min(cores, 4, pictures // 4), 1)
    torch.set_num_threads(max(cores // parts, 1))
    return parts


def spare_cores(device: str) -> int:
    """Threads that can make batches ready while the device learns."""
    return 1 if device == "cpu" else min(max((os.cpu_count() or 1) - 1, 1), 8)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device's or the machine's memory did not suffice."""
    told = "can't allocate memory" in str(error) or "out of memory" in str(error)
    return told or isinstance(error, (torch.OutOfMemoryError, MemoryError))
