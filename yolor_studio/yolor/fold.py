"""Exact simplification of a network at work, in float64: batch norm, implicit vectors, 1/255 and reorg go into the
convolutions beside them, so that no trace of them is left in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yolor_studio.yolor.kernels import (
    Array,
    Kernel,
    absorb_kernel,
    absorb_reorg,
    factor_and_offset,
    per_input,
    wavelets,
    without_batch_norm,
)
from yolor_studio.yolor.layers import (
    IMAGE,
    Activation,
    AvgPool,
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
    Upsample,
)
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.reference import run_layer, sigmoid
from yolor_studio.yolor.weights import Weights


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
    before: frozenset[int]
    """Joins that the convolutions before them took in; those of other vanished joins stand after them."""
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
        self.before: set[int] = set()

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
            kernel = without_batch_norm(layer, self.weights) if isinstance(layer, Conv) else wavelets(layer)
            self._absorb_before(kernel)
            self._absorb_from_afar(kernel)
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
            self.before.add(layer.index)

    def _normalise(self, layer: Norm) -> None:
        factor, offset = factor_and_offset(layer, self.weights)
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
            elif isinstance(layer, Upsample | AvgPool) or (isinstance(layer, Route) and layer.groups == 1):
                waiting.extend(reversed(layer.inputs))
            else:
                return None
        return kernels

    def _absorb_before(self, kernel: Kernel) -> None:
        """Vectors, reorgs and wavelets right before a convolution go into it, which is no more to work out than before.
        Other readers do the same, or keep them for themselves."""
        while (source := self._actual(kernel.source)) != IMAGE:
            layer, before = self.plan.layers[source], self.kernels.get(source)
            if isinstance(layer, Joined):
                done = self._absorb_vector(kernel, layer)
            elif isinstance(layer, ReOrg):
                done = absorb_reorg(kernel)
            elif isinstance(layer, Dwt) and before is not None:
                done = absorb_kernel(kernel, before)
            else:
                return
            if not done:
                return
            kernel.private = kernel.private and self._alone(kernel.source) and (before is None or before.private)
            kernel.source = layer.inputs[0] if before is None else before.source

    def _absorb_from_afar(self, kernel: Kernel) -> None:
        """Sums and products with vectors go into a convolution through concatenations, means and enlarged maps too, if
        nothing else reads anything on the way."""
        waiting = [(kernel.source, 0)] if kernel.groups == 1 and kernel.private else []
        while waiting:
            index, start = waiting.pop()
            actual = self._actual(index)
            if actual == IMAGE or not self._alone(index):
                continue
            layer = self.plan.layers[actual]
            if isinstance(layer, Upsample | AvgPool):
                waiting.append((layer.inputs[0], start))
            elif isinstance(layer, Route) and layer.groups == 1:
                for source in layer.inputs:
                    waiting.append((source, start))
                    start += self.plan.layers[source].channels
            elif isinstance(layer, Joined) and self._absorb_part(kernel, layer, start):
                self.aliases[actual] = layer.inputs[0]
                waiting.append((layer.inputs[0], start))

    def _absorb_part(self, kernel: Kernel, layer: Joined, start: int) -> bool:
        """Take in a vector that only the input channels from `start` on are joined with."""
        if layer.inputs[1] not in self.constants or layer.join is Join.ALTERNATE:
            return False
        vector = self._vector(layer)
        part = slice(start, start + len(vector))
        if layer.join is not Join.SHIFT:
            kernel.weight = kernel.weight.copy()
            kernel.weight[:, part] *= vector[:, None, None]
            return True
        # At the border a padded convolution sees zeros, which the vector was never added to.
        if kernel.pad:
            return False
        kernel.bias = kernel.bias + (kernel.weight[:, part] * vector[:, None, None]).sum(axis=(1, 2, 3))
        return True

    def _absorb_vector(self, kernel: Kernel, layer: Joined) -> bool:
        if layer.inputs[1] not in self.constants:
            return False
        vector = self._vector(layer)
        if layer.join in (Join.CONTROL, Join.SELECT):
            kernel.weight = kernel.weight * per_input(vector, kernel)
            return True
        # At the border a padded convolution sees zeros, which the vector was never added to.
        if kernel.pad:
            return False
        if layer.join is Join.SHIFT:
            kernel.bias = kernel.bias + (kernel.weight * per_input(vector, kernel)).sum(axis=(1, 2, 3))
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
        return Folded(
            layers=tuple(self._needed()),
            kernels=self.kernels,
            affines=self.affines,
            constants=self.constants,
            aliases=self.aliases,
            before=frozenset(self.before),
            scaled=scaled,
        )
