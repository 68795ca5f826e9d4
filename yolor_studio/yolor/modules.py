"""Networks written as rows of modules (yaml: YOLOR's paper line, YOLOv5 releases 6 and 7) -> sections of a description.

A row is [from, number, module, arguments]. Beside the description comes the name that each of our arrays has in a
checkpoint of that network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.module_rows import Network, Row, read_network
from yolor_studio.yolor.module_writer import Map, ModuleWriter
from yolor_studio.yolor.plan import build_plan

_LARGE = 4
"""From this many levels on a network is meant for pictures of 1280 pixels, otherwise of 640."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A network of modules as a description of ours."""

    description: Description
    keys: Mapping[str, str]
    """Our array's name ("layers.7.conv.weight") -> its key in the checkpoint ("model.3.cv1.conv.weight")."""
    modules: int
    """The number of rows."""


def translate(network: Mapping[str, Any], *, size: int | None = None) -> Translated:
    """The description of a network given as its yaml's content; ModelError names the row that is not understood.

    Known keys: nc, depth_multiple, width_multiple, activation, anchors, backbone, head. `size` is the input size in
    pixels to name in the description, by default 640, or 1280 from four levels on.
    """
    read = read_network(network)
    writer = ModuleWriter(read.activation)
    outputs: list[Map] = []
    for row in read.rows:
        _write(writer, row, [_source(row, outputs, wanted) for wanted in row.sources], outputs, read)
    description = writer.description(size or (1280 if len(read.anchors) >= _LARGE else 640))
    try:
        build_plan(description)
    except ModelError as error:
        raise ModelError(f"The network's modules do not fit together; written as a cfg: {error}") from None
    return Translated(description, writer.keys, len(read.rows))


def _source(row: Row, outputs: Sequence[Map], wanted: int) -> Map:
    index = len(outputs) + wanted if wanted < 0 else wanted
    if index == -1:
        return ModuleWriter.IMAGE
    if not 0 <= index < len(outputs):
        row.fail(f"it reads module {wanted}, but {len(outputs)} modules (from 0) stand before it.")
    return outputs[index]


def _write(writer: ModuleWriter, row: Row, inputs: list[Map], outputs: list[Map], read: Network) -> None:
    """Write one row's sections and add what it gives to the outputs; a head gives boxes, so nothing follows it."""
    writer.row = row
    key = f"model.{row.number}"
    if row.number != len(outputs):
        row.fail("it stands behind the head, which must be the last module.")
    if row.module in _HEADS:
        _HEADS[row.module](writer, row, inputs, read)
        return
    if row.module == "Concat":
        if row.argument(0, 1) != 1:
            row.fail("it joins maps in another dimension than their channels, which is not supported.")
        outputs.append(writer.join(*inputs))
        return
    make = _MODULES.get(row.module)
    if make is None:
        known = ", ".join(sorted([*_MODULES, "Concat", *_HEADS]))
        row.fail(f"this kind of module is not supported. Supported are: {known}.")
    if len(inputs) != 1:
        row.fail(f"it reads {len(inputs)} modules, but takes one.")
    x = inputs[0]
    if row.module in _REPEATING or row.repeats == 1:
        outputs.append(make(writer, row, x, key))
        return
    for index in range(row.repeats):
        x = make(writer, row, x, f"{key}.{index}")
    outputs.append(x)


def _conv(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    return w.conv(
        key,
        x,
        row.width(0),
        row.integer(1, 1, low=1),
        row.integer(2, 1, low=1),
        pad=row.optional(3),
        groups=row.integer(4, 1, low=1),
        activation=row.activation(5),
    )


def _depth_wise(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    filters = row.width(0)
    groups = math.gcd(x.channels, filters)
    size, step = row.integer(1, 1, low=1), row.integer(2, 1, low=1)
    return w.conv(key, x, filters, size, step, groups=groups, activation=row.activation(3))


def _focus(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    return _conv(w, row, w.reorg(x), f"{key}.conv")


def _reorg(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    return w.reorg(x)


def _wavelet(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    return w.wavelet(x)


def _upsample(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    if row.argument(2, "nearest") != "nearest":
        row.fail(f"it enlarges by '{row.argument(2, '')}', but only 'nearest' is supported.")
    if row.argument(0, None) is not None:
        row.fail("it enlarges to a fixed size; only a factor is supported.")
    return w.upsample(x, row.integer(1, 2, low=1))


def _bottleneck(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    filters = row.width(0)
    hidden = int(filters * row.number_at(3, 0.5))
    return w.bottleneck(key, x, hidden, filters, add=row.flag(1, True), groups=row.integer(2, 1, low=1))


def _inner(w: ModuleWriter, row: Row, x: Map, key: str, *, add: bool) -> Map:
    """The row's bottlenecks, which keep the width of what they read."""
    for index in range(row.repeats):
        x = w.bottleneck(f"{key}.m.{index}", x, x.channels, x.channels, add=add, groups=row.integer(2, 1, low=1))
    return x


def _c3(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    filters = row.width(0)
    hidden = int(filters * row.number_at(3, 0.5))
    other = w.conv(f"{key}.cv2", x, hidden)
    inner = _inner(w, row, w.conv(f"{key}.cv1", x, hidden), key, add=row.flag(1, True))
    return w.conv(f"{key}.cv3", w.join(inner, other), filters)


def _bottleneck_csp(w: ModuleWriter, row: Row, x: Map, key: str, *, transition: bool = True) -> Map:
    filters = row.width(0)
    hidden = int(filters * row.number_at(3, 0.5))
    other = w.bare(f"{key}.cv2", x, hidden)
    inner = _inner(w, row, w.conv(f"{key}.cv1", x, hidden), key, add=row.flag(1, True))
    if transition:
        inner = w.bare(f"{key}.cv3", inner, hidden)
    return w.conv(f"{key}.cv4", w.normed(f"{key}.bn", inner, other), filters)


def _bottleneck_csp_f(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    return _bottleneck_csp(w, row, x, key, transition=False)


def _bottleneck_csp2(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    filters = row.width(0)
    shared = w.conv(f"{key}.cv1", x, filters)
    other = w.bare(f"{key}.cv2", shared, filters)
    inner = _inner(w, row, shared, key, add=row.flag(1, False))
    return w.conv(f"{key}.cv3", w.normed(f"{key}.bn", inner, other), filters)


def _spp_csp(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    filters = row.width(0)
    hidden = int(2 * filters * row.number_at(3, 0.5))
    other = w.bare(f"{key}.cv2", x, hidden)
    inner = w.conv(f"{key}.cv1", x, hidden)
    inner = w.conv(f"{key}.cv4", w.conv(f"{key}.cv3", inner, hidden, 3), hidden)
    inner = w.conv(f"{key}.cv5", w.pyramid(inner, row.sizes(4)), hidden)
    inner = w.conv(f"{key}.cv6", inner, hidden, 3)
    return w.conv(f"{key}.cv7", w.normed(f"{key}.bn", inner, other), filters)


def _spp(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    hidden = w.conv(f"{key}.cv1", x, x.channels // 2)
    return w.conv(f"{key}.cv2", w.pyramid(hidden, row.sizes(1)), row.width(0))


def _sppf(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    """Pools in a row, each over the one before."""
    maps = [w.conv(f"{key}.cv1", x, x.channels // 2)]
    size = row.integer(1, 5, low=1)
    if size % 2 == 0:
        row.fail(f"its window of {size} cells has no middle.")
    for _ in range(3):
        maps.append(w.pool(maps[-1], size))
    return w.conv(f"{key}.cv2", w.join(*maps), row.width(0))


def _down_c(w: ModuleWriter, row: Row, x: Map, key: str) -> Map:
    step = row.integer(2, 2, low=1)
    half = row.width(0) // 2
    convolved = w.conv(f"{key}.cv2", w.conv(f"{key}.cv1", x, x.channels), half, 3, step)
    pooled = w.conv(f"{key}.cv3", w.pool(x, step, step), half)
    return w.join(convolved, pooled)


def _detect(w: ModuleWriter, row: Row, inputs: list[Map], read: Network, *, implicit: bool = False) -> None:
    if len(inputs) != len(read.anchors):
        row.fail(f"it reads {len(inputs)} maps, but the anchors are for {len(read.anchors)}.")
    w.heads(f"model.{row.number}", inputs, read.anchors, classes=read.classes, implicit=implicit)


def _implicit_detect(w: ModuleWriter, row: Row, inputs: list[Map], read: Network) -> None:
    _detect(w, row, inputs, read, implicit=True)


_HEADS: Mapping[str, Callable[[ModuleWriter, Row, list[Map], Network], None]] = {
    "Detect": _detect,
    "IDetect": _implicit_detect,
}
_MODULES: Mapping[str, Callable[[ModuleWriter, Row, Map, str], Map]] = {
    "Bottleneck": _bottleneck,
    "BottleneckCSP": _bottleneck_csp,
    "BottleneckCSP2": _bottleneck_csp2,
    "BottleneckCSPF": _bottleneck_csp_f,
    "C3": _c3,
    "Conv": _conv,
    "DWConv": _depth_wise,
    "DWT": _wavelet,
    "DownC": _down_c,
    "Focus": _focus,
    "ReOrg": _reorg,
    "SPP": _spp,
    "SPPCSP": _spp_csp,
    "SPPF": _sppf,
    "Upsample": _upsample,
}
_REPEATING = frozenset({"BottleneckCSP", "BottleneckCSP2", "BottleneckCSPF", "C3", "SPPCSP"})
"""Modules that do something with their number themselves; others stand in a row that many times."""
