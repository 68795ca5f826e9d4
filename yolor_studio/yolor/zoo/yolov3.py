"""YOLOv3, with a pyramid of pools, and tiny, as Darknet has them."""

from __future__ import annotations

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.blocks import box_head, level_mask, pools, residual
from yolor_studio.yolor.zoo.yolov4 import alternate


def yolov3(*, pyramid: bool) -> Description:
    """Plain residual stages; three levels, the coarsest first."""
    w = Writer("leaky")
    w.conv(32, 3)
    stages = [_stage(w, c, n) for c, n in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4))]
    source = _pyramid(w) if pyramid else alternate(w, 512, 5)
    for level, c in ((2, 512), (1, 256), (0, 128)):
        if level < 2:
            w.route(source)
            w.conv(c, 1)
            w.upsample()
            w.route(-1, stages[2 + level])
            source = alternate(w, c, 5)
        box_head(w, 2 * c, level_mask(level, anchors.YOLOV3, 3), anchors.YOLOV3, {})
    return w.description(608 if pyramid else 416)


def _stage(w: Writer, c: int, repeats: int) -> int:
    w.conv(c, 3, 2)
    for _ in range(repeats):
        residual(w, c // 2, c)
    return w.last


def _pyramid(w: Writer) -> int:
    alternate(w, 512, 3)
    pools(w)
    return alternate(w, 512, 3)


def tiny() -> Description:
    """Convolutions and pools alone; the finer level uses anchors 0 to 2."""
    w = Writer("leaky")
    for c in (16, 32, 64, 128):
        w.conv(c, 3)
        w.max_pool(2, 2)
    lateral = w.conv(256, 3)
    w.max_pool(2, 2)
    w.conv(512, 3)
    w.max_pool(2)
    w.conv(1024, 3)
    source = w.conv(256, 1)
    box_head(w, 512, (3, 4, 5), anchors.TINY, {})
    w.route(source)
    w.conv(128, 1)
    w.upsample()
    w.route(-1, lateral)
    box_head(w, 256, (0, 1, 2), anchors.TINY, {})
    return w.description(416)
