"""Work on a thread of which only the newest answer matters: figures and plans that follow what a person does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from yolor_studio.core.errors import StudioError
from yolor_studio.gui.bridge import Bridge

__all__ = ["Latest"]


class Latest(QObject):
    """Runs one piece of work at a time; of those asked for meanwhile only the newest is kept."""

    done = Signal(object)
    """What the work returned."""
    failed = Signal(str)
    """Why it did not: the sentence of its StudioError."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._waiting: Callable[[], Any] | None = None
        self._busy = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, work: Callable[[], Any]) -> None:
        """Run `work` soon; it must not touch a widget."""
        self._waiting = work
        if not self._busy:
            self._start()

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._busy

    def close(self) -> None:
        """Wait for the work under way and say nothing more."""
        self._closed, self._waiting = True, None
        if self._thread is not None:
            self._thread.join(10)

    def _start(self) -> None:
        work, self._waiting = self._waiting, None
        if work is None:
            return
        self._busy = True

        def body() -> None:
            try:
                answer: Any = work()
            except StudioError as error:
                answer = error
            self._bridge.post(self._take, answer)

        self._thread = threading.Thread(target=body, name="figures", daemon=True)
        self._thread.start()

    def _take(self, answer: Any) -> None:
        self._busy = False
        if self._closed:
            return
        if self._waiting is not None:
            self._start()
        elif isinstance(answer, StudioError):
            self.failed.emit(str(answer))
        else:
            self.done.emit(answer)
