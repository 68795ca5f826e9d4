"""The token by which a person stops a job."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from yolor_studio.core.errors import Cancelled


class CancelToken:
    """Set once from any thread; jobs look between frames, and whoever must be interrupted registers a callback.

    It holds no lock: Ctrl-C cancels from a signal handler, which may have interrupted any of these methods.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callbacks: deque[Callable[[], None]] = deque()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Ask to stop; runs the registered callbacks once, on the calling thread."""
        self._event.set()
        self._run_callbacks()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call `callback` when cancelled, at once if that has happened already."""
        self._callbacks.append(callback)
        if self._event.is_set():
            self._run_callbacks()

    def check(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self._event.is_set():
            raise Cancelled

    def _run_callbacks(self) -> None:
        while True:
            try:
                callback = self._callbacks.popleft()
            except IndexError:
                return
            callback()
