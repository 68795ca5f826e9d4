"""Checkpoints whose network was pickled whole: YOLOR's paper line and YOLOv5.

The network is built again from the yaml that the file holds; what the file's own layers say of themselves (steps,
groups, activations) must agree with it, so that a network that was changed after it was built is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.checkpoints.names import Thing
from yolor_studio.yolor.checkpoints.recognised import PAPER_BN_EPS, Recognised
from yolor_studio.yolor.checkpoints.tensors import Tensor
from yolor_studio.yolor.checkpoints.tree import class_name, parts, plain, tensors
from yolor_studio.yolor.checkpoints.wavelets import check_filters, is_filter
from yolor_studio.yolor.layers import Activation, Conv, Norm
from yolor_studio.yolor.modules import Translated, translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.resolve import MAX_CLASSES

_MAX_NAME = 500
_NO_DETECTOR = {
    "ClassificationModel": "it names what is on a picture and gives no boxes",
    "SegmentationModel": "it outlines objects, and segmentation is not supported here",
    "Ensemble": "it holds several networks that vote; bring one of them",
}
_UNUSED = ("num_batches_tracked", "anchors", "anchor_grid", "total_ops", "total_params")
"""Arrays that are no weights; the last two are left by a tool that counts operations."""
_ACTIVATIONS = {
    "SiLU": ("silu", "nn.SiLU()"),
    "Swish": ("silu", "nn.SiLU()"),
    "MemoryEfficientSwish": ("silu", "nn.SiLU()"),
    "Mish": ("mish", "nn.Mish()"),
    "MishCuda": ("mish", "nn.Mish()"),
    "MemoryEfficientMish": ("mish", "nn.Mish()"),
    "ReLU": ("relu", "nn.ReLU()"),
    "LeakyReLU": ("leaky", "nn.LeakyReLU(0.1)"),
    "Sigmoid": ("logistic", "nn.Sigmoid()"),
    "Identity": ("linear", "nn.Identity()"),
}


def recognise(network: Thing) -> Recognised:
    """The network in a pickled module; ModelError, worded to follow the file's name, says why it cannot be used."""
    network = _unwrapped(network)
    why = _NO_DETECTOR.get(class_name(network))
    if why is not None:
        raise ModelError(f"it is a {class_name(network)}: {why}.")
    yaml = plain(network.attributes.get("yaml"))
    if not isinstance(yaml, dict) or "backbone" not in yaml:
        raise ModelError(
            f"it holds a pickled {network.name[:80]} without the yaml that it was built from, so it cannot be built."
        )
    found = parts(network)
    arrays = tensors(found)
    check_filters(arrays)
    names = _names(network.attributes.get("names"))
    translated = translate(_completed(yaml, found))
    _check_layers(translated, found)
    eps = _epsilon(found)
    keys, given = _with_fused(translated, arrays, eps)
    unknown = sorted(set(arrays) - set(keys.values()))
    unknown = [key for key in unknown if key.rsplit(".", 1)[-1] not in _UNUSED and not is_filter(key)]
    if unknown:
        raise ModelError(f"it holds {unknown[0][:80]}, which the network in its yaml does not have.")
    line = "YOLOR's paper line" if any(class_name(part) == "IDetect" for part in found.values()) else "YOLOv5's form"
    recognised = Recognised(
        title=f"{line}, {translated.modules} modules",
        description=translated.description,
        tensors={name: arrays[key] for name, key in keys.items() if key in arrays},
        keys=keys,
        bn_eps=eps,
        names=names,
        given=given,
    )
    recognised.check_shapes()
    return recognised


def _unwrapped(network: Thing) -> Thing:
    if class_name(network) in ("DataParallel", "DistributedDataParallel"):
        inner = network.attributes.get("_modules")
        inner = inner.get("module") if isinstance(inner, dict) else None
        if isinstance(inner, Thing):
            return inner
    return network


def _names(found: Any) -> tuple[str, ...] | None:
    """A list, or in newer files a dict by number."""
    if isinstance(found, dict) and len(found) <= MAX_CLASSES:
        found = [found.get(number) for number in range(len(found))]
    if not isinstance(found, list | tuple) or not found:
        return None
    if len(found) > MAX_CLASSES or not all(isinstance(name, str) and len(name) <= _MAX_NAME for name in found):
        raise ModelError("it is damaged: its class names are not texts by number.")
    return tuple(name.strip() or f"class {number}" for number, name in enumerate(found))


def _completed(yaml: dict[str, Any], found: Mapping[str, Thing]) -> dict[str, Any]:
    """The yaml with what the network itself knows better: its anchors (they may have been adapted to the data) and
    the activation of most of its layers."""
    counts = Counter(
        _activation(part)[1] for key, part in found.items() if key.endswith(".act") and class_name(part) != "Identity"
    )
    common = {"activation": counts.most_common(1)[0][0]} if counts else {}
    return yaml | {"anchors": _anchors(found)} | common


def _anchors(found: Mapping[str, Thing]) -> list[list[float]]:
    """Per level width and height in input pixels; the file holds them divided by the level's stride."""
    heads = [part for part in found.values() if class_name(part) in ("Detect", "IDetect")]
    if len(heads) != 1:
        kinds = sorted({class_name(part) for part in found.values() if "Detect" in class_name(part)} | {"none"})
        raise ModelError(
            f"it has no head that is known here (found {', '.join(kinds)[:80]}); known are Detect, IDetect."
        )
    buffers = heads[0].attributes.get("_buffers")
    anchors = buffers.get("anchors") if isinstance(buffers, dict) else None
    stride = heads[0].attributes.get("stride")
    if not isinstance(anchors, Tensor) or not isinstance(stride, Tensor) or len(anchors.shape) != 3:
        raise ModelError("it is damaged: its head has no anchors.")
    if anchors.count > 1000 or stride.shape != anchors.shape[:1] or anchors.shape[2] != 2:
        raise ModelError("it is damaged: its head's anchors make no sense.")
    pixels = anchors.array().astype(np.float64) * stride.array().astype(np.float64).reshape(-1, 1, 1)
    return pixels.reshape(len(pixels), -1).tolist()


def _activation(part: Thing) -> tuple[str, str]:
    """(the cfg's word, the yaml's word) for a layer's activation."""
    name = class_name(part)
    slope = part.attributes.get("negative_slope", 0.1)
    if name not in _ACTIVATIONS or (name == "LeakyReLU" and slope != 0.1):
        raise ModelError(f"its activation {name[:40]} is not supported; supported are {', '.join(_ACTIVATIONS)}.")
    return _ACTIVATIONS[name]


def _check_layers(translated: Translated, found: Mapping[str, Thing]) -> None:
    for layer in build_plan(translated.description).layers:
        if isinstance(layer, Conv):
            key = translated.keys[f"layers.{layer.index}.conv.weight"].removesuffix(".weight")
            _check_convolution(layer, key, found)
            if key.endswith(".conv"):
                _check_activation(layer.activation, key.removesuffix("conv") + "act", found)
        elif isinstance(layer, Norm):
            key = translated.keys[f"layers.{layer.index}.bn.weight"].removesuffix("bn.weight") + "act"
            _check_activation(layer.activation, key, found)


def _check_convolution(layer: Conv, key: str, found: Mapping[str, Thing]) -> None:
    part = found.get(key)
    if part is None:
        raise ModelError(f"it lacks {key}, which its network needs.")
    wanted = {
        "stride": (layer.step, layer.step),
        "padding": (layer.pad, layer.pad),
        "dilation": (1, 1),
        "groups": layer.groups,
    }
    for name, value in wanted.items():
        if part.attributes.get(name, value) != value:
            raise ModelError(f"{key} does not have the {name} {value} that the network in its yaml has.")


def _check_activation(wanted: Activation, key: str, found: Mapping[str, Thing]) -> None:
    if key in found and _activation(found[key])[0] != wanted:
        raise ModelError(f"{key} is {class_name(found[key])}, but the network in its yaml has {wanted} there.")


def _epsilon(found: Mapping[str, Thing]) -> float:
    values = [part.attributes.get("eps") for part in found.values() if class_name(part) == "BatchNorm2d"]
    if not values:
        return PAPER_BN_EPS
    if not isinstance(values[0], float) or any(value != values[0] for value in values) or not 0 < values[0] < 1:
        raise ModelError("its batch norms add different numbers to the variance, which is not supported.")
    return values[0]


def _with_fused(
    translated: Translated, arrays: Mapping[str, Tensor], eps: float
) -> tuple[dict[str, str], dict[str, NDArray[np.float32]]]:
    """The keys and, where a batch norm was folded into its convolution's weight and bias, one without effect.

    Its mean is 0 and its variance with `eps` is 1, so that the convolution's bias takes the place of its own.
    """
    keys = dict(translated.keys)
    given: dict[str, NDArray[np.float32]] = {}
    for name, key in translated.keys.items():
        stem = name.removesuffix("conv.weight")
        bias = key.removesuffix("weight") + "bias"
        normed = stem != name and f"{stem}bn.bias" in translated.keys
        if not normed or translated.keys[f"{stem}bn.bias"] in arrays or bias not in arrays:
            continue
        keys[f"{stem}bn.bias"] = bias
        channels = arrays[key].shape[0] if key in arrays and arrays[key].shape else 0
        given[f"{stem}bn.weight"] = np.ones(channels, np.float32)
        given[f"{stem}bn.running_mean"] = np.zeros(channels, np.float32)
        given[f"{stem}bn.running_var"] = np.full(channels, 1 - eps, np.float32)
    return keys, given
