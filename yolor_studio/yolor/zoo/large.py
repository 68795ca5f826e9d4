"""Networks of up to five levels: YOLOR's P6 and W6, Scaled-YOLOv4's P5, P6 and P7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.anchors import Anchors
from yolor_studio.yolor.zoo.blocks import (
    COCO_CLASSES,
    NEW_COORDS,
    YOLOR,
    bottom_up,
    csp_spp,
    heads,
    implicit_heads,
    level_mask,
    numbers,
    residual,
    stage,
    top_down,
)

_BLOCKS = 3
"""Pairs of convolutions in each of the neck's blocks."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the network is."""

    stem: int
    widths: tuple[int, ...]
    """Channels of the stages."""
    repeats: tuple[int, ...]
    """Residuals in each stage."""
    anchors: Anchors
    size: int
    """Input size in pixels."""

    @property
    def levels(self) -> int:
        """How many maps give boxes."""
        return len(self.widths) - 2


P5 = Scale(32, (64, 128, 256, 512, 1024), (1, 3, 15, 15, 7), anchors.SCALED_P5, 896)
P6 = Scale(32, (64, 128, 256, 512, 1024, 1024), (1, 3, 15, 15, 7, 7), anchors.SCALED_P6, 1280)
P7 = Scale(40, (80, 160, 320, 640, 1280, 1280, 1280), (1, 3, 15, 15, 7, 7, 7), anchors.SCALED_P7, 1536)


def yolor(widths: Sequence[int], head_widths: Sequence[int]) -> Description:
    """YOLOR-P6 and W6: the picture rearranged first, branches fused first."""
    w = Writer("silu")
    w.add("reorg")
    w.conv(64, 3)
    stages = [stage(w, c, n, transition=False) for c, n in zip(widths, (3, 7, 7, 3, 3), strict=True)]
    implicit_heads(w, _neck(w, stages[1:], [c // 2 for c in widths[1:]]), head_widths, anchors.YOLOR_P6)
    return w.description(1280)


def baseline(scale: Scale) -> Description:
    """Scaled-YOLOv4 as YOLOR's main line has it."""
    w = Writer("mish")
    heads(w, _scaled(w, scale), scale.widths[2:], scale.anchors, YOLOR)
    return w.description(scale.size)


def darknet(scale: Scale) -> Description:
    """Scaled-YOLOv4 as Darknet has it."""
    w = Writer("mish")
    heads(w, _scaled(w, scale), scale.widths[2:], scale.anchors, NEW_COORDS)
    return w.description(scale.size)


def darknet_attentive_p7() -> Description:
    """Darknet's P7: a plain first stage, a narrower finest level, and attention to cells before each head."""
    w = Writer("mish")
    first, *widths = P7.widths
    w.conv(80, 3)
    w.conv(first, 3, 2)
    residual(w, first // 2, first)
    stages = [stage(w, c, n, transition=True) for c, n in zip(widths, P7.repeats[1:], strict=True)]
    maps = _neck(w, stages[1:], [128, 320, 640, 640, 640])
    for level, (source, width) in enumerate(zip(maps, widths[1:], strict=True)):
        mask = level_mask(level, P7.anchors, P7.levels)
        w.route(source)
        w.conv(width, 1)
        w.conv(width, 1, activation="logistic")
        w.add("sam", from_=-2)
        w.conv(width, 1)
        w.plain_conv(numbers(mask))
        w.yolo(mask, P7.anchors, classes=COCO_CLASSES, scale_x_y=1.05, new_coords=1)
    return w.description(P7.size)


def _scaled(w: Writer, scale: Scale) -> list[int]:
    w.conv(scale.stem, 3)
    stages = [stage(w, c, n, transition=True) for c, n in zip(scale.widths, scale.repeats, strict=True)]
    return _neck(w, stages[2:], [c // 2 for c in scale.widths[2:]])


def _neck(w: Writer, laterals: Sequence[int], widths: Sequence[int]) -> list[int]:
    """Pyramid of pools, down to the finest map and up again; all lists go from fine to coarse."""
    joined = [csp_spp(w, widths[-1])]
    for c, lateral in zip(widths[-2::-1], laterals[-2::-1], strict=True):
        joined.append(top_down(w, c, lateral, _BLOCKS))
    finished = [joined.pop()]
    for c, lateral in zip(widths[1:], reversed(joined), strict=True):
        finished.append(bottom_up(w, c, lateral, _BLOCKS))
    return finished
