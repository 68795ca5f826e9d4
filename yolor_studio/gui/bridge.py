"""The only object that crosses from worker threads to the window.

Workers put events into a locked list; one signal without arguments wakes the window when nothing was pending, and the
list is emptied at most every 33 ms, unless somebody waits for what is in it. Progress and previews are latest-wins,
everything else arrives whole and in order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from yolor_studio.jobs.events import Preview, Progress

__all__ = ["DRAIN_INTERVAL", "Bridge"]

DRAIN_INTERVAL = 0.033
"""Seconds between two drains at least."""
_LATEST_WINS = (Progress, Preview)

Receiver = Callable[[Any], None]


class Bridge(QObject):
    """Carries events from any thread to callables on the thread that made the bridge."""

    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._queue: list[tuple[Receiver, Any]] = []
        self._urgent = False
        self._last_drain = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.drain)
        # A bound slot of this object, never a lambda: only so does the call land on the window's thread.
        self._woken.connect(self._wake, Qt.ConnectionType.QueuedConnection)

    def sink(self, receiver: Receiver, *, urgent: bool = False) -> Receiver:
        """A callable for worker threads: what they pass to it, `receiver` gets on the window's thread. `urgent` does
        not wait for the interval: for what a person is waiting for, such as a picture."""

        def put(event: Any) -> None:
            self.post(receiver, event, urgent=urgent)

        return put

    def post(self, receiver: Receiver, event: Any, *, urgent: bool = False) -> None:
        """Hand `event` to `receiver` on the window's thread soon; safe on every thread."""
        with self._lock:
            first = not self._queue or (urgent and not self._urgent)
            self._queue.append((receiver, event))
            self._urgent = self._urgent or urgent
        if first:
            self._woken.emit()

    @Slot()
    def _wake(self) -> None:
        wait = self._last_drain + DRAIN_INTERVAL - time.monotonic()
        if wait <= 0 or self._urgent:
            self.drain()
        elif not self._timer.isActive():
            self._timer.start(int(wait * 1000) + 1)

    @Slot()
    def drain(self) -> None:
        """Deliver everything that is pending now; on the window's thread only."""
        with self._lock:
            queue, self._queue = self._queue, []
            self._urgent = False
        self._last_drain = time.monotonic()
        for receiver, event in _without_overtaken(queue):
            receiver(event)


def _without_overtaken(queue: list[tuple[Receiver, Any]]) -> list[tuple[Receiver, Any]]:
    """The queue with only the last progress and the last preview of each receiver."""
    seen: set[tuple[Receiver, type]] = set()
    kept: list[tuple[Receiver, Any]] = []
    for receiver, event in reversed(queue):
        if isinstance(event, _LATEST_WINS):
            key = (receiver, type(event))
            if key in seen:
                continue
            seen.add(key)
        kept.append((receiver, event))
    kept.reverse()
    return kept
