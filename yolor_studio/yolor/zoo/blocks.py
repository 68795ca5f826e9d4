"""The blocks that the published networks are composed of. Each returns the index of its last layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo.anchors import Anchors

COCO_CLASSES = 80
"""The published networks were trained on COCO."""
YOLOR = {"decode": "yolor"}
"""How a head of YOLOR's decodes its boxes."""
NEW_COORDS = {"scale_x_y": 2.0, "new_coords": 1}
"""The same as Darknet writes it, where the convolution before has applied the logistic function."""


def residual(w: Writer, narrow: int, wide: int) -> int:
    """1x1 and 3x3, added to what came in."""
    w.conv(narrow, 1)
    w.conv(wide, 3)
    return w.shortcut()


def split(w: Writer, c: int) -> int:
    """One input, two branches of 1x1 convolutions; returns the end of the finished branch, the other one goes on."""
    finished = w.conv(c, 1)
    w.route(-2)
    w.conv(c, 1)
    return finished


def merge(w: Writer, finished: int, c: int) -> int:
    """The branch that went on and the finished one, side by side, through a 1x1 convolution."""
    w.route(-1, finished)
    return w.conv(c, 1)


def stage(w: Writer, c: int, repeats: int, *, transition: bool) -> int:
    """Halve the map, then a cross-stage block of residuals; without transition the branches are fused first."""
    w.conv(c, 3, 2)
    finished = split(w, c // 2)
    for _ in range(repeats):
        residual(w, c // 2, c // 2)
    if transition:
        w.conv(c // 2, 1)
    return merge(w, finished, c)


def pools(w: Writer, *, map_first: bool = False) -> int:
    """The map and its maxima over 5, 9 and 13 cells side by side, from the largest window to the map or back."""
    w.max_pool(5)
    w.route(-2)
    w.max_pool(9)
    w.route(-4)
    w.max_pool(13)
    return w.route(-6, -5, -3, -1) if map_first else w.route(-1, -3, -5, -6)


def csp_spp(w: Writer, c: int, *, after: int = 1, map_first: bool = False) -> int:
    """Spatial pyramid pooling in a cross-stage block; `after` pairs of 1x1 and 3x3 follow the pools."""
    finished = split(w, c)
    w.conv(c, 3)
    w.conv(c, 1)
    pools(w, map_first=map_first)
    for _ in range(after):
        w.conv(c, 1)
        w.conv(c, 3)
    return merge(w, finished, c)


def csp_block(w: Writer, c: int, repeats: int) -> int:
    """The neck's cross-stage block: 1x1 in, pairs of 1x1 and 3x3 that are not added."""
    w.conv(c, 1)
    finished = w.conv(c, 1)
    w.route(-2)
    for _ in range(repeats):
        w.conv(c, 1)
        w.conv(c, 3)
    return merge(w, finished, c)


def top_down(w: Writer, c: int, lateral: int, repeats: int) -> int:
    """Enlarge, put beside the backbone's map of that size, and mix."""
    w.conv(c, 1)
    w.upsample()
    w.route(lateral)
    w.conv(c, 1)
    w.route(-1, -3)
    return csp_block(w, c, repeats)


def bottom_up(w: Writer, c: int, lateral: int, repeats: int) -> int:
    """Halve the map, put beside the map of that size that came down, and mix."""
    w.conv(c, 3, 2)
    w.route(-1, lateral)
    return csp_block(w, c, repeats)


def level_mask(level: int, anchors: Anchors, levels: int) -> range:
    """Which anchors belong to a level, counted from the finest map."""
    per_level = len(anchors) // levels
    return range(level * per_level, (level + 1) * per_level)


def box_head(w: Writer, width: int, mask: Sequence[int], anchors: Anchors, decoding: Mapping[str, object]) -> int:
    """3x3 to `width`, 1x1 to the numbers of the boxes, and their decoding (options of [yolo])."""
    w.conv(width, 3)
    w.plain_conv(numbers(mask), "logistic" if "new_coords" in decoding else "linear")
    return w.yolo(mask, anchors, classes=COCO_CLASSES, **decoding)


def numbers(mask: Sequence[int]) -> int:
    """How many numbers a head gives per cell."""
    return len(mask) * (5 + COCO_CLASSES)


def heads(
    w: Writer, sources: Sequence[int], widths: Sequence[int], anchors: Anchors, decoding: Mapping[str, object]
) -> None:
    """One head per map, all behind the whole neck."""
    for level, (source, width) in enumerate(zip(sources, widths, strict=True)):
        w.route(source)
        box_head(w, width, level_mask(level, anchors, len(sources)), anchors, decoding)


def implicit_heads(w: Writer, sources: Sequence[int], widths: Sequence[int], anchors: Anchors) -> None:
    """YOLOR's heads: implicit knowledge is added before the 1x1 convolution and multiplied after it."""
    masks = [level_mask(level, anchors, len(sources)) for level in range(len(sources))]
    adds = [w.add("implicit_add", filters=width) for width in widths]
    muls = [w.add("implicit_mul", filters=numbers(mask)) for mask in masks]
    for source, width, mask, add, mul in zip(sources, widths, masks, adds, muls, strict=True):
        w.route(source)
        w.conv(width, 3)
        w.add("shift_channels", from_=add)
        w.plain_conv(numbers(mask))
        w.add("control_channels", from_=mul)
        w.yolo(mask, anchors, classes=COCO_CLASSES, **YOLOR)
