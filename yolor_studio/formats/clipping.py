"""Cutting boxes to their picture, so that the very floats that are written lie inside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_NOISE_PX = 1e-3
"""Less over the border than this is float32 noise: it is cut, but not worth telling."""


class Clipped(NamedTuple):
    """Boxes inside their pictures."""

    boxes: NDArray[np.float64]
    """[N, 4] x, y, w, h; those that need no cutting are untouched."""
    inside: NDArray[np.bool_]
    """[N] False where nothing of the box is left."""
    cut: NDArray[np.bool_]
    """[N] True where something of a box was lost and something is left."""
    most: float
    """The most that one of the cut reached over the border, in pixels."""


def clip_boxes(boxes: NDArray[np.float64], sizes: NDArray[np.integer]) -> Clipped:
    """The [N, 4] boxes x, y, w, h cut to `sizes` [N, 2] width and height; x + w <= width in float arithmetic too."""
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    over = np.maximum(-low, high - sizes).max(axis=1, initial=0.0)
    reaching = np.flatnonzero(over > 0)
    out = boxes.copy()
    if len(reaching):
        size = sizes[reaching].astype(np.float64)
        start = np.clip(low[reaching], 0, size)
        side = np.maximum(np.clip(high[reaching], 0, size) - start, 0)
        beyond = start + side > size
        side[beyond] = np.nextafter(side[beyond], 0)
        out[reaching] = np.concatenate((start, side), axis=1)
    inside = (out[:, 2] > 0) & (out[:, 3] > 0)
    cut = inside & (over > _NOISE_PX)
    return Clipped(out, inside, cut, float(over[cut].max(initial=0.0)))
