"""YOLOv7 and tiny, as Darknet has them: blocks that put side by side what several of their convolutions give."""

from __future__ import annotations

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.blocks import NEW_COORDS, csp_spp, heads, pools, split


def yolov7() -> Description:
    """Its 3x3 convolutions are those that remain after training, where each stood for several."""
    w = Writer("silu")
    w.conv(32, 3)
    w.conv(64, 3, 2)
    w.conv(64, 3)
    w.conv(128, 3, 2)
    _block(w, 64, 256)
    stages = []
    for narrow, c, out in ((128, 128, 512), (256, 256, 1024), (512, 256, 1024)):
        _halve(w, narrow)
        stages.append(_block(w, c, out))
    s32 = csp_spp(w, 512, map_first=True)
    _enlarge(w, 256, stages[1])
    s16 = _neck_block(w, 256)
    _enlarge(w, 128, stages[0])
    maps = [_neck_block(w, 128)]
    for c, lateral in ((128, s16), (256, s32)):
        _halve(w, c, lateral)
        maps.append(_neck_block(w, 2 * c))
    heads(w, maps, (256, 512, 1024), anchors.YOLOV4, NEW_COORDS)
    return w.description(640)


def tiny() -> Description:
    """Smaller blocks, halved by pools in the backbone."""
    w = Writer("leaky")
    w.conv(32, 3, 2)
    w.conv(64, 3, 2)
    stages = [_tiny_block(w, 32)]
    for c in (64, 128, 256):
        w.max_pool(2, 2)
        stages.append(_tiny_block(w, c))
    s32 = _tiny_spp(w, 256)
    _enlarge(w, 128, stages[2])
    s16 = _tiny_block(w, 64)
    _enlarge(w, 64, stages[1])
    maps = [_tiny_block(w, 32)]
    for c, lateral in ((128, s16), (256, s32)):
        w.conv(c, 3, 2)
        w.route(-1, lateral)
        maps.append(_tiny_block(w, c // 2))
    heads(w, maps, (128, 256, 512), anchors.YOLOV3, NEW_COORDS)
    return w.description(416)


def _block(w: Writer, c: int, out: int) -> int:
    """Both branches and every second of four 3x3 convolutions."""
    split(w, c)
    for _ in range(4):
        w.conv(c, 3)
    w.route(-1, -3, -5, -7)
    return w.conv(out, 1)


def _neck_block(w: Writer, c: int) -> int:
    """Both branches and all of four 3x3 convolutions of half the channels."""
    split(w, c)
    for _ in range(4):
        w.conv(c // 2, 3)
    w.route(-1, -2, -3, -4, -5, -7)
    return w.conv(c, 1)


def _tiny_block(w: Writer, c: int) -> int:
    """Both branches and two 3x3 convolutions, to twice the channels."""
    split(w, c)
    w.conv(c, 3)
    w.conv(c, 3)
    w.route(-5, -3, -2, -1)
    return w.conv(2 * c, 1)


def _tiny_spp(w: Writer, c: int) -> int:
    finished = split(w, c)
    pools(w)
    w.conv(c, 1)
    w.route(finished, -1)
    return w.conv(c, 1)


def _halve(w: Writer, c: int, *laterals: int) -> int:
    """A pool and a convolution of step 2, c channels each, side by side with maps of that size."""
    w.max_pool(2, 2)
    w.conv(c, 1)
    w.route(-3)
    w.conv(c, 1)
    w.conv(c, 3, 2)
    return w.route(-1, -4, *laterals)


def _enlarge(w: Writer, c: int, lateral: int) -> int:
    """Twice the size, beside the backbone's map of that size."""
    w.conv(c, 1)
    w.upsample()
    w.route(lateral)
    w.conv(c, 1)
    return w.route(-1, -3)
