"""YOLOv4 and its tiny networks, as Darknet has them."""

from __future__ import annotations

from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.writer import Writer
from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.blocks import box_head, level_mask, merge, pools, residual, split, stage


def yolov4() -> Description:
    """A cross-stage backbone with mish, a neck of plain convolutions with leaky ReLU."""
    w = Writer("mish")
    w.conv(32, 3)
    w.conv(64, 3, 2)
    finished = split(w, 64)
    residual(w, 32, 64)
    w.conv(64, 1)
    merge(w, finished, 64)
    widths, repeats = (128, 256, 512, 1024), (2, 8, 8, 4)
    _, low, middle, _ = (stage(w, c, n, transition=True) for c, n in zip(widths, repeats, strict=True))

    w.activation = "leaky"
    alternate(w, 512, 3)
    pools(w)
    s32 = alternate(w, 512, 3)
    s16 = _top_down(w, 256, middle)
    source = _top_down(w, 128, low)
    for level, (c, lateral, scale) in enumerate(((128, None, 1.2), (256, s16, 1.1), (512, s32, 1.05))):
        if lateral is not None:
            w.route(source)
            w.conv(c, 3, 2)
            w.route(-1, lateral)
            source = alternate(w, c, 5)
        box_head(w, 2 * c, level_mask(level, anchors.YOLOV4, 3), anchors.YOLOV4, {"scale_x_y": scale})
    return w.description(608)


def alternate(w: Writer, c: int, count: int) -> int:
    """1x1 to c and 3x3 to 2 c in turn, beginning and (with an odd count) ending with 1x1."""
    for index in range(count):
        w.conv(2 * c if index % 2 else c, 3 if index % 2 else 1)
    return w.last


def _top_down(w: Writer, c: int, lateral: int) -> int:
    w.conv(c, 1)
    w.upsample()
    w.route(lateral)
    w.conv(c, 1)
    w.route(-1, -3)
    return alternate(w, c, 5)


def tiny() -> Description:
    """Two levels; the finer one uses anchors 1 to 3, as it was trained."""
    w = Writer("leaky")
    _, middle = _tiny_backbone(w)
    source = w.conv(256, 1)
    box_head(w, 512, (3, 4, 5), anchors.TINY, {"scale_x_y": 1.05})
    _finer(w, source, 128, middle)
    box_head(w, 256, (1, 2, 3), anchors.TINY, {"scale_x_y": 1.05})
    return w.description(416)


def tiny_3l() -> Description:
    """Three levels."""
    w = Writer("leaky")
    low, middle = _tiny_backbone(w)
    source = w.conv(256, 1)
    for level, c, lateral in ((2, 256, None), (1, 128, middle), (0, 64, low)):
        if lateral is not None:
            _finer(w, source, c, lateral)
            source = w.last + 1  # the 3x3 convolution that begins the head
        box_head(w, 2 * c, level_mask(level, anchors.YOLOV4, 3), anchors.YOLOV4, {"scale_x_y": 1.05})
    return w.description(608)


def _finer(w: Writer, source: int, c: int, lateral: int) -> int:
    w.route(source)
    w.conv(c, 1)
    w.upsample()
    return w.route(-1, lateral)


def _tiny_backbone(w: Writer) -> tuple[int, int]:
    """The maps of strides 8 and 16 that go to the neck."""
    w.conv(32, 3, 2)
    w.conv(64, 3, 2)
    mixed = [_tiny_stage(w, c) for c in (64, 128, 256)]
    w.conv(512, 3)
    return mixed[1], mixed[2]


def _tiny_stage(w: Writer, c: int) -> int:
    """A cross-stage block over the second half of the channels, then half the size; returns its mix of branches."""
    whole = w.conv(c, 3)
    w.add("route", layers=-1, groups=2, group_id=1)
    w.conv(c // 2, 3)
    w.conv(c // 2, 3)
    w.route(-1, -2)
    mixed = w.conv(c, 1)
    w.route(whole, mixed)
    w.max_pool(2, 2)
    return mixed
