"""Pictures for the canvas: a frame server for each media in use, of which only the last few stay open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Media, MediaKind

if TYPE_CHECKING:
    from yolor_studio.media import FrameServer, Presence, Source

__all__ = ["FrameLoader", "FramePicture", "MediaFile"]

OPEN_MEDIA = 4
VIDEO_BYTES = 192 * 2**20
"""The cache of one open video: with several open it stays well under a gigabyte."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """What is needed to read a media."""

    media: Media
    path: Path
    index: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class FramePicture:
    """A frame that was read, or why it could not be."""

    media_id: int
    frame: int
    bgra: NDArray[np.uint8] | None
    time: float | None = None
    """Seconds from the first frame; None where the media has no time."""
    error: str | None = None
    presence: Presence | None = None
    """What became of the media's file, where its own one is not there: nothing of it is read then."""


class FrameLoader:
    """Reads frames on threads and hands them to `deliver` there; the newest request of a media wins."""

    def __init__(self, deliver: Callable[[FramePicture], None]) -> None:
        self._deliver = deliver
        self._open: OrderedDict[int, _Opened] = OrderedDict()
        self._closing: list[threading.Thread] = []

    def request(self, file: MediaFile, frame: int, *, prefetch: int = 0) -> FramePicture | None:
        """Read this frame next, and `prefetch` more after it. One that is in memory is returned at once, and nothing
        is read; otherwise None, and it is delivered."""
        opened = self._opened(file)
        bgra = opened.server.cached(frame)
        if bgra is not None:
            return FramePicture(file.media.id, frame, bgra, opened.times.get(frame))
        opened.server.request(frame, prefetch=prefetch)
        return None

    def read_ahead(self, file: MediaFile, frame: int, count: int) -> None:
        """Read the `count` frames after this one into memory; this one is delivered again, with its time."""
        self._opened(file).server.request(frame, prefetch=count)

    def forget(self, media_id: int) -> None:
        """Read this media anew from now on: its file or its index has changed."""
        opened = self._open.pop(media_id, None)
        if opened is not None:
            self._close_later(opened)

    def close(self) -> None:
        """Close every media; nothing is delivered afterwards."""
        while self._open:
            self._close_later(self._open.popitem()[1])
        for thread in self._closing:
            thread.join(10)

    def _opened(self, file: MediaFile) -> _Opened:
        opened = self._open.pop(file.media.id, None) or _Opened(file, self._deliver)
        self._open[file.media.id] = opened
        while len(self._open) > OPEN_MEDIA:
            self._close_later(self._open.popitem(last=False)[1])
        return opened

    def _close_later(self, opened: _Opened) -> None:
        # Closing waits for the frame under way, which must not hold up the window.
        self._closing = [thread for thread in self._closing if thread.is_alive()]
        thread = threading.Thread(target=opened.server.close, name="close media", daemon=True)
        thread.start()
        self._closing.append(thread)


class _Opened:
    """One media with its server and the times of the frames that were read."""

    server: FrameServer

    def __init__(self, file: MediaFile, deliver: Callable[[FramePicture], None]) -> None:
        from yolor_studio.jobs.opening import wrong_file
        from yolor_studio.media import FrameServer, open_media, presence

        self.times: dict[int, float | None] = {}
        sources: list[Source] = []
        found: list[Presence] = []

        def open_source() -> Source:
            what = presence(file.media, file.path)
            refusal = wrong_file(file.media, file.path, what)
            if refusal is not None:
                found.append(what)
                raise refusal
            sources.append(open_media(file.path, index=file.index, files=file.media.files))
            return sources[0]

        def on_frame(index: int, bgra: NDArray[np.uint8]) -> None:
            self.times[index] = sources[0].timestamp(index) if file.media.kind is MediaKind.VIDEO else None
            deliver(FramePicture(file.media.id, index, bgra, self.times[index]))

        def on_error(index: int, sentence: str) -> None:
            what = found[0] if found else None
            deliver(FramePicture(file.media.id, index, None, error=sentence, presence=what))

        self.server = FrameServer(open_source, on_frame, on_error, max_bytes=VIDEO_BYTES)
