"""Fetching from a server on this machine: whole, in pieces, over a version's change, and everything that goes wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from file_server import Shop, serving

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, ModelError
from yolor_studio.jobs import fetch as fetching
from yolor_studio.jobs.events import Notice, Progress, Started
from yolor_studio.jobs.fetch import Fetched, Order, fetch
from yolor_studio.jobs.runner import run_now

DATA = os.urandom(1 << 20)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving(Shop(DATA)) as shop:
        yield shop


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "model.weights"


def get(shop: Shop, target: Path, *, size: int | None = len(DATA), sha256: str | None = SHA256) -> Fetched:
    order = Order(shop.url, "yolo-toy", size, sha256)
    return run_now(fetch(order, target, CancelToken(), local=True))


def refused(shop: Shop, target: Path, **known) -> str:
    with pytest.raises(ModelError) as caught:
        get(shop, target, **known)
    assert not target.exists()
    return str(caught.value)


def in_folder(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


@pytest.mark.parametrize("known", [{}, {"size": None, "sha256": None}])
def test_a_file_comes_whole_and_nothing_else_stays(shop, target, known):
    fetched = get(shop, target, **known)
    assert (fetched.path, fetched.size, fetched.sha256) == (target, len(DATA), SHA256)
    assert target.read_bytes() == DATA
    assert in_folder(target) == ["model.weights"]
    assert "yolor-studio/" in shop.requests[0]["user-agent"]


def test_progress_is_told_in_bytes(shop, target):
    order = Order(shop.url, "yolo-toy", len(DATA), SHA256)
    events = list(fetch(order, target, CancelToken(), local=True))
    assert Started("Downloading yolo-toy", len(DATA), "bytes", "127.0.0.1") in events
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == len(DATA)


@pytest.mark.parametrize("known", [{}, {"size": None, "sha256": None}])
def test_a_broken_download_goes_on_where_it_stood(shop, target, known):
    shop.cut_after = 700_001
    sentence = refused(shop, target, **known)
    assert sentence == (
        "The connection to 127.0.0.1 broke. The 700 kB that came are kept, and the same download goes on from there."
    )
    assert in_folder(target) == ["model.weights.part", "model.weights.part.json"]
    shop.cut_after = None
    assert get(shop, target, **known).sha256 == SHA256
    assert shop.requests[-1]["range"] == "bytes=700001-"
    assert shop.requests[-1]["if-range"] == shop.mark
    assert in_folder(target) == ["model.weights"]


def test_going_on_is_told_and_its_rate_counts_only_what_comes_now(shop, target):
    shop.cut_after = 1_000_000
    refused(shop, target)
    shop.cut_after = None
    events = list(fetch(Order(shop.url, "yolo-toy", len(DATA), SHA256), target, CancelToken(), local=True))
    assert Notice("Going on after the 1.0 MB that came before.") in events
    first = next(event for event in events if isinstance(event, Progress))
    assert (first.done, first.rate) == (1_000_000, None)


def test_another_version_is_fetched_from_the_start(shop, target):
    shop.cut_after = 500_000
    refused(shop, target, size=None, sha256=None)
    shop.cut_after, shop.mark, shop.data = None, '"version-2"', DATA[::-1]
    assert get(shop, target, size=None, sha256=None).sha256 == hashlib.sha256(DATA[::-1]).hexdigest()


def test_without_a_mark_of_the_version_only_a_known_hash_lets_it_go_on(shop, target):
    shop.cut_after, shop.mark = 500_000, ""
    refused(shop, target, sha256=None)
    shop.cut_after = None
    get(shop, target, sha256=None)
    assert "range" not in shop.requests[-1]
    target.unlink()
    shop.cut_after = 500_000
    refused(shop, target)
    shop.cut_after = None
    get(shop, target)
    assert shop.requests[-1]["range"] == "bytes=500000-"


def test_a_server_that_knows_no_ranges_sends_all_again(shop, target):
    shop.cut_after = 500_000
    refused(shop, target)
    shop.cut_after, shop.ranges = None, False
    assert get(shop, target).sha256 == SHA256


def test_a_part_that_is_whole_needs_no_more_bytes(shop, target):
    shop.cut_after = len(DATA) - 1
    refused(shop, target, size=None, sha256=None)
    part = target.with_name("model.weights.part")
    part.write_bytes(DATA)
    assert get(shop, target, size=None, sha256=None).sha256 == SHA256
    part.write_bytes(DATA)
    target.unlink()
    asked = len(shop.requests)
    assert get(shop, target).sha256 == SHA256
    assert len(shop.requests) == asked, "size and hash are known, so nobody is asked"


def test_a_file_that_is_there_already_is_not_fetched_again(shop, target):
    get(shop, target)
    get(shop, target)
    assert len(shop.requests) == 1
    target.write_bytes(DATA[::-1])
    assert get(shop, target).sha256 == SHA256


def test_a_wrong_hash_throws_the_file_away(shop, target):
    shop.data = DATA[::-1]
    sentence = refused(shop, target)
    assert "is not the file that is known: its SHA-256 is" in sentence
    assert "thrown away" in sentence
    assert in_folder(target) == []


def test_a_wrong_size_is_told_before_anything_comes(shop, target):
    assert "offers 1,048,576 bytes where yolo-toy has 1,000,000" in refused(shop, target, size=1_000_000)
    assert in_folder(target) == []


def test_a_server_that_sends_too_much_or_too_little_is_not_believed(shop, target):
    shop.claims = 0
    assert "gave an empty file" in refused(shop, target, size=None, sha256=None)
    shop.claims = len(DATA) + 5
    shop.cut_after = len(DATA)
    assert "broke" in refused(shop, target, size=None, sha256=None)


@pytest.mark.parametrize(
    ("page", "kind"), [(b"<!DOCTYPE html><p>Log in", "text/html"), (b"<html>no", "application/octet-stream")]
)
def test_a_web_page_in_place_of_the_file_is_named(shop, target, page, kind):
    shop.data, shop.kind = page, kind
    assert "web page instead of the file" in refused(shop, target, size=None, sha256=None)
    assert all(path.stat().st_size == 0 for path in target.parent.glob("*.part"))


def test_a_login_page_does_not_cost_what_had_come(shop, target):
    shop.cut_after = 500_000
    refused(shop, target)
    shop.cut_after, shop.kind = None, "text/html; charset=utf-8"
    assert "wants a login first. The 500 kB that came are kept" in refused(shop, target)
    shop.kind = "application/octet-stream"
    assert get(shop, target).sha256 == SHA256


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            404,
            "has no model.weights at this address any more (404). Nothing was downloaded. If you have the file from ",
        ),
        (410, "(410)"),
        (403, "did not give model.weights (403 Forbidden). Nothing was downloaded."),
        (503, "(503 Service Unavailable)"),
    ],
)
def test_what_the_server_refuses_is_one_sentence(shop, target, status, words):
    shop.status = status
    assert words in refused(shop, target)


def test_offline_is_one_sentence(target):
    shop = Shop(DATA, url="https://127.0.0.1:9/model.weights")
    assert refused(shop, target) == (
        "127.0.0.1 cannot be reached (Connection refused). Nothing was downloaded. "
        "Try again when there is a connection."
    )


def test_only_https_is_asked_and_only_followed_to_https(shop, target):
    with pytest.raises(ModelError, match="not https"):
        run_now(fetch(Order(shop.url, "yolo-toy"), target, CancelToken()))
    for elsewhere in ("http://example.invalid/model.weights", "file:///etc/passwd", "ftp://example.invalid/x"):
        with pytest.raises(ModelError, match=r"not https|did not give"):
            run_now(fetch(Order(elsewhere, "yolo-toy"), target, CancelToken(), local=True))
        shop.goes_to = elsewhere
        sentence = refused(shop, target)
        assert "not https" in sentence or "302" in sentence
    shop.goes_to = "/there"
    assert get(shop, target).sha256 == SHA256


def test_cancelling_keeps_the_part_and_does_not_wait_for_a_silent_server(shop, target):
    shop.stalls = True
    cancel = CancelToken()
    began = time.monotonic()
    with pytest.raises(Cancelled, match=r"Stopped\. The 524 kB that came are kept"):
        for event in fetch(Order(shop.url, "yolo-toy", len(DATA), SHA256), target, cancel, local=True):
            if isinstance(event, Progress) and event.done == len(DATA) // 2:
                threading.Timer(0.2, cancel.cancel).start()
    assert time.monotonic() - began < 4
    shop.stalls = False
    assert get(shop, target).sha256 == SHA256
    assert shop.requests[-1]["range"] == f"bytes={len(DATA) // 2}-"


def test_two_downloads_of_one_file_do_not_write_into_each_other(shop, target):
    shop.stalls = True
    first = fetch(Order(shop.url, "yolo-toy", len(DATA), SHA256), target, CancelToken(), local=True)
    next(first)
    assert "by another window or process already" in refused(shop, target)
    first.close()


def test_a_full_disk_keeps_what_came(shop, target, monkeypatch):
    append = fetching._Part.append

    def full(part: fetching._Part, data: bytes) -> None:
        if part.size > 300_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(part, data)

    with monkeypatch.context() as patched:
        patched.setattr(fetching._Part, "append", full)
        assert "is full. What came is kept; make room" in refused(shop, target)
    assert get(shop, target).sha256 == SHA256
    assert shop.requests[-1]["range"].startswith("bytes=")


def test_a_file_larger_than_the_disk_is_not_begun(shop, target, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1000))
    assert "The disk has 1.0 kB free, and 1.0 MB are still to come. Nothing was downloaded." in refused(shop, target)
    assert shop.requests == []
