"""The frame cache and the decoder thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from media_clips import make_clip, number_of
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media import FrameCache, FrameServer, Source, build_index, open_media


def picture(value: int, size: int = 10) -> NDArray[np.uint8]:
    return np.full((size, 10, 1), value, np.uint8)


def test_the_cache_holds_bytes_not_pictures() -> None:
    cache = FrameCache(250)
    for index in range(3):
        cache.put("a", index, picture(index))
    assert (len(cache), cache.bytes, cache.get("a", 0)) == (2, 200, None)
    assert cache.get("a", 1) is not None
    cache.put("b", 7, picture(7))
    assert ("a", 2) not in cache, "the one not used for longest goes"
    assert ("a", 1) in cache
    cache.put("a", 1, picture(9, size=2))
    assert cache.bytes == 120
    cache.put("a", 3, picture(3, size=26))
    assert ("a", 3) not in cache, "larger than the cache"
    cache.drop("a")
    assert (len(cache), cache.bytes) == (1, 100)


class Answers:
    """Collects what a server calls back, with a wait."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[int, NDArray[np.uint8] | str]] = queue.Queue()

    def __call__(self, index: int, answer: NDArray[np.uint8] | str) -> None:
        self._queue.put((index, answer))

    def next(self) -> tuple[int, NDArray[np.uint8] | str]:
        return self._queue.get(timeout=20)

    @property
    def none(self) -> bool:
        return self._queue.empty()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", 40, gop=20)


@pytest.fixture
def server(clip: Path, answers: Answers) -> Iterator[FrameServer]:
    blob = build_index(clip).to_bytes()
    server = FrameServer(lambda: open_media(clip, index=blob), answers, answers)
    yield server
    server.close()


def test_requests_are_answered(server: FrameServer, answers: Answers) -> None:
    for wanted in (5, 30, 5, 39):
        server.request(wanted)
        index, bgra = answers.next()
        assert isinstance(bgra, np.ndarray)
        assert (index, number_of(bgra), bgra.shape) == (wanted, wanted, (32, 128, 4))
        assert server.cached(wanted) is bgra
    assert server.cached(6) is None


def test_prefetch_in_both_directions(server: FrameServer, answers: Answers) -> None:
    for wanted, prefetch, neighbours in ((10, 3, (11, 12, 13)), (20, -3, (19, 18, 17))):
        server.request(wanted, prefetch=prefetch)
        assert answers.next()[0] == wanted
        server.wait_idle(20)
        for index in neighbours:
            bgra = server.cached(index)
            assert bgra is not None
            assert number_of(bgra) == index
    assert answers.none, "prefetched frames are not delivered"


def test_prefetch_stops_at_the_ends(server: FrameServer, answers: Answers) -> None:
    server.request(39, prefetch=5)
    assert answers.next()[0] == 39
    server.request(1, prefetch=-5)
    assert answers.next()[0] == 1
    server.wait_idle(20)
    assert server.cached(0) is not None
    assert answers.none


def test_a_frame_that_is_not_there_is_an_error(server: FrameServer, answers: Answers) -> None:
    server.request(40)
    index, sentence = answers.next()
    assert index == 40
    assert "40 frames" in str(sentence)
    server.request(2)
    assert answers.next()[0] == 2


class SlowSource:
    """A source that waits for a permit before each frame."""

    def __init__(self, inner: Source) -> None:
        self.inner, self.permits, self.begun, self.closed = inner, threading.Semaphore(0), queue.Queue[int](), False

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        self.begun.put(index)
        assert self.permits.acquire(timeout=20)
        return self.inner.read(index, bgra=bgra)

    def __enter__(self) -> SlowSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        self.inner.close()


def test_the_newest_request_wins(clip: Path, answers: Answers) -> None:
    slow = SlowSource(open_media(clip))
    server = FrameServer(lambda: slow, answers, answers)  # pyright: ignore
    server.request(1, prefetch=4)
    assert slow.begun.get(timeout=20) == 1
    for index in (2, 3, 4):
        server.request(index)
    slow.permits.release(10)
    assert [answers.next()[0], answers.next()[0]] == [1, 4]
    server.close()
    assert answers.none
    assert slow.closed
    assert not any(thread.name == "frames" for thread in threading.enumerate())


def test_a_media_that_does_not_open_answers_every_request(answers: Answers) -> None:
    def broken() -> Source:
        raise MediaError("It is broken.")

    server = FrameServer(broken, answers, answers)
    for index in (3, 4):
        server.request(index, prefetch=2)
        assert answers.next() == (index, "It is broken.")
    server.close()


def test_a_small_cache_still_serves(clip: Path, answers: Answers) -> None:
    server = FrameServer(lambda: open_media(clip), answers, answers, max_bytes=100)
    server.request(7)
    index, bgra = answers.next()
    assert index == 7
    assert isinstance(bgra, np.ndarray)
    assert number_of(bgra) == 7
    assert server.cached(7) is None
    server.close()


def test_an_error_that_nobody_foresaw_is_answered_and_the_thread_lives_on(
    clip: Path, answers: Answers, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = open_media(clip)
    read = source.read

    def failing(index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        if index == 3:
            raise MemoryError("no room")
        return read(index, bgra=bgra)

    monkeypatch.setattr(source, "read", failing)
    server = FrameServer(lambda: source, answers, answers)
    server.request(3)
    assert answers.next() == (3, "The picture cannot be shown: MemoryError no room")
    assert "could not be read" in caplog.text
    server.request(4)
    assert answers.next()[0] == 4
    server.close()
