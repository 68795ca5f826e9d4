"""YOLOR's paper line (`yolor-*.pt`), written as the modules that its checkpoints name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yolor_studio.yolor.zoo import anchors
from yolor_studio.yolor.zoo.anchors import Anchors
from yolor_studio.yolor.zoo.blocks import COCO_CLASSES

Rows = list[list[Any]]
_LAST = -1


def network(backbone: Rows, head: Rows, boxes: Anchors, *, depth: float = 1.0, width: float = 1.0) -> dict[str, Any]:
    """What a yaml of the paper line holds."""
    levels = len(head[-1][0])
    per_level = len(boxes) // levels
    return {
        "nc": COCO_CLASSES,
        "depth_multiple": depth,
        "width_multiple": width,
        "anchors": [
            [number for pair in boxes[level * per_level : (level + 1) * per_level] for number in pair]
            for level in range(levels)
        ],
        "backbone": backbone,
        "head": head,
    }


def halving(down: str, c: int) -> list[Any]:
    """The module that halves the map, by a convolution or by DownC, and its arguments."""
    return [down, [c, 3, 2] if down == "Conv" else [c]]


def stages(widths: Sequence[int], repeats: Sequence[int], *, down: str) -> Rows:
    """Backbone stages, each halving the map."""
    rows: Rows = []
    for c, n in zip(widths, repeats, strict=True):
        rows += [[_LAST, 1, *halving(down, c)], [_LAST, n, "BottleneckCSPF", [c]]]
    return rows


def neck(
    start: int,
    laterals: Sequence[int],
    widths: Sequence[int],
    head_widths: Sequence[int],
    *,
    repeats: int,
    down: str = "Conv",
) -> Rows:
    """CSPSPP, down to the finest map, up again and the heads.

    `start` is the number of the first row, `laterals` the backbone's rows from coarse to fine, `widths` those of the
    neck from the coarsest map to the finest.
    """
    rows: Rows = []

    def add(source: int | list[int], repeats: int, module: str, arguments: list[Any]) -> int:
        rows.append([source, repeats, module, arguments])
        return start + len(rows) - 1

    joined = [add(_LAST, 1, "SPPCSP", [widths[0]])]
    for c, lateral in zip(widths[1:], laterals, strict=True):
        add(_LAST, 1, "Conv", [c, 1, 1])
        add(_LAST, 1, "nn.Upsample", [None, 2, "nearest"])
        add(lateral, 1, "Conv", [c, 1, 1])
        add([-1, -2], 1, "Concat", [1])
        joined.append(add(_LAST, repeats, "BottleneckCSP2", [c]))
    finest = joined.pop()
    outputs = [add(finest, 1, "Conv", [head_widths[0], 3, 1])]
    for c, out, lateral in zip(reversed(widths[:-1]), head_widths[1:], reversed(joined), strict=True):
        add(-2, 1, *halving(down, c))
        add([-1, lateral], 1, "Concat", [1])
        add(_LAST, repeats, "BottleneckCSP2", [c])
        outputs.append(add(_LAST, 1, "Conv", [out, 3, 1]))
    add(outputs, 1, "IDetect", ["nc", "anchors"])
    return rows


def p6(
    widths: Sequence[int],
    head_widths: Sequence[int],
    *,
    repeats: Sequence[int] = (3, 7, 7, 3, 3),
    width: float = 1.0,
    down: str = "Conv",
) -> dict[str, Any]:
    """YOLOR-P6, W6, E6 and D6: `down` is the module that halves a map."""
    backbone = [[_LAST, 1, "ReOrg", []], [_LAST, 1, "Conv", [64, 3, 1]], *stages(widths, repeats, down=down)]
    half = [c // 2 for c in widths[:0:-1]]
    head = neck(len(backbone), (9, 7, 5), half, head_widths, repeats=3, down=down)
    return network(backbone, head, anchors.YOLOR_P6, width=width)


def ssss(stem: str) -> dict[str, Any]:
    """The smallest: three rearrangements (`ReOrg` or `DWT`) lead straight to stride 8."""
    backbone = [
        *([_LAST, 1, stem, []] for _ in range(3)),
        [_LAST, 8, "BottleneckCSP", [256]],
        [_LAST, 1, "Conv", [512, 3, 2]],
        [_LAST, 8, "BottleneckCSP", [512]],
        [_LAST, 1, "Conv", [1024, 3, 2]],
        [_LAST, 4, "BottleneckCSP", [1024]],
    ]
    head = neck(len(backbone), (5, 3), (512, 256, 128), (256, 512, 1024), repeats=2)
    return network(backbone, head, anchors.YOLOV4, depth=0.33, width=0.5)
