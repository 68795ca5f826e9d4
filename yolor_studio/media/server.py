"""A thread that decodes frames for the window: the newest request wins, neighbours are kept."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import StudioError
from yolor_studio.media.cache import FrameCache
from yolor_studio.media.source import Source

OnFrame = Callable[[int, NDArray[np.uint8]], None]
OnError = Callable[[int, str], None]

DEFAULT_BYTES = 512 << 20

_log = logging.getLogger(__name__)


class FrameServer:
    """Serves one media's frames as BGRA [H, W, 4] from a decoder thread of its own. Must be closed.

    `on_frame(index, bgra)` and `on_error(index, sentence)` are called on that thread, for requested frames only and
    never for one that a newer request has overtaken before it was begun. Pictures handed out are shared with the cache:
    read, do not write. All methods may be called from any one thread."""

    def __init__(
        self,
        open_source: Callable[[], Source],
        on_frame: OnFrame,
        on_error: OnError,
        *,
        max_bytes: int = DEFAULT_BYTES,
    ) -> None:
        """Start the thread, which opens the media first; when that fails every request gets the sentence."""
        self._open_source, self._on_frame, self._on_error = open_source, on_frame, on_error
        self._cache = FrameCache(max_bytes)
        self._wake = threading.Condition()
        self._wanted: int | None = None
        self._ahead: list[int] = []
        self._closing = False
        self._idle = False
        self._thread = threading.Thread(target=self._serve, name="frames", daemon=True)
        self._thread.start()

    def request(self, index: int, *, prefetch: int = 0) -> None:
        """Ask for frame `index`, instead of whatever was asked for before; afterwards the next `prefetch` frames
        (the previous ones where negative) are decoded into the cache."""
        step = 1 if prefetch >= 0 else -1
        with self._wake:
            self._wanted = index
            self._ahead = [index + step * n for n in range(1, abs(prefetch) + 1) if index + step * n >= 0]
            self._idle = False
            self._wake.notify_all()

    def cached(self, index: int) -> NDArray[np.uint8] | None:
        """The frame when it is in memory, at once; None otherwise."""
        return self._cache.get(0, index)

    def wait_idle(self, seconds: float) -> bool:
        """Wait until all that was asked for is done, prefetching too; False when `seconds` passed before."""
        with self._wake:
            return self._wake.wait_for(lambda: self._idle, seconds)

    def close(self) -> None:
        """Stop; returns when the frame under way is finished and the media is closed. No call comes afterwards."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _serve(self) -> None:
        try:
            source = self._open_source()
        except Exception as error:
            self._refuse(_sentence(error))
            return
        with source:
            while (job := self._next_job()) is not None:
                index, wanted = job
                self._deliver(source, index, wanted=wanted)

    def _refuse(self, sentence: str) -> None:
        while (job := self._next_job()) is not None:
            if job[1]:
                self._on_error(job[0], sentence)

    def _next_job(self) -> tuple[int, bool] | None:
        """(frame, whether somebody waits for it), waiting for one; None when it is time to stop."""
        with self._wake:
            while True:
                if self._closing:
                    return None
                if self._wanted is not None:
                    wanted, self._wanted = self._wanted, None
                    return wanted, True
                if self._ahead:
                    return self._ahead.pop(0), False
                self._idle = True
                self._wake.notify_all()
                self._wake.wait_for(lambda: self._closing or not self._idle)

    def _deliver(self, source: Source, index: int, *, wanted: bool) -> None:
        picture = self._cache.get(0, index)
        if picture is None:
            try:
                picture = source.read(index, bgra=True)
            except Exception as error:  # whatever it is, the thread lives on: all later requests wait for it
                if wanted and not self._closing:
                    self._on_error(index, _sentence(error))
                return
            self._cache.put(0, index, picture)
        if wanted and not self._closing:
            self._on_frame(index, picture)


def _sentence(error: Exception) -> str:
    """What a person is told; what nobody foresaw goes to the log too."""
    if isinstance(error, StudioError):
        return str(error)
    _log.error("A frame could not be read", exc_info=error)
    return f"The picture cannot be shown: {type(error).__name__} {error}".strip()
