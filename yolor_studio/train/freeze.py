"""What a run may change: all of a network, less of it, or its implicit knowledge alone."""

from __future__ import annotations

from enum import StrEnum

from yolor_studio.train.surgery import prediction_layers
from yolor_studio.yolor.layers import Conv, Implicit, Joined, MaxPool
from yolor_studio.yolor.network import Network
from yolor_studio.yolor.plan import Plan


class Freeze(StrEnum):
    """How much of the network stays as it is."""

    NONE = "none"
    BACKBONE = "backbone"
    """Everything before the spatial pyramid: the first pooling that keeps the size."""
    NECK = "neck"
    """Backbone and neck: only the heads learn."""


def freeze(network: Network, kept: Freeze) -> None:
    """Leave everything before a part's end as it is; implicit vectors always learn."""
    end = _end(network.plan, kept)
    for layer, module in zip(network.plan.layers, network.layers, strict=True):
        module.requires_grad_(layer.index >= end or isinstance(layer, Implicit))


def only_implicit(network: Network, *, new_classes: bool) -> None:
    """Let nothing learn but the implicit vectors; with `new_classes` the prediction convolutions too, because they have
    learned nothing about those classes yet."""
    predicting = prediction_layers(network.plan) if new_classes else {}
    for layer, module in zip(network.plan.layers, network.layers, strict=True):
        module.requires_grad_(isinstance(layer, Implicit) or layer.index in predicting)


def _end(plan: Plan, kept: Freeze) -> int:
    if kept is Freeze.NONE:
        return 0
    if kept is Freeze.BACKBONE:
        return next((layer.index for layer in plan.layers if isinstance(layer, MaxPool) and layer.step == 1), 0)
    return min(_head_start(plan, head.inputs[0]) for head in plan.heads)


def _head_start(plan: Plan, index: int) -> int:
    """The 3x3 convolution before a head's 1x1 one, joins passed over."""
    convolutions = 0
    while True:
        layer = plan.layers[index]
        if isinstance(layer, Conv):
            convolutions += 1
            if convolutions == 2:
                return index
        elif not isinstance(layer, Joined):
            return index
        index = layer.inputs[0]
