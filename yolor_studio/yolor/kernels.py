"""The arithmetic of folding, in float64: a convolution as it is run, and what can be multiplied into it exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.layers import Conv, Dwt, Layer
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
    private: bool = True
    """Whether nothing else reads the layers that it took in before itself."""


def without_batch_norm(layer: Conv, weights: Weights) -> Kernel:
    """A convolution with its own batch norm taken in."""
    name = f"layers.{layer.index}.conv"
    weight, bias = weights[f"{name}.weight"].astype(np.float64), np.zeros(layer.channels)
    if layer.batch_norm:
        factor, bias = factor_and_offset(layer, weights)
        weight = weight * factor[:, None, None, None]
    elif layer.bias:
        bias = weights[f"{name}.bias"].astype(np.float64)
    return Kernel(layer.inputs[0], weight, bias, layer.step, layer.pad, layer.groups)


def factor_and_offset(layer: Layer, weights: Weights) -> tuple[Array, Array]:
    """Batch norm at work is x factor + offset, both [channels]."""
    gamma, beta, mean, variance = (
        weights[f"layers.{layer.index}.bn.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + weights.bn_eps)
    return factor, beta - mean * factor


def wavelets(layer: Dwt) -> Kernel:
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


def per_input(vector: Array, kernel: Kernel) -> Array:
    """A value per input channel, laid out like the weight: [out, in / groups, 1, 1]."""
    out = len(kernel.weight)
    return np.repeat(vector.reshape(kernel.groups, -1), out // kernel.groups, axis=0)[:, :, None, None]


def absorb_reorg(kernel: Kernel) -> bool:
    """Reorg and k x k with step s equal 2k x 2k with step 2s on the map before: its taps are interleaved."""
    if kernel.groups != 1:
        return False
    out, channels, size, _ = kernel.weight.shape
    taps = np.empty((out, channels // 4, 2 * size, 2 * size))
    for block, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        taps[:, :, i::2, j::2] = kernel.weight[:, block * (channels // 4) : (block + 1) * (channels // 4)]
    kernel.weight, kernel.step, kernel.pad = taps, 2 * kernel.step, 2 * kernel.pad
    return True


def absorb_kernel(kernel: Kernel, before: Kernel) -> bool:
    """Two convolutions in a row, neither padded, the first one's windows side by side, are one with larger windows."""
    if kernel.pad or kernel.groups != 1:
        return False
    out, _, size, _ = kernel.weight.shape
    taps = np.einsum("omuv,mcij->ocuivj", kernel.weight, before.weight, optimize=True)
    kernel.bias = kernel.bias + np.einsum("omuv,m->o", kernel.weight, before.bias)
    kernel.weight = taps.reshape(out, before.weight.shape[1], size * before.step, size * before.step)
    kernel.step *= before.step
    return True
