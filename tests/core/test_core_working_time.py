"""Waiting for a person is no work, and each thread has a clock of its own."""

from __future__ import annotations

import threading

import pytest

from yolor_studio.core import working_time as module
from yolor_studio.core.working_time import standing_still, working_time


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_standing_still_takes_no_time(now: list[float]) -> None:
    began = working_time()
    now[0] += 5
    with standing_still():
        now[0] += 60
    now[0] += 2
    with pytest.raises(ValueError, match="still"), standing_still():
        now[0] += 30
        raise ValueError("still")
    assert working_time() - began == pytest.approx(7)


def test_other_threads_go_on(now: list[float]) -> None:
    worked: list[float] = []

    def wait() -> None:
        began = working_time()
        with standing_still():
            now[0] += 60
        worked.append(working_time() - began)

    began = working_time()
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert worked == [0]
    assert working_time() - began == pytest.approx(60)
