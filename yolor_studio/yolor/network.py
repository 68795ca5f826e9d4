"""The torch network of a plan, for training. Its weights go in and out as the named arrays of the whole program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.layers import (
    IMAGE,
    Activation,
    AvgPool,
    Conv,
    Dwt,
    Embedding,
    Head,
    Identity,
    Implicit,
    Join,
    Joined,
    Layer,
    MaxPool,
    Norm,
    ReOrg,
    Route,
    Scale,
    Shortcut,
    Tags,
    Upsample,
)
from yolor_studio.yolor.plan import MAIN_BN_EPS, Plan

_BN_MOMENTUM = 0.03
_EXPECTED_OBJECTS = 8
"""Objects in a picture of 640 pixels that the first objectness bias stands for (YOLOv5's and YOLOR's figure)."""

_ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    Activation.LEAKY: lambda x: functional.leaky_relu(x, 0.1, inplace=True),
    Activation.LINEAR: lambda x: x,
    Activation.LOGISTIC: torch.sigmoid,
    Activation.MISH: functional.mish,
    Activation.RELU: lambda x: functional.relu(x, inplace=True),
    Activation.SILU: lambda x: functional.silu(x, inplace=True),
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """Everything that a pass gives, raw: no sigmoid is taken and nothing is normalised."""

    heads: list[Tensor]
    """Per head [N, anchors x (5 + classes), H / stride, W / stride]."""
    tags: list[Tensor]
    """[N, classes], or nothing where the network has none."""
    embeddings: list[Tensor]
    """Per head, in the same order, [N, length, H / stride, W / stride]; or nothing."""


class Network(nn.Module):
    """A plan's network; parameters are named as in `Plan.shapes`."""

    def __init__(self, plan: Plan, *, bn_eps: float = MAIN_BN_EPS) -> None:
        super().__init__()
        self.plan = plan
        self.layers = nn.ModuleList(_module(layer, bn_eps) for layer in plan.layers)
        self._for_boxes = _Schedule.of(plan, plan.heads)
        self._for_all = _Schedule.of(plan, plan.outputs)
        _prior_biases(self)

    def forward(self, images: Tensor) -> list[Tensor]:
        """images: float [N, 3, H, W] in 0..1, sides multiples of the stride -> per head its raw map
        [N, anchors x (5 + classes), H / stride, W / stride]. What only tags and embeddings need is left out."""
        maps = self._run(images, self._for_boxes)
        return [maps[head.index] for head in self.plan.heads]

    def outputs(self, images: Tensor) -> Outputs:
        """The same for all tasks in one pass."""
        maps = self._run(images, self._for_all)
        heads, tags, embeddings = (
            [maps[layer.index] for layer in layers]
            for layers in (self.plan.heads, self.plan.tags, self.plan.embeddings)
        )
        return Outputs(heads, [values.flatten(1) for values in tags], embeddings)

    def _run(self, images: Tensor, schedule: _Schedule) -> dict[int, Tensor]:
        maps: dict[int, Tensor] = {IMAGE: images}
        for index, done in schedule.steps:
            module, layer = self.layers[index], self.plan.layers[index]
            maps[index] = module(*(maps[source] for source in layer.inputs))
            for source in done:
                del maps[source]
        return maps

    def export_weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of all arrays by name, float32."""
        return {
            name: tensor.detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
            for name, tensor in self.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }

    def load_weights(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        """Take over all arrays; ModelError names the first that is missing or has another shape."""
        arrays: dict[str, Tensor] = {}
        for name, shape in self.plan.shapes().items():
            if name not in weights:
                raise ModelError(f"The weights have no array {name}; they belong to another network.")
            if weights[name].shape != shape:
                raise ModelError(f"The array {name} has the shape {weights[name].shape}; the network needs {shape}.")
            arrays[name] = torch.from_numpy(np.array(weights[name], np.float32))
        self.load_state_dict(arrays, strict=False)


@dataclass(frozen=True, slots=True)
class _Schedule:
    """The layers that some outputs need, in order, each with the maps that nothing needs after it."""

    steps: tuple[tuple[int, tuple[int, ...]], ...]

    @staticmethod
    def of(plan: Plan, outputs: Sequence[Layer]) -> _Schedule:
        wanted = {layer.index for layer in outputs}
        last_use: dict[int, int] = {}
        for layer in reversed(plan.layers):
            if layer.index in wanted:
                wanted.update(layer.inputs)
                for source in layer.inputs:
                    last_use.setdefault(source, layer.index)
        done: dict[int, list[int]] = {}
        for source, user in last_use.items():
            done.setdefault(user, []).append(source)
        return _Schedule(
            tuple((layer.index, tuple(done.get(layer.index, ()))) for layer in plan.layers if layer.index in wanted)
        )


class _ConvBlock(nn.Module):
    def __init__(self, layer: Conv, bn_eps: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            layer.in_channels,
            layer.channels,
            layer.size,
            layer.step,
            layer.pad,
            groups=layer.groups,
            bias=layer.bias,
        )
        if layer.batch_norm:
            self.bn = nn.BatchNorm2d(layer.channels, eps=bn_eps, momentum=_BN_MOMENTUM)
        self._normalised = layer.batch_norm
        self._activation = _ACTIVATIONS[layer.activation]

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self._activation(self.bn(x) if self._normalised else x)


class _Norm(nn.Module):
    def __init__(self, layer: Norm, bn_eps: float) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(layer.channels, eps=bn_eps, momentum=_BN_MOMENTUM)
        self._activation = _ACTIVATIONS[layer.activation]

    def forward(self, x: Tensor) -> Tensor:
        return self._activation(self.bn(x))


class _Implicit(nn.Module):
    def __init__(self, layer: Implicit) -> None:
        super().__init__()
        self.implicit = nn.Parameter(torch.empty(1, layer.channels, layer.rows, 1).normal_(layer.mean, layer.std))

    def forward(self) -> Tensor:
        return self.implicit


class _Plain(nn.Module):
    """A layer without parameters."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._function(*inputs)


def _module(layer: Layer, bn_eps: float) -> nn.Module:
    match layer:
        case Conv():
            return _ConvBlock(layer, bn_eps)
        case Norm():
            return _Norm(layer, bn_eps)
        case Implicit():
            return _Implicit(layer)
        case _:
            return _Plain(_function(layer))


def _function(layer: Layer) -> Callable[..., Tensor]:
    match layer:
        case Route(groups=groups, group=group):
            return lambda *xs: torch.cat([x.chunk(groups, 1)[group] for x in xs], 1)
        case Shortcut(activation=activation):
            return lambda *xs: _ACTIVATIONS[activation](_added(xs))
        case MaxPool():
            return _max_pool(layer)
        case AvgPool():
            return lambda x: x.mean((2, 3), keepdim=True)
        case Upsample(factor=factor):
            return lambda x: functional.interpolate(x, scale_factor=float(factor), mode="nearest")
        case ReOrg():
            return lambda x: torch.cat([x[..., v::2, h::2] for h in (0, 1) for v in (0, 1)], 1)
        case Dwt():
            return _wavelets
        case Joined(join=join, turned=turned):
            return (lambda x, p: _JOINS[join](x, p.reshape(1, -1, 1, 1))) if turned else _JOINS[join]
        case Scale(activation=activation):
            return lambda x, factor: _ACTIVATIONS[activation](x * factor)
        case Identity() | Head() | Tags() | Embedding():
            return lambda x: x
    raise TypeError(f"no torch form of {type(layer).__name__}")


_JOINS: dict[Join, Callable[[Tensor, Tensor], Tensor]] = {
    Join.SHIFT: lambda x, p: x + p,
    Join.CONTROL: lambda x, p: x * p,
    Join.ALTERNATE: lambda x, p: torch.cat([p.to(x.dtype).expand(len(x), -1, *x.shape[2:]), x], 1),
    Join.SELECT: lambda x, p: x * p.sigmoid(),
}


def _wavelets(x: Tensor) -> Tensor:
    a, b, c, d = (x[..., v::2, h::2] for v in (0, 1) for h in (0, 1))
    details = torch.stack([a + b - c - d, a - b + c - d, a - b - c + d], 2) / 4 + 0.5
    return torch.cat([(a + b + c + d) / 4, details.flatten(1, 2)], 1)


def _added(maps: tuple[Tensor, ...]) -> Tensor:
    total = maps[0]
    for other in maps[1:]:
        shared = min(total.shape[1], other.shape[1])
        if shared == total.shape[1]:
            total = total + other[:, :shared]
        else:
            total = torch.cat([total[:, :shared] + other, total[:, shared:]], 1)
    return total


def _max_pool(layer: MaxPool) -> Callable[[Tensor], Tensor]:
    before = layer.pad // 2
    if layer.pad % 2 == 0 and 2 * before <= layer.size:
        return lambda x: functional.max_pool2d(x, layer.size, layer.step, before)
    sides = (before, layer.pad - before) * 2
    return lambda x: functional.max_pool2d(functional.pad(x, sides, value=-math.inf), layer.size, layer.step)


def _prior_biases(network: Network) -> None:
    """Let objectness and classes start at how rare they are (the values of YOLOv5 and YOLOR)."""
    for layer in network.plan.heads:
        conv = network.layers[layer.inputs[0]]
        source = network.plan.layers[layer.inputs[0]]
        while isinstance(source, Joined):
            conv, source = network.layers[source.inputs[0]], network.plan.layers[source.inputs[0]]
        if not isinstance(conv, _ConvBlock) or conv.conv.bias is None:
            continue
        with torch.no_grad():
            rows = conv.conv.bias.view(len(layer.anchors), -1)
            rows[:, 4] += math.log(_EXPECTED_OBJECTS / (640 / layer.stride) ** 2)
            rows[:, 5:] += math.log(0.6 / (layer.classes - 0.99))
