"""A clock of each thread's own that stops while it waits for a person: rates and times left are told by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

_of_thread = threading.local()


@contextmanager
def standing_still() -> Iterator[None]:
    """What this thread waits for in here is no part of its working time."""
    began = monotonic()
    try:
        yield
    finally:
        _of_thread.stood_still = getattr(_of_thread, "stood_still", 0.0) + monotonic() - began


def working_time() -> float:
    """Seconds on this thread's clock."""
    return monotonic() - getattr(_of_thread, "stood_still", 0.0)
