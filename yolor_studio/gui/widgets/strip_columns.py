"""From frames to pixel columns: what a strip shows where several frames fall on one pixel. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Review(IntEnum):
    """A frame's review state, the worst first: a column shows the least of its frames."""

    UNTOUCHED = 0
    SKIPPED = 1
    EMPTY = 2
    """Reviewed and empty."""
    REVIEWED = 3


NOT_VISITED = -1
"""The number of boxes of a frame that no run has visited."""


@dataclass(frozen=True, slots=True)
class Window:
    """The frames in view: `start` (may lie inside a frame) and how many, over `width` pixels."""

    start: float
    span: float
    width: int

    @property
    def scale(self) -> float:
        """Pixels per frame."""
        return self.width / self.span

    def x_of(self, frame: float) -> float:
        """Where a frame begins, in pixels."""
        return (frame - self.start) * self.scale

    def frame_at(self, x: float, count: int) -> int:
        """The frame at a pixel, kept in 0..count - 1."""
        return min(max(int(np.floor(self.start + x / self.scale)), 0), max(count - 1, 0))

    def moved(self, frames: float, count: int) -> Window:
        """The window pushed by a number of frames, stopped at the ends."""
        return Window(min(max(self.start + frames, 0.0), max(count - self.span, 0.0)), self.span, self.width)

    def zoomed(self, factor: float, x: float, count: int, *, least: float = 20.0) -> Window:
        """The window with `factor` times the frames, the frame under x staying there."""
        span = min(max(self.span * factor, min(least, count)), float(max(count, 1)))
        anchor = self.start + x / self.scale
        return Window(anchor - x * span / self.width, span, self.width).moved(0, count)


def column_ranges(window: Window, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and past-the-last frame of every pixel column, [width] each; at least one frame, none past `count`."""
    edges = window.start + np.arange(window.width + 1) / window.scale
    first = np.clip(np.floor(edges[:-1] + 1e-9).astype(np.int64), 0, max(count - 1, 0))
    last = np.clip(np.floor(edges[1:] + 1e-9).astype(np.int64), first + 1, max(count, 1))
    return first, last


def worst_states(states: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The least `Review` of each column's frames."""
    return _reduce(np.minimum, states, first, last)


def most_boxes(counts: NDArray[np.int32], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int32]:
    """The largest number of boxes of each column's frames; NOT_VISITED only where no frame was visited."""
    return _reduce(np.maximum, counts, first, last)


def _reduce(ufunc: np.ufunc, values: NDArray, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray:
    """`ufunc` over values[first:last] of every column, without a loop."""
    padded = np.append(values, values[-1:])  # reduceat needs every index inside
    pairs = np.stack((first, last), 1).ravel()
    return ufunc.reduceat(padded, pairs)[::2]


def tick_step(window: Window, apart: float) -> int:
    """The smallest of 1, 2, 5 x 10^n frames whose ticks stand at least `apart` pixels from each other."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * window.scale >= apart:
                return step * factor
        step *= 10


def runs(values: NDArray) -> list[tuple[int, int, int]]:
    """(first index, past-the-last index, value) of each stretch of equal values."""
    if not len(values):
        return []
    cuts = np.flatnonzero(values[1:] != values[:-1]) + 1
    starts, ends = np.append(0, cuts), np.append(cuts, len(values))
    return [(int(a), int(b), int(values[a])) for a, b in zip(starts, ends, strict=True)]
