"""How fast a job goes and how long it will take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from yolor_studio.core.working_time import working_time
from yolor_studio.jobs.events import Progress

_WINDOW_S = 5.0


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
