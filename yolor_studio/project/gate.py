"""The one door through which all writes pass: first come, first served, but the window before everybody else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from yolor_studio.core.errors import ProjectError

_URGENT_IN_A_ROW = 8
"""After so many urgent turns one of the others goes first, so that nobody waits for ever."""


class Gate:
    """A lock with two fair queues; urgent callers overtake the others, whose turns must therefore be short."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urgent: deque[threading.Event] = deque()
        self._others: deque[threading.Event] = deque()
        self._owner: int | None = None
        self._row = 0

    @property
    def mine(self) -> bool:
        """Whether the calling thread is inside."""
        return self._owner == threading.get_ident()

    @contextmanager
    def hold(self, *, urgent: bool) -> Iterator[None]:
        """Wait for a turn and keep it. Raises ProjectError when the thread is inside already."""
        if self.mine:
            raise ProjectError("An edit is under way on this thread; finish it before you write anything else.")
        self._enter(urgent)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, urgent: bool) -> None:
        turn = threading.Event()
        with self._lock:
            if self._owner is None:
                self._owner = threading.get_ident()
                return
            (self._urgent if urgent else self._others).append(turn)
        try:
            turn.wait()
        except BaseException:  # Ctrl-C: the turn must not be handed to nobody
            with self._lock:
                waiting = self._urgent if urgent else self._others
                if handed := turn not in waiting:
                    self._owner = threading.get_ident()
                else:
                    waiting.remove(turn)
            if handed:
                self._leave()
            raise
        self._owner = threading.get_ident()

    def _leave(self) -> None:
        with self._lock:
            nearest = self._next()
            # While the door is handed on nobody else may slip in: -1 is no thread's identity.
            self._owner = None if nearest is None else -1
        if nearest is not None:
            nearest.set()

    def _next(self) -> threading.Event | None:
        overdue = self._row >= _URGENT_IN_A_ROW and self._others
        if self._urgent and not overdue:
            self._row += 1
            return self._urgent.popleft()
        self._row = 0
        return self._others.popleft() if self._others else None
