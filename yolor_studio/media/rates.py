"""Frame rates from the frames' own times, never from duration times rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.index import NO_PTS, VideoIndex

_HEADER_HOLDS = 0.002
"""The header's rate is given when the frames' own differs by no more than this part, as rounding does."""
_MOSTLY = 0.9
"""Lost frames leave gaps; as long as this part of the steps is equal, the rate is still a constant one."""


def constant_rate(pts: NDArray[np.int64]) -> bool:
    """Whether frames follow each other at equal distances, up to the rounding of their times and a few lost frames.

    Times that do not rise speak against it; streams without times play at a constant rate."""
    if len(pts) < 3 or (pts == NO_PTS).any():
        return True
    steps, counts = np.unique(np.diff(pts), return_counts=True)
    if steps[0] <= 0 or len(steps) > 2:
        return False
    return _only_rounded(steps) or bool(counts.max() >= _MOSTLY * counts.sum())


def typical_rate(index: VideoIndex) -> float | None:
    """Frames per second: of a constant rate that one, gaps of lost frames aside, else the mean over the whole video;
    the header's where it agrees, or the frames have no times."""
    rate = index.format.rate
    header = rate[0] / rate[1] if rate else None
    times = index.pts[index.pts != NO_PTS]
    if len(times) < 2 or times.max() == times.min():
        return header
    step = (int(times.max()) - int(times.min())) / (len(times) - 1)
    steps, counts = np.unique(np.diff(times), return_counts=True)
    if constant_rate(index.pts) and not _only_rounded(steps):
        step = int(steps[counts.argmax()])
    numerator, denominator = index.time_base
    measured = denominator / (step * numerator)
    if header is not None and abs(measured / header - 1) <= _HEADER_HOLDS:
        return header
    return measured


def _only_rounded(steps: NDArray[np.int64]) -> bool:
    """Whether rising steps are the same but for the rounding to whole ticks."""
    return bool(steps[-1] - steps[0] <= 1)


def rate_notes(index: VideoIndex) -> Iterator[str]:
    """Sentences about times that are not evenly spaced or do not rise."""
    times = index.pts[index.pts != NO_PTS]
    if constant_rate(index.pts) or len(times) < 2:
        return
    steps = np.diff(times)
    falling = int((steps <= 0).sum())
    if falling:
        yield f"The times of {falling} frames do not follow those before them; frames keep the order they decode in."
    rising = steps[steps > 0]
    if len(np.unique(rising)) > 1:
        least, most = (step * 1000 * index.time_base[0] / index.time_base[1] for step in (rising.min(), rising.max()))
        digits = 0 if most - least >= 1 else 2
        yield f"The frame rate varies: a frame lasts {least:.{digits}f} to {most:.{digits}f} ms."
