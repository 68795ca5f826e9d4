"""Running a job: on a thread for the window, in place for scripts, inside another job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled
from yolor_studio.core.working_time import standing_still
from yolor_studio.jobs.events import Event, Job, Result


@dataclass(frozen=True, slots=True)
class Ended:
    """The last thing a job thread says; `error` is what ended it early, None when it finished."""

    error: Exception | None

    @property
    def cancelled(self) -> bool:
        """Whether a person stopped it."""
        return isinstance(self.error, Cancelled)


class JobThread(threading.Thread):
    """Drives one job and hands every event, then one Ended, to `sink` on this thread."""

    def __init__(self, make_job: Callable[[CancelToken], Job], sink: Callable[[Event | Ended], None]) -> None:
        super().__init__(name="job", daemon=True)
        self._make_job = make_job
        self._sink = sink
        self._cancel = CancelToken()
        self._may_go_on = threading.Event()
        self._may_go_on.set()

    def cancel(self) -> None:
        """Ask the job to stop; it ends with Ended(Cancelled)."""
        self._cancel.cancel()
        self._may_go_on.set()

    def pause(self) -> None:
        """Ask for no further event: the job's bounded queues fill, and its stages stand still."""
        self._may_go_on.clear()
        if self._cancel.cancelled:  # a pause that comes after the end was asked for must not keep it waiting
            self._may_go_on.set()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._may_go_on.set()

    @property
    def paused(self) -> bool:
        """Whether the job stands still."""
        return not self._may_go_on.is_set()

    def run(self) -> None:
        """Thread body; never raises."""
        error: Exception | None = None
        try:
            for event in self._make_job(self._cancel):
                self._sink(event)
                if self.paused:
                    with standing_still():
                        self._may_go_on.wait()
        except Exception as caught:
            error = caught
        self._sink(Ended(error))


def run_inside(job: Job) -> Generator[Event, None, Any]:
    """Pass a job's events on and return its result: `value = yield from run_inside(...)` within another job."""
    value: Any = None
    for event in job:
        if isinstance(event, Result):
            value = event.value
        else:
            yield event
    return value


def run_now(job: Job) -> Any:
    """Run a job here to its end, without a word; returns its result."""
    events = run_inside(job)
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value
