"""How fast a job goes and how long it will take."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from yolor_studio.jobs.events import Progress

_WINDOW_S = 5.0
_paused = threading.local()


@contextmanager
def standing_still() -> Iterator[None]:
    """What this thread waits for in here is no part of the work that a RateMeter of it measures."""
    began = time.monotonic()
    try:
        yield
    finally:
        _paused.seconds = getattr(_paused, "seconds", 0.0) + time.monotonic() - began


def working_time() -> float:
    """Seconds on a clock that stops while this thread stands still."""
    return time.monotonic() - getattr(_paused, "seconds", 0.0)


class RateMeter:
    """Turns counts into Progress events with the rate of the last seconds and the time left."""

    def __init__(self, total: int | None, *, start: int = 0, clock: Callable[[], float] = working_time) -> None:
        """`start` units were done before, and do not count for the rate."""
        self._total = total
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque([(clock(), start)])

    def progress(self, done: int, note: str = "") -> Progress:
        """The state after `done` units."""
        now = self._clock()
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        then, before = self._samples[0]
        rate = (done - before) / (now - then) if now > then and done > before else None
        eta = (self._total - done) / rate if rate and self._total is not None else None
        return Progress(done, self._total, rate, eta, note)
