"""A plain numpy forward pass of a plan: slow and easy to check by eye. It is the truth that other builders are held
against, and works out the constants that the ONNX builder folds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import (
    IMAGE,
    Activation,
    AvgPool,
    Conv,
    Decode,
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
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.weights import Weights

Map = NDArray[np.float64]
"""[N, C, H, W]"""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Everything that a pass gives, raw: no sigmoid is taken and nothing is normalised."""

    heads: list[Map]
    """Per head [N, anchors x (5 + classes), H / stride, W / stride]."""
    tags: list[NDArray[np.float64]]
    """[N, classes], or nothing where the network has none."""
    embeddings: list[Map]
    """Per head, in the same order, [N, length, H / stride, W / stride]; or nothing."""


def forward(plan: Plan, weights: Weights, images: Map) -> list[Map]:
    """The raw maps of every head, [N, anchors x (5 + classes), H / stride, W / stride], for RGB pictures 0..1
    [N, 3, H, W]."""
    return outputs(plan, weights, images).heads


def outputs(plan: Plan, weights: Weights, images: Map) -> Outputs:
    """The same for all tasks."""
    maps: dict[int, Map] = {IMAGE: np.asarray(images, np.float64)}
    for layer in plan.layers:
        maps[layer.index] = run_layer(layer, [maps[source] for source in layer.inputs], weights.arrays, weights.bn_eps)
    return Outputs(
        [maps[head.index] for head in plan.heads],
        [maps[tags.index][:, :, 0, 0] for tags in plan.tags],
        [maps[embedding.index] for embedding in plan.embeddings],
    )


def run_layer(layer: Layer, inputs: list[Map], arrays: Mapping[str, NDArray[np.floating]], bn_eps: float) -> Map:
    """One layer's output in float64."""
    match layer:
        case Conv():
            return _convolve(layer, inputs[0], arrays, bn_eps)
        case Norm():
            return activate(_normalise(layer, inputs[0], arrays, bn_eps), layer.activation)
        case Route():
            width = [x.shape[1] // layer.groups for x in inputs]
            parts = [x[:, layer.group * w : (layer.group + 1) * w] for x, w in zip(inputs, width, strict=True)]
            return np.concatenate(parts, axis=1)
        case Shortcut():
            total = inputs[0].copy()
            for other in inputs[1:]:
                shared = min(total.shape[1], other.shape[1])
                total[:, :shared] += other[:, :shared]
            return activate(total, layer.activation)
        case MaxPool():
            return _max_pool(layer, inputs[0])
        case AvgPool():
            return inputs[0].mean(axis=(2, 3), keepdims=True)
        case Upsample():
            return inputs[0].repeat(layer.factor, axis=2).repeat(layer.factor, axis=3)
        case ReOrg():
            x = inputs[0]
            return np.concatenate([x[:, :, i::2, j::2] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))], axis=1)
        case Dwt():
            return _wavelets(inputs[0])
        case Identity() | Head() | Tags() | Embedding():
            return inputs[0]
        case Implicit():
            return np.asarray(arrays[f"layers.{layer.index}.implicit"], np.float64)
        case Joined():
            return _join(layer.join, inputs[0], inputs[1].reshape(1, -1, 1, 1) if layer.turned else inputs[1])
        case Scale():
            return activate(inputs[0] * inputs[1], layer.activation)
        case _:
            raise AssertionError(f"{type(layer).__name__} has no reference")


def sigmoid(x: Map) -> Map:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def activate(x: Map, activation: Activation) -> Map:
    """The activation of every value."""
    match activation:
        case Activation.LEAKY:
            return np.where(x > 0, x, 0.1 * x)
        case Activation.LINEAR:
            return x
        case Activation.LOGISTIC:
            return sigmoid(x)
        case Activation.MISH:
            return x * np.tanh(np.logaddexp(0, x))
        case Activation.RELU:
            return np.maximum(x, 0)
        case Activation.SILU:
            return x * sigmoid(x)


def decode(plan: Plan, heads: list[Map]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All candidates of the heads' raw maps: boxes [N, A, 4] as x1, y1, x2, y2 in input pixels and scores
    [N, A, classes], ordered by head, anchor, row, column."""
    boxes, scores = zip(*(_decode_head(h, raw) for h, raw in zip(plan.heads, heads, strict=True)), strict=True)
    return np.concatenate(boxes, axis=1), np.concatenate(scores, axis=1)


def embed(plan: Plan, embeddings: list[Map]) -> NDArray[np.float64]:
    """The vector of every candidate, [N, A, length], brought to length 1, in the order of `decode`."""
    rows: list[NDArray[np.float64]] = []
    for head, raw in zip(plan.heads, embeddings, strict=True):
        vectors = raw.reshape(*raw.shape[:2], -1).transpose(0, 2, 1)
        lengths = np.sqrt((vectors**2).sum(axis=2, keepdims=True))
        rows.append(np.tile(vectors / np.maximum(lengths, 1e-12), (1, len(head.anchors), 1)))
    return np.concatenate(rows, axis=1)


def _convolve(layer: Conv, x: Map, arrays: Mapping[str, NDArray[np.floating]], bn_eps: float) -> Map:
    name = f"layers.{layer.index}"
    weight = np.asarray(arrays[f"{name}.conv.weight"], np.float64)
    out = correlate(x, weight, step=layer.step, pad=layer.pad, groups=layer.groups)
    if layer.batch_norm:
        out = _normalise(layer, out, arrays, bn_eps)
    elif layer.bias:
        out = out + np.asarray(arrays[f"{name}.conv.bias"], np.float64)[:, None, None]
    return activate(out, layer.activation)


def _normalise(layer: Layer, x: Map, arrays: Mapping[str, NDArray[np.floating]], bn_eps: float) -> Map:
    gamma, beta, mean, variance = (
        np.asarray(arrays[f"layers.{layer.index}.bn.{part}"], np.float64)[:, None, None]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / np.sqrt(variance + bn_eps) * gamma + beta


def correlate(x: Map, weight: Map, *, step: int, pad: int, groups: int) -> Map:
    """What networks call convolution, with `pad` zeros on each side, tap by tap."""
    n, channels, height, width = x.shape
    filters, _, size, _ = weight.shape
    rows, columns = (height + 2 * pad - size) // step + 1, (width + 2 * pad - size) // step + 1
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    taps = weight.reshape(groups, filters // groups, channels // groups, size, size)
    out = np.zeros((n, groups, filters // groups, rows * columns))
    for i in range(size):
        for j in range(size):
            seen = padded[:, :, i : i + step * (rows - 1) + 1 : step, j : j + step * (columns - 1) + 1 : step]
            out += taps[..., i, j] @ seen.reshape(n, groups, channels // groups, rows * columns)
    return out.reshape(n, filters, rows, columns)


def _wavelets(x: Map) -> Map:
    a, b, c, d = (x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1))
    details = np.stack([a + b - c - d, a - b + c - d, a - b - c + d], axis=2) / 4 + 0.5
    n, channels, _, rows, columns = details.shape
    return np.concatenate([(a + b + c + d) / 4, details.reshape(n, 3 * channels, rows, columns)], axis=1)


def _max_pool(layer: MaxPool, x: Map) -> Map:
    before = layer.pad // 2
    sides = (before, layer.pad - before)
    padded = np.pad(x, ((0, 0), (0, 0), sides, sides), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (layer.size, layer.size), axis=(2, 3))  # pyright: ignore[reportCallIssue, reportArgumentType]
    return windows[:, :, :: layer.step, :: layer.step].max(axis=(4, 5))


def _join(join: Join, x: Map, vector: Map) -> Map:
    match join:
        case Join.SHIFT:
            return x + vector
        case Join.CONTROL:
            return x * vector
        case Join.SELECT:
            return x * sigmoid(vector)
        case Join.ALTERNATE:
            spread = np.broadcast_to(vector, (x.shape[0], vector.shape[1], *x.shape[2:]))
            return np.concatenate([spread, x], axis=1)


def _decode_head(head: Head, raw: Map) -> tuple[Map, Map]:
    n, _, rows, columns = raw.shape
    values = raw.reshape(n, len(head.anchors), 5 + head.classes, rows, columns).transpose(0, 1, 3, 4, 2)
    shares = values if head.decode is Decode.NEW_COORDS else sigmoid(values)
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
    k = 2.0 if head.decode is Decode.YOLOR else head.scale_xy
    centre = (k * shares[..., :2] - (k - 1) / 2 + cells) * head.stride
    factor = np.exp(values[..., 2:4]) if head.decode is Decode.EXPONENTIAL else (2 * shares[..., 2:4]) ** 2
    size = factor * np.asarray(head.anchors)[:, None, None, :]
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=-1)
    scores = shares[..., 4:5] * shares[..., 5:]
    return boxes.reshape(n, -1, 4), scores.reshape(n, -1, head.classes)


def random_weights(plan: Plan, *, seed: int, bn_eps: float) -> Weights:
    """Weights drawn at random that keep values in range through many layers, for tests and benchmarks."""
    generator = np.random.default_rng(seed)
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, shape in plan.shapes().items():
        values = generator.standard_normal(shape)
        if name.endswith("conv.weight"):
            values *= math.sqrt(2 / math.prod(shape[1:]))
        elif name.endswith(("running_var", "bn.weight")):
            values = 1 + 0.3 * np.tanh(values)
        else:
            layer = plan.layers[int(name.split(".")[1])]
            values = 0.3 * values + (layer.mean if isinstance(layer, Implicit) else 0.0)
        arrays[name] = values.astype(np.float32)
    return Weights(arrays, bn_eps)
