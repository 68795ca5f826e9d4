"""Pure functions on arrays of boxes. `xywh` is x, y, w, h with the origin at the top left; `xyxy` is x1, y1, x2, y2."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yolor_studio.core.entities import Box

MIN_SIDE = 1.0
"""No box gets a side under this, in pixels."""


def xywh_to_xyxy(boxes: ArrayLike) -> NDArray[np.floating]:
    """[..., 4] x, y, w, h -> x1, y1, x2, y2 (a new array)."""
    out = np.array(boxes, dtype=np.result_type(np.asarray(boxes).dtype, np.float32))
    out[..., 2:] += out[..., :2]
    return out


def xyxy_to_xywh(boxes: ArrayLike) -> NDArray[np.floating]:
    """[..., 4] x1, y1, x2, y2 -> x, y, w, h (a new array)."""
    out = np.array(boxes, dtype=np.result_type(np.asarray(boxes).dtype, np.float32))
    out[..., 2:] -= out[..., :2]
    return out


def iou_matrix(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """IoU of every pair of [N, 4] and [M, 4] xywh boxes -> [N, M]; boxes without area have IoU 0 with everything."""
    left, right = np.asarray(a, np.float64).reshape(-1, 1, 4), np.asarray(b, np.float64).reshape(1, -1, 4)
    low = np.maximum(left[..., :2], right[..., :2])
    high = np.minimum(left[..., :2] + left[..., 2:], right[..., :2] + right[..., 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    union = left[..., 2:].prod(-1) + right[..., 2:].prod(-1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def fit_box(box: Box, width: float, height: float) -> Box:
    """The box cut to the picture and kept at least MIN_SIDE wide and high: the form in which every object's box is
    stored. Negative sizes are turned over first. Raises ValueError when a coordinate is not finite."""
    if not all(map(math.isfinite, box)):
        raise ValueError(f"A box has a coordinate that is not a number: {tuple(box)}")
    x1, x2 = sorted((box.x, box.x + box.w))
    y1, y2 = sorted((box.y, box.y + box.h))
    x1, w = _fit_span(x1, x2, width)
    y1, h = _fit_span(y1, y2, height)
    return Box(x1, y1, w, h)


def _fit_span(low: float, high: float, size: float) -> tuple[float, float]:
    low, high = min(max(low, 0.0), size), min(max(high, 0.0), size)
    side = min(MIN_SIDE, size)
    if high - low < side:
        low = min(max((low + high - side) / 2, 0.0), size - side)
        high = low + side
    return low, high - low


def move_box(box: Box, dx: float, dy: float, width: float, height: float) -> Box:
    """The box moved by (dx, dy) pixels, stopped at the picture's border with its size kept."""
    return Box(
        min(max(box.x + dx, 0.0), max(width - box.w, 0.0)),
        min(max(box.y + dy, 0.0), max(height - box.h, 0.0)),
        box.w,
        box.h,
    )
