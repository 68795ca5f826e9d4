"""The GPU worker: the one thread that runs the network, with a queue in which a click overtakes a batch."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
CLICK, BATCH = 0, 1
"""Priorities: what a person waits for comes before what runs in the background."""
_STOP = 2


class InferenceWorker:
    """Runs submitted calls one after another on its own thread, the most urgent first; a context manager."""

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[tuple[int, int, Callable[[], Any] | None, Future[Any]]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], T], *, priority: int = BATCH) -> Future[T]:
        """Queue `call`; its result or exception arrives in the returned future."""
        future: Future[T] = Future()
        self._queue.put((priority, next(self._order), call, future))
        return future

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._queue.put((_STOP, next(self._order), None, Future()))
        self._thread.join()

    def __enter__(self) -> InferenceWorker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while True:
            _, _, call, future = self._queue.get()
            if call is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
