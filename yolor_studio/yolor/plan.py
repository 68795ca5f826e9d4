"""From a description to a plan: typed and checked layers with resolved inputs, and what can be counted on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description, Section
from yolor_studio.yolor.layers import CONSTANT, Conv, Embedding, Head, Implicit, Layer, Norm, Tags
from yolor_studio.yolor.resolve import resolve

MAIN_BN_EPS = 1e-4
"""Added to the variance in batch norm by YOLOR's main line and by our networks."""
DARKNET_BN_EPS = 1e-5
"""The same in Darknet, for `.weights` files."""
_NORM_PARTS = ("bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")


@dataclass(frozen=True, slots=True)
class Plan:
    """A network ready to be built: by torch for training, as ONNX for use, in numpy for tests."""

    layers: tuple[Layer, ...]
    width: int
    height: int
    """The input size that the description names, in pixels."""

    @property
    def heads(self) -> tuple[Head, ...]:
        """The layers that give boxes, in the order of the description."""
        return tuple(layer for layer in self.layers if isinstance(layer, Head))

    @property
    def tags(self) -> tuple[Tags, ...]:
        """The layer that gives tags of the whole picture, or none."""
        return tuple(layer for layer in self.layers if isinstance(layer, Tags))

    @property
    def embeddings(self) -> tuple[Embedding, ...]:
        """Per head, in the heads' order, the layer that gives its cells' vectors; or none at all."""
        by_stride = {layer.stride: layer for layer in self.layers if isinstance(layer, Embedding)}
        return tuple(by_stride[head.stride] for head in self.heads) if by_stride else ()

    @property
    def outputs(self) -> tuple[Layer, ...]:
        """All layers whose values leave the network."""
        return (*self.heads, *self.tags, *self.embeddings)

    @property
    def classes(self) -> int:
        """The number of classes, of boxes and tags alike."""
        return self.heads[0].classes

    @property
    def anchors(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Per head its anchors' (width, height) in input pixels."""
        return tuple(head.anchors for head in self.heads)

    @property
    def strides(self) -> tuple[int, ...]:
        """Per head its stride in input pixels."""
        return tuple(head.stride for head in self.heads)

    @property
    def stride(self) -> int:
        """Input sides must be multiples of this."""
        return math.lcm(*(layer.stride for layer in self.layers if layer.stride != CONSTANT))

    @property
    def size(self) -> int:
        """The longest side that the description names."""
        return max(self.width, self.height)

    @property
    def implicit(self) -> int:
        """The number of implicit scalars."""
        return sum(layer.channels * layer.rows for layer in self.layers if isinstance(layer, Implicit))

    @property
    def parameters(self) -> int:
        """The number of learned scalars, implicit ones included; running statistics are not learned."""
        return sum(math.prod(shape) for name, shape in self.shapes().items() if ".running_" not in name)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every array that the weights must hold, in the order of the layers."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in self.layers:
            name = f"layers.{layer.index}"
            if isinstance(layer, Conv):
                shapes[f"{name}.conv.weight"] = (
                    layer.channels,
                    layer.in_channels // layer.groups,
                    layer.size,
                    layer.size,
                )
                for part in _NORM_PARTS if layer.batch_norm else ("conv.bias",) * layer.bias:
                    shapes[f"{name}.{part}"] = (layer.channels,)
            elif isinstance(layer, Norm):
                shapes.update({f"{name}.{part}": (layer.channels,) for part in _NORM_PARTS})
            elif isinstance(layer, Implicit):
                shapes[f"{name}.implicit"] = (1, layer.channels, layer.rows, 1)
        return shapes

    def boxes(self, width: int, height: int) -> int:
        """How many boxes come out of an input of this many pixels."""
        return sum(len(h.anchors) * (width // h.stride) * (height // h.stride) for h in self.heads)

    def gflops(self, width: int, height: int | None = None) -> float:
        """Twice the multiply-adds of the convolutions, in billions, for an input of width x height (square without)."""
        height = width if height is None else height
        total = 0
        for layer in self.layers:
            if isinstance(layer, Conv):
                constant = layer.stride == CONSTANT
                cells = layer.rows if constant else (width // layer.stride) * (height // layer.stride)
                total += cells * layer.channels * (layer.in_channels // layer.groups) * layer.size**2
        return 2 * total / 1e9

    def consumers(self) -> dict[int, list[Layer]]:
        """Per layer index (and IMAGE) the layers that read it."""
        readers: dict[int, list[Layer]] = {}
        for layer in self.layers:
            for source in layer.inputs:
                readers.setdefault(source, []).append(layer)
        return readers


def build_plan(description: Description) -> Plan:
    """Resolve and check a description; ModelError names the line that is wrong, unknown or does not fit."""
    net = Section("net", description.net, description.net_line)
    channels = net.integer("channels", 3)
    if channels != 3:
        raise ModelError(f"The network reads pictures of {channels} channels; only RGB (3) is supported.")
    plan = Plan(
        resolve(description.sections),
        net.integer("width", 416, low=1, high=1 << 14),
        net.integer("height", 416, low=1, high=1 << 14),
    )
    if not plan.heads:
        raise ModelError("The network has no [yolo] section, so no boxes come out of it.")
    counts = {head.classes for head in plan.heads}
    if len(counts) > 1:
        raise ModelError(f"The [yolo] sections disagree on the number of classes: {sorted(counts)}.")
    if len({head.decode for head in plan.heads}) > 1:
        raise ModelError("The [yolo] sections disagree on how boxes are decoded (new_coords).")
    _check_tags(plan)
    _check_embeddings(plan)
    return plan


def _check_tags(plan: Plan) -> None:
    if len(plan.tags) > 1:
        raise ModelError(f"Line {plan.tags[1].line}: the network has a second [tags] section; one is supported.")
    for tags in plan.tags:
        if tags.channels != plan.classes:
            raise ModelError(
                f"Line {tags.line}: [tags] has {tags.channels} classes, but the [yolo] sections have {plan.classes}."
            )


def _check_embeddings(plan: Plan) -> None:
    found = [layer for layer in plan.layers if isinstance(layer, Embedding)]
    if not found:
        return
    strides, wanted = sorted(layer.stride for layer in found), sorted(set(plan.strides))
    if strides != wanted:
        raise ModelError(f"The [embedding] sections have the strides {strides}, but the [yolo] sections have {wanted}.")
    lengths = sorted({layer.channels for layer in found})
    if len(lengths) > 1:
        raise ModelError(f"The [embedding] sections disagree on the length of their vectors: {lengths}.")
