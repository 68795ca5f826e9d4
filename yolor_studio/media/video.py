"""A video as a source of frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import MediaKind
from yolor_studio.media.colour import Converter
from yolor_studio.media.cursor import Cursor
from yolor_studio.media.index import NO_PTS, VideoIndex
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.rates import constant_rate, rate_notes, typical_rate
from yolor_studio.media.scout import Scout
from yolor_studio.media.source import ClosingSource, no_such_frame, rising

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


class VideoSource(ClosingSource):
    """A video's frames. With an index any frame is a seek away; without one the video is decoded once from the start,
    as far as is asked for, and what was seen on the way is then known."""

    def __init__(self, path: Path, index: VideoIndex | None) -> None:
        """Open `path`; raises MediaError when nothing in it decodes."""
        self._path = path
        self._scout = Scout(path) if index is None else None
        self._cursor: Cursor | None = None
        self._known_to_cursor = 0
        if self._scout is not None:
            index = self._scout.index()
            frames = self._scout.facts.promised_frames
        else:
            assert index is not None
            frames = index.frames
        self._index = index
        self._converter = Converter(index.format)
        self.info = video_info(path, index, frames=frames)
        self._last: tuple[int, VideoFrame] | None = None

    def close(self) -> None:
        """Close the file."""
        for part in (self._scout, self._cursor):
            if part is not None:
                part.close()
        self._scout = self._cursor = self._last = None

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        """Frame `index` as RGB [H, W, 3] or BGRA [H, W, 4]; raises MediaError when there is none."""
        return self._converter(self._frame(index, keep=True), bgra=bgra)

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(index, RGB) for rising `indices`; frames in between are decoded at most, never converted."""
        for index in rising(indices):
            yield index, self._converter(self._frame(index, keep=False))

    def timestamp(self, index: int) -> float | None:
        """Seconds from frame 0 to frame `index`; None where the stream has no times."""
        first, pts = self.pts(0), self.pts(index)
        if first is None or pts is None:
            return None
        numerator, denominator = self._index.time_base
        return (pts - first) * numerator / denominator

    def pts(self, index: int) -> int | None:
        """Frame `index`'s pts in the stream's time base; None where it has none."""
        self._reach(index)
        if self._scout is not None:
            return self._scout.pts(index)
        self._check(index)
        pts = int(self._index.pts[index])
        return None if pts == NO_PTS else pts

    def decode_all(self, cancel: CancelToken | None = None) -> None:
        """Decode to the end, when opened without an index: `info` is then the truth. Raises Cancelled when stopped."""
        while self._scout is not None:
            if cancel is not None:
                cancel.check()
            self._reach(self._scout.done)

    def _frame(self, index: int, *, keep: bool) -> VideoFrame:
        self._reach(index)
        if self._last is not None and self._last[0] == index:
            return self._last[1]
        if self._scout is not None and self._index.frames <= index:
            self._index = self._scout.index()
        self._check(index)
        return self._at_cursor().frame(index, keep=keep)

    def _check(self, index: int) -> None:
        if not 0 <= index < self._index.frames:
            raise no_such_frame(self.info, index, self._index.frames)

    def _reach(self, index: int) -> None:
        """Without an index: decode from the start until frame `index` has been seen, or the end, when all is known."""
        while self._scout is not None and self._scout.done <= index:
            decoded = self._scout.next()
            if decoded is not None:
                self._last = (self._scout.done - 1, decoded.frame)
                continue
            self._index = self._scout.index()
            self.info = video_info(self._path, self._index, frames=self._index.frames)
            self._scout.close()
            self._scout = None

    def _at_cursor(self) -> Cursor:
        if self._cursor is None or self._known_to_cursor < self._index.frames:
            if self._cursor is not None:
                self._cursor.close()
            self._cursor = Cursor(self._path, self._index)
            self._known_to_cursor = self._index.frames
        return self._cursor


def video_info(path: Path, index: VideoIndex, *, frames: int | None) -> MediaInfo:
    """What an index says about a video; `frames` is the number to show, None where nobody knows it yet."""
    width, height = index.format.display_size
    return MediaInfo(
        kind=MediaKind.VIDEO,
        path=path,
        codec=index.format.codec,
        width=width,
        height=height,
        frames=frames or index.frames,
        constant_rate=constant_rate(index.pts),
        fps=typical_rate(index),
        rotation=index.format.orientation.degrees,
        notes=(*index.notes, *rate_notes(index)),
        verified=index.verified,
    )
