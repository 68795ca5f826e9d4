"""One step's gradients, from several parts of the batch: side by side, each on one thread of its own, and where
memory is short one after another.

Two threads inside every operation wait for each other some thousand times a step, which a busy machine turns into
spinning: beside other work, two parts with one thread each learned from twice as many pictures a second.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from yolor_studio.train.batches import Batch
from yolor_studio.yolor.network import Network

Gradients = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one part of a batch gave; see Losses. `gradients` is None when something was not finite."""

    total: float
    box: float
    objectness: float
    classes: float
    positives: int
    gradients: Gradients | None


class Shards:
    """Replicas of a network that share its parameters but have their own batch statistics, averaged after each step."""

    def __init__(self, network: Network, count: int) -> None:
        self.networks = [network, *(_replica(network) for _ in range(count - 1))]
        self._pool = ThreadPoolExecutor(count, "learn") if count > 1 else None

    def run(self, work: Callable[[Network, Batch], Part], batch: Batch, *, rounds: int = 1) -> Iterator[Part]:
        """`work` on every replica with its part of the batch, in so many rounds."""
        parts = iter(split(batch, min(len(self.networks) * rounds, len(batch.pixels))))
        for first in parts:
            if self._pool is None:
                yield work(self.networks[0], first)
                continue
            each = [first, *(part for part, _ in zip(parts, self.networks[1:], strict=False))]
            futures = [self._pool.submit(work, *pair) for pair in zip(self.networks, each, strict=False)]
            wait(futures)  # all, so that nobody is still at work when one has failed
            yield from (future.result() for future in futures)

    @torch.no_grad()
    def merge_statistics(self) -> None:
        """Give all replicas the mean of their running statistics."""
        if self._pool is None:
            return
        for buffers in zip(*(network.buffers() for network in self.networks), strict=True):
            if buffers[0].dtype.is_floating_point:
                mean = torch.stack(buffers).mean(0)
                for buffer in buffers:
                    buffer.copy_(mean)


class MeanGradients:
    """Gathers the mean of several parts' gradients in the parameters' own `grad`.

    That is laid out in memory as the parameter is: a fused optimizer walks raw memory, and would give a weight its
    neighbour's gradient.
    """

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        self._parameters = parameters
        self._count = 0

    def add(self, gradients: Gradients) -> None:
        """Take in one part."""
        self._count += 1
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            if parameter.grad is None:
                parameter.grad = torch.empty_like(parameter)
            if self._count == 1:
                parameter.grad.copy_(gradient)
            else:
                parameter.grad.add_(gradient)

    def finish(self) -> None:
        """Turn the sum into the mean."""
        if self._count > 1:
            for parameter in self._parameters:
                if parameter.grad is not None:
                    parameter.grad.div_(self._count)


def split(batch: Batch, count: int) -> list[Batch]:
    """The batch in `count` parts of equal size (the last ones may have one picture less)."""
    parts = torch.arange(len(batch.pixels)).tensor_split(count)
    return [batch.part(int(rows[0]), int(rows[-1]) + 1) for rows in parts]


def _replica(network: Network) -> Network:
    """A copy with the same parameters (the very same tensors) and buffers of its own."""
    return copy.deepcopy(network, memo={id(parameter): parameter for parameter in network.parameters()})
