"""The blocks that the published networks are composed of. Each returns the index of its last layer."""

from __future__ import annotations

from collections.abc import Sequence

from yolor_studio.yolor.writer import Writer

COCO_CLASSES = 80
"""The published networks were trained on COCO."""
Anchors = tuple[tuple[float, float], ...]


def pairs(text: str) -> Anchors:
    """Anchors written as "width,height width,height ..."."""
    return tuple((float(width), float(height)) for width, height in (pair.split(",") for pair in text.split()))


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


def pools(w: Writer) -> int:
    """Maxima over 13, 9 and 5 cells beside the map itself: four times the channels."""
    w.max_pool(5)
    w.route(-2)
    w.max_pool(9)
    w.route(-4)
    w.max_pool(13)
    return w.route(-1, -3, -5, -6)


def csp_spp(w: Writer, c: int, *, after: int = 1) -> int:
    """Spatial pyramid pooling in a cross-stage block; `after` pairs of 1x1 and 3x3 follow the pools."""
    finished = split(w, c)
    w.conv(c, 3)
    w.conv(c, 1)
    pools(w)
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


def mask(level: int, per_level: int) -> range:
    """Which anchors belong to a level, counted from the finest map."""
    return range(level * per_level, (level + 1) * per_level)


def heads(w: Writer, sources: Sequence[int], widths: Sequence[int], anchors: Anchors, *, implicit: bool) -> None:
    """YOLOR's heads: 3x3, then 1x1 to the numbers; with implicit knowledge added before it and multiplied after it."""
    per_level = len(anchors) // len(sources)
    filters = per_level * (5 + COCO_CLASSES)
    adds = [w.add("implicit_add", filters=width) for width in widths] if implicit else []
    muls = [w.add("implicit_mul", filters=filters) for _ in widths] if implicit else []
    for level, (source, width) in enumerate(zip(sources, widths, strict=True)):
        w.route(source)
        w.conv(width, 3)
        if implicit:
            w.add("shift_channels", from_=adds[level])
        w.plain_conv(filters)
        if implicit:
            w.add("control_channels", from_=muls[level])
        w.yolo(mask(level, per_level), anchors, classes=COCO_CLASSES, decode="yolor")
