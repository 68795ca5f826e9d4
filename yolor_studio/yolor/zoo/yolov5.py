"""YOLOv5's releases 6 and 7, n to x and n6 to x6, written as the modules that their checkpoints name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.anchors import Anchors
from yolor_studio.yolor.zoo.paper_line import Rows, network

SCALES = {"n": (0.33, 0.25), "s": (0.33, 0.5), "m": (0.67, 0.75), "l": (1.0, 1.0), "x": (1.33, 1.25)}
"""Depth and width multiples."""
_LAST = -1


def p5(depth: float, width: float) -> dict[str, Any]:
    """Three levels, for 640 pixels."""
    return _build((128, 256, 512, 1024), (3, 6, 9, 3), anchors.YOLOV3, depth=depth, width=width)


def p6(depth: float, width: float) -> dict[str, Any]:
    """Four levels, for 1280 pixels."""
    return _build((128, 256, 512, 768, 1024), (3, 6, 9, 3, 3), anchors.YOLOR_P6, depth=depth, width=width)


def _build(
    widths: Sequence[int], repeats: Sequence[int], boxes: Anchors, *, depth: float, width: float
) -> dict[str, Any]:
    backbone: Rows = [[_LAST, 1, "Conv", [64, 6, 2, 2]]]
    stages = []
    for c, n in zip(widths, repeats, strict=True):
        backbone += [[_LAST, 1, "Conv", [c, 3, 2]], [_LAST, n, "C3", [c]]]
        stages.append(len(backbone) - 1)
    backbone.append([_LAST, 1, "SPPF", [widths[-1], 5]])
    head = _neck(len(backbone), stages[1:-1], widths[1:])
    return network(backbone, head, boxes, depth=depth, width=width)


def _neck(start: int, laterals: Sequence[int], widths: Sequence[int]) -> Rows:
    """Down to the finest map and up again; `widths` are the levels', from fine to coarse."""
    rows: Rows = []

    def add(source: int | list[int], repeats: int, module: str, arguments: list[Any]) -> int:
        rows.append([source, repeats, module, arguments])
        return start + len(rows) - 1

    narrowed = []
    finest = -1
    for c, lateral in zip(widths[-2::-1], reversed(laterals), strict=True):
        narrowed.append(add(_LAST, 1, "Conv", [c, 1, 1]))
        add(_LAST, 1, "nn.Upsample", [None, 2, "nearest"])
        add([_LAST, lateral], 1, "Concat", [1])
        finest = add(_LAST, 3, "C3", [c, False])
    outputs = [finest]
    for c, deeper, lateral in zip(widths[:-1], widths[1:], reversed(narrowed), strict=True):
        add(_LAST, 1, "Conv", [c, 3, 2])
        add([_LAST, lateral], 1, "Concat", [1])
        outputs.append(add(_LAST, 3, "C3", [deeper, False]))
    add(outputs, 1, "Detect", ["nc", "anchors"])
    return rows
