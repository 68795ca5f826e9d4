"""Writes modules as sections, and notes under which key a checkpoint holds each of their arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, NoReturn

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.layers import IMAGE
from yolor_studio.yolor.module_rows import MAX_WIDTH, Anchors, Row
from yolor_studio.yolor.resolve import MAX_LAYERS
from yolor_studio.yolor.writer import Writer

_NORM = ("weight", "bias", "running_mean", "running_var")


class Map(NamedTuple):
    """What a layer gives: the layer's index and its channels."""

    layer: int
    channels: int


class ModuleWriter:
    """Every method reads maps, writes sections and returns the map that comes out of them."""

    IMAGE: ClassVar[Map] = Map(IMAGE, 3)

    def __init__(self, activation: str) -> None:
        self.keys: dict[str, str] = {}
        self.row: Row | None = None
        """The row being written, which errors name."""
        self._writer = Writer(activation)

    def description(self, size: int) -> Description:
        """What was written, for square pictures of this size in pixels."""
        return self._writer.description(size)

    def conv(
        self,
        key: str,
        x: Map,
        filters: int,
        size: int = 1,
        step: int = 1,
        *,
        pad: int | None = None,
        groups: int = 1,
        activation: str | None = None,
    ) -> Map:
        """Convolution, batch norm, activation."""
        self._read(x)
        if pad is None or pad == size // 2:
            index = self._writer.conv(filters, size, step, groups=groups, activation=activation)
        else:
            index = self._writer.add(
                "convolutional",
                batch_normalize=1,
                filters=filters,
                size=size,
                stride=step,
                padding=pad,
                groups=groups,
                activation=activation or self._writer.activation,
            )
        self.keys[f"layers.{index}.conv.weight"] = f"{key}.conv.weight"
        self._note_norm(index, f"{key}.bn")
        return Map(index, filters)

    def bare(self, key: str, x: Map, filters: int) -> Map:
        """A 1x1 convolution and nothing else."""
        self._read(x)
        index = self._writer.add(
            "convolutional", batch_normalize=0, bias=0, filters=filters, size=1, stride=1, pad=1, activation="linear"
        )
        self.keys[f"layers.{index}.conv.weight"] = f"{key}.weight"
        return Map(index, filters)

    def normed(self, key: str, *maps: Map) -> Map:
        """The maps side by side, batch norm and activation over them."""
        joined = self.join(*maps)
        index = self._writer.add("batchnorm", activation=self._writer.activation)
        self._note_norm(index, key)
        return Map(index, joined.channels)

    def bottleneck(self, key: str, x: Map, hidden: int, filters: int, *, add: bool, groups: int = 1) -> Map:
        """1x1 to `hidden`, 3x3 to `filters`; added to what came in where it has as many channels."""
        y = self.conv(f"{key}.cv1", x, hidden)
        y = self.conv(f"{key}.cv2", y, filters, 3, groups=groups)
        if not add or x.channels != filters:
            return y
        if x.layer == IMAGE:
            self._fail("it reads the picture a second time, which is not supported.")
        return Map(self._writer.shortcut(x.layer), filters)

    def join(self, *maps: Map) -> Map:
        """The maps side by side."""
        channels = sum(x.channels for x in maps)
        if channels > MAX_WIDTH:
            self._fail(f"{channels} channels come together; at most {MAX_WIDTH} are supported.")
        if any(x.layer == IMAGE for x in maps):
            self._fail("it puts the picture beside maps, which is not supported.")
        return Map(self._writer.route(*(x.layer for x in maps)), channels)

    def reorg(self, x: Map) -> Map:
        """Every 2x2 cells as four times the channels."""
        return self._four_times("reorg", x)

    def wavelet(self, x: Map) -> Map:
        """Haar's wavelet: four times the channels at half the size."""
        return self._four_times("dwt", x)

    def upsample(self, x: Map, factor: int) -> Map:
        """Every cell `factor` times in both directions."""
        self._read(x)
        return Map(self._writer.add("upsample", stride=factor), x.channels)

    def pool(self, x: Map, size: int, step: int = 1) -> Map:
        """The maximum over size x size cells: around each at step 1, otherwise side by side."""
        self._read(x)
        padding = {} if step == 1 else {"padding": 0}
        return Map(self._writer.add("maxpool", size=size, stride=step, **padding), x.channels)

    def pyramid(self, x: Map, sizes: Sequence[int]) -> Map:
        """The map and its maxima over each of the sizes, side by side."""
        return self.join(x, *(self.pool(x, size) for size in sizes))

    def heads(self, key: str, maps: Sequence[Map], anchors: Sequence[Anchors], *, classes: int, implicit: bool) -> None:
        """One 1x1 convolution per map to the numbers of its boxes, in YOLOR's implicit knowledge if it has some."""
        w = self._writer
        filters = len(anchors[0]) * (5 + classes)
        adds = [w.add("implicit_add", filters=x.channels) for x in maps] if implicit else []
        muls = [w.add("implicit_mul", filters=filters) for _ in maps] if implicit else []
        self.keys.update({f"layers.{index}.implicit": f"{key}.ia.{level}.implicit" for level, index in enumerate(adds)})
        self.keys.update({f"layers.{index}.implicit": f"{key}.im.{level}.implicit" for level, index in enumerate(muls)})
        every = [pair for level in anchors for pair in level]
        first = 0
        for level, x in enumerate(maps):
            self._read(x)
            if implicit:
                w.add("shift_channels", from_=adds[level])
            index = w.plain_conv(filters)
            self.keys[f"layers.{index}.conv.weight"] = f"{key}.m.{level}.weight"
            self.keys[f"layers.{index}.conv.bias"] = f"{key}.m.{level}.bias"
            if implicit:
                w.add("control_channels", from_=muls[level])
            last = first + len(anchors[level])
            w.yolo(range(first, last), every, classes=classes, decode="yolor")
            first = last

    def _four_times(self, kind: str, x: Map) -> Map:
        self._read(x)
        if 4 * x.channels > MAX_WIDTH:
            self._fail(f"it gives {4 * x.channels} channels; at most {MAX_WIDTH} are supported.")
        return Map(self._writer.add(kind), 4 * x.channels)

    def _read(self, x: Map) -> None:
        """Let the next section read this map."""
        if self._writer.last >= MAX_LAYERS:
            self._fail(f"the network has more than {MAX_LAYERS} layers.")
        if x.layer == self._writer.last:
            return
        if x.layer == IMAGE:
            self._fail("it reads the picture a second time, which is not supported.")
        self._writer.route(x.layer)

    def _note_norm(self, index: int, key: str) -> None:
        self.keys.update({f"layers.{index}.bn.{part}": f"{key}.{part}" for part in _NORM})

    def _fail(self, what: str) -> NoReturn:
        if self.row is None:
            raise ModelError(f"The network's modules cannot be read: {what}")
        self.row.fail(what)
