"""YOLOR's main line (`yolor_*.pt`): CSP, CSP-X, P6 and W6, and its YOLOv4 baselines without implicit knowledge."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo.blocks import bottom_up, csp_spp, heads, pairs, residual, stage, top_down

CSP_ANCHORS = pairs("12,16 19,36 40,28 36,75 76,55 72,146 142,110 192,243 459,401")
P6_ANCHORS = pairs("19,27 44,40 38,94 96,68 86,152 180,137 140,301 303,264 238,542 436,615 739,380 925,792")
P6_WIDTHS = (128, 256, 384, 512, 640)
W6_WIDTHS = (128, 256, 512, 768, 1024)


def csp_body(w: Writer, widths: Sequence[int], repeats: Sequence[int], *, neck: int, after: int) -> list[int]:
    """Backbone, CSPSPP and neck of YOLOv4-CSP; returns the maps of strides 8, 16 and 32.

    `widths` are the five stages' channels, the first of which is a plain residual.
    """
    w.conv(32, 3)
    w.conv(widths[0], 3, 2)
    residual(w, widths[0] // 2, widths[0])
    _, low, middle, _ = (stage(w, c, n, transition=True) for c, n in zip(widths[1:], repeats, strict=True))
    top = csp_spp(w, widths[4] // 2, after=after)
    fourth = top_down(w, widths[3] // 2, middle, neck)
    third = top_down(w, widths[2] // 2, low, neck)
    up = bottom_up(w, widths[3] // 2, fourth, neck)
    return [third, up, bottom_up(w, widths[4] // 2, top, neck)]


def csp(*, implicit: bool) -> Description:
    """YOLOR-CSP, or YOLOv4-CSP without implicit knowledge."""
    w = Writer()
    levels = csp_body(w, (64, 128, 256, 512, 1024), (2, 8, 8, 4), neck=2, after=1)
    heads(w, levels, (256, 512, 1024), CSP_ANCHORS, implicit=implicit)
    return w.description(640)


def csp_x(*, implicit: bool) -> Description:
    """YOLOR-CSP-X, or YOLOv4-CSP-X without implicit knowledge."""
    w = Writer()
    levels = csp_body(w, (80, 160, 320, 640, 1280), (3, 10, 10, 5), neck=3, after=2)
    heads(w, levels, (320, 640, 1280), CSP_ANCHORS, implicit=implicit)
    return w.description(640)


def p6(widths: Sequence[int], head_widths: Sequence[int]) -> Description:
    """YOLOR-P6 and W6: a reorganised picture, stages that fuse first, four levels."""
    w = Writer()
    w.add("reorg")
    w.conv(64, 3)
    repeats = (3, 7, 7, 3, 3)
    _, low, middle, high, _ = (stage(w, c, n, transition=False) for c, n in zip(widths, repeats, strict=True))
    half = [c // 2 for c in widths]
    top = csp_spp(w, half[4])
    fifth = top_down(w, half[3], high, 3)
    fourth = top_down(w, half[2], middle, 3)
    levels = [top_down(w, half[1], low, 3)]
    for c, lateral in ((half[2], fourth), (half[3], fifth), (half[4], top)):
        levels.append(bottom_up(w, c, lateral, 3))
    heads(w, levels, head_widths, P6_ANCHORS, implicit=True)
    return w.description(1280)
