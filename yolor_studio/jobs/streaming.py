"""Turning a blocking call that reports through a callback into events of a job."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from yolor_studio.jobs.events import Event

T = TypeVar("T")
R = TypeVar("R")
_POLL_S = 0.1


def streamed(call: Callable[[Callable[[T], None]], R], to_event: Callable[[T], Event]) -> Generator[Event, None, R]:
    """Run `call(report)` on a thread and yield `to_event` of what it reports, the latest only when the reader is
    slower; returns its result or raises its exception. Used as `value = yield from streamed(...)`."""
    reports: queue.Queue[T] = queue.Queue()
    outcome: list[Any] = []

    def body() -> None:
        try:
            outcome.extend((call(reports.put), None))
        except Exception as error:
            outcome.extend((None, error))

    thread = threading.Thread(target=body, name="job call", daemon=True)
    thread.start()
    while thread.is_alive() or not reports.empty():
        try:
            latest = reports.get(timeout=_POLL_S)
            while not reports.empty():
                latest = reports.get_nowait()
        except queue.Empty:
            continue
        yield to_event(latest)
    thread.join()
    value, error = outcome
    if error is not None:
        raise error
    return value
