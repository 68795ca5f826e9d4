"""Job threads, the inference worker, rates and streamed calls."""

from __future__ import annotations

import threading
import time

import pytest

from yolor_studio.core import working_time
from yolor_studio.core.errors import Cancelled
from yolor_studio.jobs.events import Progress, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.runner import Ended, JobThread
from yolor_studio.jobs.streaming import streamed
from yolor_studio.jobs.worker import BATCH, CLICK, InferenceWorker


def counting_job(cancel, total=10_000):
    yield Started("Counting", total)
    for number in range(total):
        cancel.check()
        yield Progress(number)
        time.sleep(0.001)
    yield Result(total)


def run_to_end(thread: JobThread) -> None:
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_job_ends_with_its_result_and_no_error():
    seen = []
    run_to_end(JobThread(lambda cancel: counting_job(cancel, 3), seen.append))
    assert seen[0] == Started("Counting", 3)
    assert seen[-2:] == [Result(3), Ended(None)]


def test_cancelling_ends_it_at_once_and_says_so():
    seen = []
    thread = JobThread(counting_job, seen.append)
    thread.start()
    while len(seen) < 5:
        time.sleep(0.001)
    thread.cancel()
    thread.join(2)
    assert not thread.is_alive()
    assert seen[-1].cancelled
    assert not any(isinstance(event, Result) for event in seen)


def test_an_exception_is_handed_over_and_not_lost():
    def job(cancel):
        yield Started("Failing")
        raise ZeroDivisionError("by design")

    seen = []
    run_to_end(JobThread(job, seen.append))
    assert isinstance(seen[-1].error, ZeroDivisionError)
    assert not seen[-1].cancelled


def test_a_paused_job_stands_still_goes_on_and_can_be_cancelled():
    seen = []
    thread = JobThread(counting_job, seen.append)
    thread.start()
    while len(seen) < 5:
        time.sleep(0.001)
    thread.pause()
    time.sleep(0.05)
    count = len(seen)
    time.sleep(0.05)
    assert len(seen) == count
    thread.resume()
    while len(seen) < count + 5:
        time.sleep(0.001)
    thread.pause()
    thread.cancel()
    thread.join(2)
    assert seen[-1].cancelled


def test_a_pause_after_the_cancel_does_not_keep_the_job():
    seen = []
    thread = JobThread(counting_job, seen.append)
    thread.cancel()
    thread.pause()
    run_to_end(thread)
    assert seen[-1].cancelled


def test_a_click_overtakes_the_batch():
    order, gate = [], threading.Event()
    with InferenceWorker() as worker:
        first = worker.submit(gate.wait)
        batch = [worker.submit(lambda n=n: order.append(n), priority=BATCH) for n in range(3)]
        click = worker.submit(lambda: order.append("click"), priority=CLICK)
        gate.set()
        for future in (first, *batch, click):
            future.result(5)
    assert order == ["click", 0, 1, 2]


def test_the_worker_hands_exceptions_back_and_lives_on():
    with InferenceWorker() as worker:
        with pytest.raises(ZeroDivisionError):
            worker.submit(lambda: 1 / 0).result(5)
        assert worker.submit(lambda: 7).result(5) == 7


def test_rate_and_time_left_come_from_the_last_seconds():
    now = [0.0]
    meter = RateMeter(100, clock=lambda: now[0])
    assert meter.progress(0).eta is None
    for second in range(1, 11):
        now[0] = float(second)
        progress = meter.progress(second)
    assert progress.rate == pytest.approx(1)
    assert progress.eta == pytest.approx(90)
    for second in range(11, 18):
        now[0] = float(second)
        progress = meter.progress(10 + 10 * (second - 10))
    assert progress.rate == pytest.approx(10)


def test_a_rate_is_of_the_working_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(working_time, "monotonic", lambda: now[0])
    meter = RateMeter(10)
    for second in (1, 2):
        now[0] += 1
        progress = meter.progress(second)
        with working_time.standing_still():
            now[0] += 600
    assert (progress.rate, progress.eta) == (pytest.approx(1), pytest.approx(8))


def test_a_pause_is_no_part_of_the_rate(monkeypatch):
    now, stands_still, told = [0.0], threading.Event(), []

    def monotonic():
        at = now[0]
        if thread.paused:
            stands_still.set()
        return at

    def job(_cancel):
        meter = RateMeter(20)
        for done in range(1, 21):
            now[0] += 1
            yield meter.progress(done)

    def sink(event):
        if isinstance(event, Progress):
            told.append((event.rate, event.eta))
            if event.done == 10:
                thread.pause()

    monkeypatch.setattr(working_time, "monotonic", monotonic)
    thread = JobThread(job, sink)
    thread.start()
    assert stands_still.wait(10)
    now[0] += 600
    thread.resume()
    thread.join(10)
    assert told == [(pytest.approx(1), pytest.approx(20 - done)) for done in range(1, 21)]


def test_a_streamed_call_reports_returns_and_raises():
    def job():
        value = yield from streamed(lambda report: [report(n) for n in range(5)] and "done", lambda n: Progress(n))
        yield Result(value)

    events = list(job())
    assert events[-1] == Result("done")
    assert events[-2] == Progress(4)

    def refuse(report):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(streamed(refuse, Progress))
