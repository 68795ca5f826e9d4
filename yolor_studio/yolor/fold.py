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
    Dwt,
    Embedding,
    Head,
    Identity,
    Join,
    Joined,
    Layer,
    Norm,
    ReOrg,
    Route,
    Tags,
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
class Affine:
    """A batch norm that no convolution could take in: x factor + offset, both [channels]."""

    factor: Array
    offset: Array


@dataclass(frozen=True, slots=True)
class Folded:
    """The network that is left: what to build, in order, and where each layer's value comes from."""

    layers: tuple[Layer, ...]
    """Those that still compute something, outputs excluded. Of a batch norm that is neither among the affines only the
    activation is left."""
    kernels: dict[int, Kernel]
    """Convolutions and wavelets."""
    affines: dict[int, Affine]
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
        self.affines: dict[int, Affine] = {}
        self.constants: dict[int, Array] = {}
        self.aliases: dict[int, int] = {}

    def take(self, layer: Layer) -> None:
        """Decide what becomes of the next layer."""
        if all(source in self.constants for source in layer.inputs):
            inputs = [self.constants[source] for source in layer.inputs]
            self.constants[layer.index] = run_layer(layer, inputs, self.weights.arrays, self.weights.bn_eps)
        elif isinstance(layer, Identity | Head | Tags | Embedding) or (
            isinstance(layer, Route) and len(layer.inputs) == 1 and layer.groups == 1
        ):
            self.aliases[layer.index] = layer.inputs[0]
        elif isinstance(layer, Conv | Dwt):
            kernel = _without_batch_norm(layer, self.weights) if isinstance(layer, Conv) else _wavelets(layer)
            self._absorb_before(kernel)
            self.kernels[layer.index] = kernel
        elif isinstance(layer, Joined):
            self._join(layer)
        elif isinstance(layer, Norm):
            self._normalise(layer)

    def _join(self, layer: Joined) -> None:
        """A vector after convolutions without activation goes into them: W' = m W, b' = m b + a."""
        if layer.inputs[1] not in self.constants or layer.join is Join.ALTERNATE:
            return
        vector = self._vector(layer)
        factor, offset = (np.ones_like(vector), vector) if layer.join is Join.SHIFT else (vector, np.zeros_like(vector))
        if self._absorb_after(layer.inputs[0], factor, offset):
            self.aliases[layer.index] = layer.inputs[0]

    def _normalise(self, layer: Norm) -> None:
        factor, offset = _factor_and_offset(layer, self.weights)
        if not self._absorb_after(layer.inputs[0], factor, offset):
            self.affines[layer.index] = Affine(factor, offset)
        elif layer.activation is Activation.LINEAR:
            self.aliases[layer.index] = layer.inputs[0]

    def _absorb_after(self, index: int, factor: Array, offset: Array) -> bool:
        """Let the convolutions that give a value give value x factor + offset instead, if nothing else reads it."""
        kernels = self._linear_kernels(index)
        if kernels is None:
            return False
        start = 0
        for kernel in kernels:
            part = slice(start, start := start + len(kernel.bias))
            kernel.weight = kernel.weight * factor[part, None, None, None]
            kernel.bias = kernel.bias * factor[part] + offset[part]
        return True

    def _linear_kernels(self, index: int) -> list[Kernel] | None:
        """The convolutions without activation whose outputs, one after the other, are this value; None if it comes from
        anywhere else or is read by more than one layer on its way."""
        kernels: list[Kernel] = []
        waiting = [index]
        while waiting:
            index = waiting.pop()
            actual = self._actual(index)
            if actual == IMAGE or not self._alone(index):
                return None
            layer = self.plan.layers[actual]
            linear = isinstance(layer, Dwt) or (isinstance(layer, Conv) and layer.activation is Activation.LINEAR)
            if linear and actual in self.kernels:
                kernels.append(self.kernels[actual])
            elif isinstance(layer, Route) and layer.groups == 1:
                waiting.extend(reversed(layer.inputs))
            else:
                return None
        return kernels

    def _absorb_before(self, kernel: Kernel) -> None:
        """Vectors, reorgs and wavelets right before a convolution go into it, which is no more to work out than before.
        Other readers do the same, or keep them for themselves."""
        while (source := self._actual(kernel.source)) != IMAGE:
            layer = self.plan.layers[source]
            if isinstance(layer, Joined):
                done = self._absorb_vector(kernel, layer)
            elif isinstance(layer, ReOrg):
                done = _absorb_reorg(kernel)
            elif isinstance(layer, Dwt):
                done = _absorb_kernel(kernel, self.kernels[layer.index])
            else:
                return
            if not done:
                return
            kernel.source = self.kernels[layer.index].source if isinstance(layer, Dwt) else layer.inputs[0]

    def _absorb_vector(self, kernel: Kernel, layer: Joined) -> bool:
        if layer.inputs[1] not in self.constants:
            return False
        vector = self._vector(layer)
        if layer.join in (Join.CONTROL, Join.SELECT):
            kernel.weight = kernel.weight * _per_input(vector, kernel)
            return True
        # At the border a padded convolution sees zeros, which the vector was never added to.
        if kernel.pad:
            return False
        if layer.join is Join.SHIFT:
            kernel.bias = kernel.bias + (kernel.weight * _per_input(vector, kernel)).sum(axis=(1, 2, 3))
            return True
        if kernel.groups != 1:
            return False
        kernel.bias = kernel.bias + (kernel.weight[:, : len(vector)] * vector[:, None, None]).sum(axis=(1, 2, 3))
        kernel.weight = kernel.weight[:, len(vector) :]
        return True

    def _vector(self, layer: Joined) -> Array:
        """The numbers that a map is joined with, [channels]."""
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
        if not all(layer.index in self.kernels for layer in readers):
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
        wanted = {self._actual(layer.index) for layer in self.plan.outputs}
        for layer in reversed(self.plan.layers):
            if layer.index in wanted and layer.index not in self.constants:
                wanted.update(self._sources(layer))
        return [layer for layer in self.plan.layers if layer.index in wanted and layer.index not in self.constants]

    def result(self, scaled: bool) -> Folded:
        """What was decided."""
        return Folded(tuple(self._needed()), self.kernels, self.affines, self.constants, self.aliases, scaled)


def _without_batch_norm(layer: Conv, weights: Weights) -> Kernel:
    name = f"layers.{layer.index}.conv"
    weight, bias = weights[f"{name}.weight"].astype(np.float64), np.zeros(layer.channels)
    if layer.batch_norm:
        factor, bias = _factor_and_offset(layer, weights)
        weight = weight * factor[:, None, None, None]
    elif layer.bias:
        bias = weights[f"{name}.bias"].astype(np.float64)
    return Kernel(layer.inputs[0], weight, bias, layer.step, layer.pad, layer.groups)


def _factor_and_offset(layer: Layer, weights: Weights) -> tuple[Array, Array]:
    """Batch norm at work is x factor + offset, both [channels]."""
    gamma, beta, mean, variance = (
        weights[f"layers.{layer.index}.bn.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + weights.bn_eps)
    return factor, beta - mean * factor


def _wavelets(layer: Dwt) -> Kernel:
    """Haar wavelets are a convolution of 2 x 2 with step 2. It is not split into groups, so that others can take it in;
    what is left of it in published networks reads three channels, where groups gain nothing."""
    channels = layer.channels // 4
    weight, bias = np.zeros((layer.channels, channels, 2, 2)), np.zeros(layer.channels)
    bias[channels:] = 0.5
    for channel in range(channels):
        weight[channel, channel] = 0.25
        for detail, signs in enumerate(([[1, 1], [-1, -1]], [[1, -1], [1, -1]], [[1, -1], [-1, 1]])):
            weight[channels + 3 * channel + detail, channel] = 0.25 * np.array(signs)
    return Kernel(layer.inputs[0], weight, bias, 2, 0, 1)


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


def _absorb_kernel(kernel: Kernel, before: Kernel) -> bool:
    """Two convolutions in a row, neither padded, the first one's windows side by side, are one with larger windows."""
    if kernel.pad or kernel.groups != 1:
        return False
    out, _, size, _ = kernel.weight.shape
    taps = np.einsum("omuv,mcij->ocuivj", kernel.weight, before.weight, optimize=True)
    kernel.bias = kernel.bias + np.einsum("omuv,m->o", kernel.weight, before.bias)
    kernel.weight = taps.reshape(out, before.weight.shape[1], size * before.step, size * before.step)
    kernel.step *= before.step
    return True
