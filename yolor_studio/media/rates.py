"""Frame rates from the frames' own times, never from duration times rate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.index import NO_PTS, VideoIndex

_HEADER_HOLDS = 0.002
"""The header's rate is given when the frames' own mean differs by no more than this part, as rounding does."""


def constant_rate(pts: NDArray[np.int64]) -> bool:
    """Whether frames follow each other at equal distances, up to the rounding of their times.

    Times that do not rise speak against it; streams without times play at a constant rate."""
    if len(pts) < 3 or (pts == NO_PTS).any():
        return True
    steps = np.diff(pts)
    return bool(steps.min() > 0 and len(np.unique(steps)) <= 2)


def mean_rate(index: VideoIndex) -> float | None:
    """Mean frames per second over the whole video; the header's where the frames have no times."""
    rate = index.format.rate
    header = rate[0] / rate[1] if rate else None
    times = index.pts[index.pts != NO_PTS]
    if len(times) < 2 or times.max() == times.min():
        return header
    numerator, denominator = index.time_base
    measured = (len(times) - 1) * denominator / (int(times.max() - times.min()) * numerator)
    if header is not None and abs(measured / header - 1) <= _HEADER_HOLDS:
        return header
    return measured


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
        milliseconds = [step * 1000 * index.time_base[0] / index.time_base[1] for step in (rising.min(), rising.max())]
        yield f"The frame rate varies: a frame lasts {milliseconds[0]:.0f} to {milliseconds[1]:.0f} ms."
