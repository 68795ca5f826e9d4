"""Exact simplification of a network at work, in float64: batch norm, implicit vectors, 1/255 and reorg go into the
convolutions beside them, so that no trace of them is left in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import (
    IMAGE,
    Activation,
    Conv,
    Head,
    Identity,
    Join,
    Joined,
    Layer,
    ReOrg,
    Route,
)
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.reference import run_layer, sigmoid
from yolor_studio.yolor.weights import Weights

Array = NDArray[np.float64]


@dataclass(slots=True)
class Kernel:
    """A convolution with its neighbours taken in: weight [out, in / groups, k, k], bias [out]; it reads `source`."""

    source: int
    weight: Array
    bias: Array
    step: int
    pad: int
    groups: int


@dataclass(frozen=True, slots=True)
class Folded:
    """The network that is left: what to build, in order, and where each layer's value comes from."""

    layers: tuple[Layer, ...]
    """Those that still compute something, heads excluded."""
    kernels: dict[int, Kernel]
    constants: dict[int, Array]
    """Layers that do not depend on the picture, by index."""
    aliases: dict[int, int]
    """Layers that equal another one."""
    scaled: bool
    """Whether 1/255 is folded; otherwise the picture must be divided first."""

    def actual(self, index: int) -> int:
        """The index of the layer that gives this one's value."""
        while index in self.aliases:
            index = self.aliases[index]
        return index


def fold(plan: Plan, weights: Weights) -> Folded:
    """Fold everything that can be folded exactly; the weights must have been checked against the plan."""
    folder = _Folder(plan, weights)
    for layer in plan.layers:
        folder.take(layer)
    scaled = folder.scale_picture()
    return folder.result(scaled)


class _Folder:
    def __init__(self, plan: Plan, weights: Weights) -> None:
        self.plan = plan
        self.weights = weights
        self.consumers = plan.consumers()
        self.kernels: dict[int, Kernel] = {}
        self.constants: dict[int, Array] = {}
        self.aliases: dict[int, int] = {}

    def take(self, layer: Layer) -> None:
        """Decide what becomes of the next layer."""
        if all(source in self.constants for source in layer.inputs):
            inputs = [self.constants[source] for source in layer.inputs]
            self.constants[layer.index] = run_layer(layer, inputs, self.weights.arrays, self.weights.bn_eps)
        elif isinstance(layer, Identity | Head) or (
            isinstance(layer, Route) and len(layer.inputs) == 1 and layer.groups == 1
        ):
            self.aliases[layer.index] = layer.inputs[0]
        elif isinstance(layer, Conv):
            kernel = _without_batch_norm(layer, self.weights)
            self._absorb_before(kernel)
            self.kernels[layer.index] = kernel
        elif isinstance(layer, Joined):
            self._absorb_after(layer)

    def _absorb_after(self, layer: Joined) -> None:
        """A vector after a convolution without activation goes into it: W' = m W, b' = m b + a."""
        source = self._actual(layer.inputs[0])
        if source not in self.kernels:
            return
        kernel, producer = self.kernels[source], self.plan.layers[source]
        if not isinstance(producer, Conv) or producer.activation is not Activation.LINEAR:
            return
        vector_known = layer.inputs[1] in self.constants
        if layer.join is Join.ALTERNATE or not vector_known or not self._alone(layer.inputs[0]):
            return
        if layer.join is Join.SHIFT:
            kernel.bias = kernel.bias + self.constants[layer.inputs[1]].ravel()
        else:
            factor = self._factor(layer)
            kernel.weight = kernel.weight * factor[:, None, None, None]
            kernel.bias = kernel.bias * factor
        self.aliases[layer.index] = layer.inputs[0]

    def _absorb_before(self, kernel: Kernel) -> None:
        """Vectors and reorgs right before a convolution that nothing else reads go into it."""
        while (source := self._actual(kernel.source)) != IMAGE and self._alone(kernel.source):
            layer = self.plan.layers[source]
            if not (isinstance(layer, ReOrg) and _absorb_reorg(kernel)) and not (
                isinstance(layer, Joined) and self._absorb_vector(kernel, layer)
            ):
                return
            kernel.source = layer.inputs[0]

    def _absorb_vector(self, kernel: Kernel, layer: Joined) -> bool:
        if layer.inputs[1] not in self.constants:
            return False
        if layer.join in (Join.CONTROL, Join.SELECT):
            kernel.weight = kernel.weight * _per_input(self._factor(layer), kernel)
            return True
        # At the border a padded convolution sees zeros, which the vector was never added to.
        if kernel.pad:
            return False
        vector = self.constants[layer.inputs[1]].ravel()
        if layer.join is Join.SHIFT:
            kernel.bias = kernel.bias + (kernel.weight * _per_input(vector, kernel)).sum(axis=(1, 2, 3))
            return True
        if kernel.groups != 1:
            return False
        kernel.bias = kernel.bias + (kernel.weight[:, : len(vector)] * vector[:, None, None]).sum(axis=(1, 2, 3))
        kernel.weight = kernel.weight[:, len(vector) :]
        return True

    def _factor(self, layer: Joined) -> Array:
        vector = self.constants[layer.inputs[1]].ravel()
        return sigmoid(vector) if layer.join is Join.SELECT else vector

    def _alone(self, index: int) -> bool:
        """Whether one layer alone reads this value, also through the layers that only pass it on."""
        while len(self.consumers.get(index, ())) == 1:
            if index not in self.aliases:
                return True
            index = self.aliases[index]
        return False

    def scale_picture(self) -> bool:
        """Let the convolutions that read the picture divide it by 255, if nothing else reads it."""
        needed = self._needed()
        readers = [layer for layer in needed if IMAGE in self._sources(layer)]
        if not all(isinstance(layer, Conv) for layer in readers):
            return False
        for layer in readers:
            self.kernels[layer.index].weight = self.kernels[layer.index].weight / 255
        return True

    def _sources(self, layer: Layer) -> list[int]:
        """The layers whose values this one really reads."""
        kernel = self.kernels.get(layer.index)
        return [self._actual(source) for source in ([kernel.source] if kernel else layer.inputs)]

    def _actual(self, index: int) -> int:
        while index in self.aliases:
            index = self.aliases[index]
        return index

    def _needed(self) -> list[Layer]:
        wanted = {self._actual(head.index) for head in self.plan.heads}
        for layer in reversed(self.plan.layers):
            if layer.index in wanted and layer.index not in self.constants:
                wanted.update(self._sources(layer))
        return [layer for layer in self.plan.layers if layer.index in wanted and layer.index not in self.constants]

    def result(self, scaled: bool) -> Folded:
        """What was decided."""
        return Folded(tuple(self._needed()), self.kernels, self.constants, self.aliases, scaled)


def _without_batch_norm(layer: Conv, weights: Weights) -> Kernel:
    name = f"layers.{layer.index}"
    weight = weights[f"{name}.conv.weight"].astype(np.float64)
    if layer.batch_norm:
        gamma, beta, mean, variance = (
            weights[f"{name}.bn.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + weights.bn_eps)
        weight, bias = weight * factor[:, None, None, None], beta - mean * factor
    else:
        bias = weights[f"{name}.conv.bias"].astype(np.float64)
    return Kernel(layer.inputs[0], weight, bias, layer.step, layer.pad, layer.groups)


def _per_input(vector: Array, kernel: Kernel) -> Array:
    """A value per input channel, laid out like the weight: [out, in / groups, 1, 1]."""
    out = len(kernel.weight)
    return np.repeat(vector.reshape(kernel.groups, -1), out // kernel.groups, axis=0)[:, :, None, None]


def _absorb_reorg(kernel: Kernel) -> bool:
    """Reorg and k x k with step s equal 2k x 2k with step 2s on the map before: its taps are interleaved."""
    if kernel.groups != 1:
        return False
    out, channels, size, _ = kernel.weight.shape
    taps = np.empty((out, channels // 4, 2 * size, 2 * size))
    for block, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        taps[:, :, i::2, j::2] = kernel.weight[:, block * (channels // 4) : (block + 1) * (channels // 4)]
    kernel.weight, kernel.step, kernel.pad = taps, 2 * kernel.step, 2 * kernel.pad
    return True
