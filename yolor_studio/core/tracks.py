"""The box at a frame: a pure function of an object's keyframes, for one object and, with numpy, for many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yolor_studio.core.entities import Box, Keyframe


def keyframe_before(keyframes: Sequence[Keyframe], frame: int) -> Keyframe | None:
    """The last of the keyframes (rising in frame) at or before `frame`."""
    place = bisect_right(keyframes, frame, key=lambda keyframe: keyframe.frame)
    return keyframes[place - 1] if place else None


def box_at(keyframes: Sequence[Keyframe], frame: int) -> Box | None:
    """The box at `frame` of an object with these keyframes (rising in frame), None where it has none.

    On a keyframe its own box; between two, linear when the first one's `interpolate` is on; absent otherwise, before
    the first and after the last.
    """
    place = bisect_right(keyframes, frame, key=lambda keyframe: keyframe.frame)
    if not place:
        return None
    first = keyframes[place - 1]
    if first.frame == frame:
        return first.box
    if not first.interpolate or place == len(keyframes):
        return None
    second = keyframes[place]
    return lerp_box(first.box, second.box, (frame - first.frame) / (second.frame - first.frame))


def lerp_box(first: Box, second: Box, share: float) -> Box:
    """The box at `share` (0..1) of the way from the first to the second."""
    return Box(*(a + (b - a) * share for a, b in zip(first, second, strict=True)))


def lerp_boxes(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> NDArray[np.float64]:
    """Row by row what `lerp_box` does: [N, 4] and [N, 4] xywh boxes with [N] shares -> [N, 4]."""
    low = np.asarray(first, np.float64).reshape(-1, 4)
    high = np.asarray(second, np.float64).reshape(-1, 4)
    return low + (high - low) * np.asarray(share, np.float64).reshape(-1, 1)


def expand_spans(
    objects: NDArray[np.int64], frames: NDArray[np.int64], interpolate: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every (keyframe row, frame) at which the objects have a box, as two arrays [M]: the row of the keyframe at or
    before the frame, and the frame.

    objects, frames, interpolate: [N] keyframe columns of any number of objects, sorted by object and then by frame.
    """
    lengths = span_lengths(objects, frames, interpolate)
    rows = np.repeat(np.arange(len(frames)), lengths)
    starts = np.cumsum(lengths) - lengths
    return rows, frames[rows] + (np.arange(len(rows)) - starts[rows])


def span_lengths(
    objects: NDArray[np.int64], frames: NDArray[np.int64], interpolate: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """For how many frames each keyframe's box or its interpolation stands, [N]: 1, or up to the object's next keyframe
    (sorted as in `expand_spans`)."""
    lengths = np.ones(len(frames), np.int64)
    spans = interpolate[:-1] & (objects[1:] == objects[:-1])
    lengths[:-1][spans] = (frames[1:] - frames[:-1])[spans]
    return lengths
