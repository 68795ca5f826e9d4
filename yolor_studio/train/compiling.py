"""torch.compile, where it is seen to work: compilers are missing, old or wrong on many machines."""

from __future__ import annotations

import copy

import torch

from yolor_studio.yolor.network import Network

_TOLERANCE = 0.05


def compile_if_it_works(network: Network, *, size: int, pictures: int, precision: torch.dtype | None) -> str:
    """Compile the network in place when a trial batch gives what it gives without; returns "", or a sentence that says
    why it stays as it was."""
    device = next(network.parameters()).device
    before = copy.deepcopy(network.state_dict())
    try:
        images = torch.rand(pictures, 3, size, size, device=device)
        plain = _trial(network, images, precision)
        network.compile()
        different = max(
            (a - b).abs().max().item() for a, b in zip(_trial(network, images, precision), plain, strict=True)
        )
        largest = max(value.abs().max().item() for value in plain)
        problem = "" if different <= _TOLERANCE * largest else "the compiled network gave other values"
    except Exception as error:  # whatever a compiler raises
        problem = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
    network.load_state_dict(before)
    network.zero_grad(set_to_none=True)
    if not problem:
        return ""
    network._compiled_call_impl = None
    return f"The network could not be compiled, so training runs without it, somewhat slower: {problem}."


def _trial(network: Network, images: torch.Tensor, precision: torch.dtype | None) -> list[torch.Tensor]:
    with torch.autocast(images.device.type, precision, enabled=precision is not None):
        heads = network(images)
    torch.stack([head.float().sum() for head in heads]).sum().backward()
    return [head.detach().float() for head in heads]
