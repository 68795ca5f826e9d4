"""YOLOv4-CSP and CSP-X: the body that YOLOR's main line and Scaled-YOLOv4 share, and the networks built on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.blocks import (
    NEW_COORDS,
    YOLOR,
    bottom_up,
    box_head,
    csp_spp,
    heads,
    implicit_heads,
    level_mask,
    residual,
    stage,
    top_down,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the network is."""

    widths: tuple[int, ...]
    """Channels of the five stages; the first is a plain residual."""
    repeats: tuple[int, ...]
    """Residuals in the four others."""
    neck: int
    """Pairs of convolutions in each of the neck's blocks."""
    after_pools: int

    @property
    def heads(self) -> tuple[int, ...]:
        """Channels before each head, from fine to coarse."""
        return self.widths[2:]


CSP = Scale((64, 128, 256, 512, 1024), (2, 8, 8, 4), neck=2, after_pools=1)
CSP_X = Scale((80, 160, 320, 640, 1280), (3, 10, 10, 5), neck=3, after_pools=2)


class Levels(NamedTuple):
    """Maps by their stride: on the way down the neck 8 is finished, 16 and 32 wait to be joined on the way up."""

    s8: int
    s16: int
    s32: int


def yolor(scale: Scale) -> Description:
    """YOLOR-CSP and CSP-X."""
    w = Writer("silu")
    implicit_heads(w, _up(w, scale, _down(w, scale)), scale.heads, anchors.YOLOV4)
    return w.description(640)


def baseline(scale: Scale) -> Description:
    """The same without implicit knowledge, which YOLOR was compared with."""
    return _heads_last(scale, "silu", YOLOR)


def darknet_heads_last(scale: Scale, activation: str) -> Description:
    """Darknet's newer files: all heads behind the neck."""
    return _heads_last(scale, activation, NEW_COORDS)


def darknet(scale: Scale, size: int) -> Description:
    """Darknet's older files: each head as soon as its map is finished."""
    w = Writer("mish")
    down = _down(w, scale)
    source = down.s8
    for level, width in enumerate(scale.heads):
        if level:
            w.route(source)
            source = bottom_up(w, width // 2, down[level], scale.neck)
        box_head(w, width, level_mask(level, anchors.YOLOV4, 3), anchors.YOLOV4, NEW_COORDS)
    return w.description(size)


def _heads_last(scale: Scale, activation: str, decoding: Mapping[str, object]) -> Description:
    w = Writer(activation)
    heads(w, _up(w, scale, _down(w, scale)), scale.heads, anchors.YOLOV4, decoding)
    return w.description(640)


def _down(w: Writer, scale: Scale) -> Levels:
    """Backbone, pyramid of pools, and down to the finest map."""
    first, *widths = scale.widths
    w.conv(32, 3)
    w.conv(first, 3, 2)
    residual(w, first // 2, first)
    _, low, middle, _ = (stage(w, c, n, transition=True) for c, n in zip(widths, scale.repeats, strict=True))
    s32 = csp_spp(w, widths[3] // 2, after=scale.after_pools)
    s16 = top_down(w, widths[2] // 2, middle, scale.neck)
    s8 = top_down(w, widths[1] // 2, low, scale.neck)
    return Levels(s8, s16, s32)


def _up(w: Writer, scale: Scale, down: Levels) -> Sequence[int]:
    """Up again, to a finished map for each head."""
    s16 = bottom_up(w, scale.widths[3] // 2, down.s16, scale.neck)
    s32 = bottom_up(w, scale.widths[4] // 2, down.s32, scale.neck)
    return down.s8, s16, s32
