"""Events reach the window's thread whole and in order; progress and previews are latest-wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from pytestqt.qtbot import QtBot

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import MediaError
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.latest import Latest
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Preview, Progress, Result, Started


def test_events_from_a_thread_arrive_in_order_on_the_windows_thread(qtbot: QtBot) -> None:
    bridge, got, threads = Bridge(), [], set()

    def receive(event: object) -> None:
        got.append(event)
        threads.add(threading.get_ident())

    sink = bridge.sink(receive)
    worker = threading.Thread(target=lambda: [sink(number) for number in range(500)])
    worker.start()
    qtbot.waitUntil(lambda: len(got) == 500, timeout=5000)
    worker.join()
    assert got == list(range(500))
    assert threads == {threading.get_ident()}


def test_only_the_last_progress_and_preview_of_a_drain_are_delivered(qtbot: QtBot) -> None:
    bridge, got = Bridge(), []
    for number in range(50):
        bridge.post(got.append, Progress(number))
        bridge.post(got.append, Preview(1, number))
        bridge.post(got.append, Notice(str(number)))
    bridge.drain()
    assert [event for event in got if isinstance(event, Notice)] == [Notice(str(n)) for n in range(50)]
    assert [event for event in got if isinstance(event, Progress)] == [Progress(49)]
    assert [event for event in got if isinstance(event, Preview)] == [Preview(1, 49)]


def test_receivers_do_not_overtake_each_other(qtbot: QtBot) -> None:
    bridge, first, second = Bridge(), [], []
    bridge.post(first.append, Progress(1))
    bridge.post(second.append, Progress(2))
    bridge.drain()
    assert (first, second) == ([Progress(1)], [Progress(2)])


def test_a_job_run_tells_its_end_with_value_and_failures(qtbot: QtBot) -> None:
    def job(_cancel: CancelToken) -> Iterator[Event]:
        yield Started("Work", 2, detail="here")
        yield ItemFailed("one", "broken")
        yield Progress(2, 2)
        yield Result("done")

    run = JobRun(job, Bridge())
    with qtbot.waitSignal(run.ended, timeout=5000) as ended:
        pass
    assert ended.args == [Outcome("done", failures=(ItemFailed("one", "broken"),))]
    assert (run.title, run.detail, run.progress.done, run.running) == ("Work", "here", 2, False)


def test_a_job_run_can_be_paused_and_cancelled(qtbot: QtBot) -> None:
    steps = threading.Semaphore(0)

    def job(cancel: CancelToken) -> Iterator[Event]:
        for number in range(1000):
            cancel.check()
            yield Progress(number)
            steps.acquire(timeout=0.01)

    run = JobRun(job, Bridge())
    qtbot.waitUntil(lambda: run.progress.done > 0, timeout=5000)
    run.pause()
    assert run.paused
    with qtbot.waitSignal(run.ended, timeout=5000) as ended:
        run.cancel()
    assert ended.args[0].cancelled


def test_an_exception_in_a_job_is_its_outcome(qtbot: QtBot) -> None:
    def job(_cancel: CancelToken) -> Iterator[Event]:
        yield Started("Work")
        raise MediaError("No such file. Nothing was changed.")

    run = JobRun(job, Bridge())
    with qtbot.waitSignal(run.ended, timeout=5000) as ended:
        pass
    assert str(ended.args[0].error) == "No such file. Nothing was changed."


def test_of_the_work_asked_for_meanwhile_only_the_newest_is_done(qtbot: QtBot) -> None:
    go, latest, done = threading.Event(), Latest(Bridge()), []
    latest.done.connect(done.append)
    latest.ask(lambda: go.wait(5) and 0)
    for number in range(1, 6):
        latest.ask(lambda number=number: number)
    go.set()
    qtbot.waitUntil(lambda: not latest.busy, timeout=5000)
    assert done == [5]


def test_what_a_person_waits_for_does_not_wait_for_the_interval(qtbot: QtBot) -> None:
    bridge, got = Bridge(), []
    bridge.drain()
    bridge.post(got.append, "soon")
    bridge.post(got.append, "now", urgent=True)
    qtbot.waitUntil(lambda: got == ["soon", "now"], timeout=5000)
