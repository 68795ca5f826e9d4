"""The running mean of a network's weights: what is evaluated and exported."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Ema:
    """After n updates the mean forgets with decay x (1 - exp(-n / tau)), so that a short run is not held back."""

    def __init__(self, network: nn.Module, *, decay: float, tau: float) -> None:
        self._network, self._decay, self._tau = network, decay, tau
        self.updates = 0
        self.values: dict[str, Tensor] = {
            name: tensor.detach().clone()
            for name, tensor in network.state_dict().items()
            if tensor.dtype.is_floating_point
        }

    @torch.no_grad()
    def update(self) -> None:
        """Take in the network's present weights and statistics."""
        self.updates += 1
        share = 1 - self._decay * (1 - math.exp(-self.updates / self._tau))
        now = self._network.state_dict()
        for name, value in self.values.items():
            value.lerp_(now[name], share)
