"""Numbers of boxes: an input of known size has a cell per stride, and a layout a number of boxes per cell."""

from __future__ import annotations

ANCHORED = (
    (3, (8, 16, 32)),
    (3, (16, 32)),
    (3, (8, 16, 32, 64)),
    (3, (4, 8, 16, 32)),
    (3, (8, 16, 32, 64, 128)),
    (4, (8, 16, 32)),
    (4, (8, 16, 32, 64)),
    (4, (8, 16, 32, 64, 128)),
)
"""(boxes per cell, strides) of networks with anchors."""
PER_CELL = ((1, (8, 16, 32)), (1, (8, 16, 32, 64)), (1, (4, 8, 16, 32)))
"""The same of networks with one box per cell."""


def strides_of(
    boxes: int | None, height: int, width: int, kinds: tuple[tuple[int, tuple[int, ...]], ...]
) -> tuple[int, ...] | None:
    """The strides by which an input of this size has this many boxes; None if there are none."""
    for per_cell, strides in kinds:
        last = strides[-1]
        if height % last == 0 == width % last:
            cells = sum((height // stride) * (width // stride) for stride in strides)
            if boxes == per_cell * cells:
                return strides
    return None
