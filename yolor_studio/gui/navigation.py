"""Where to go next: pure functions on frame numbers and review states, without Qt and without a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from yolor_studio.core.entities import FrameState

__all__ = ["LONG_STEP", "next_open_frame", "next_place", "span_from_last_reviewed", "stepped"]

LONG_STEP = 10
"""A long step is this many working steps."""


def stepped(frame: int, frames: int, *, by: int, step: int) -> int:
    """The frame `by` working steps away, kept inside the media of `frames` frames."""
    return min(max(frame + by * step, 0), max(frames - 1, 0))


def next_open_frame(
    states: Mapping[int, FrameState],
    frames: int,
    *,
    step: int,
    start: int,
    backwards: bool = False,
    wanted: Callable[[int], bool] | None = None,
) -> int | None:
    """The first frame on the working step from `start` on (inclusive) that nobody has reviewed or skipped.

    `wanted` narrows the search further. None when there is none up to the end (or back to the beginning).
    """
    if frames <= 0:
        return None
    if backwards:
        candidates: Iterable[int] = range(min(start, frames - 1) // step * step, -1, -step)
    else:
        candidates = range(-(-max(start, 0) // step) * step, frames, step)
    for frame in candidates:
        if frame not in states and (wanted is None or wanted(frame)):
            return frame
    return None


def next_place(
    media: Sequence[int], current: int, search: Callable[[int, bool], int | None], *, backwards: bool = False
) -> tuple[int, int] | None:
    """The next (media id, frame) that `search(media id, is current)` finds: the rest of the current media, then the
    others in order, round to the current one again from its other end. None when nothing is left anywhere."""
    here = media.index(current)
    order = [*media[here:], *media[:here]]
    if backwards:
        order = [order[0], *reversed(order[1:])]
    for position, media_id in enumerate([*order, current]):
        frame = search(media_id, position == 0)
        if frame is not None:
            return media_id, frame
    return None


def span_from_last_reviewed(states: Mapping[int, FrameState], frame: int, *, step: int) -> list[int]:
    """The frames on the working step after the last reviewed one before `frame`, up to and including `frame`."""
    reviewed = [at for at, state in states.items() if state is FrameState.REVIEWED and at < frame]
    first = max(reviewed) + 1 if reviewed else 0
    first = -(-first // step) * step
    return sorted({*range(first, frame + 1, step), frame} - states.keys())
