"""Fetching a large file: resumable over interruptions and processes, checked before anybody reads it."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import shutil
import socket
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.amounts import size_text
from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, ModelError, ProjectError
from yolor_studio.jobs.events import BYTES, Event, Notice, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.web import PART, Answer, NothingLeft, ask, broken, host_of
from yolor_studio.project.lock import ProjectLock

MOST_BYTES = 4_000_000_000
"""No model is larger: whoever sends more is not believed."""
_CHUNK = 1 << 18
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head")


@dataclass(frozen=True, slots=True)
class Order:
    """What to fetch, and what is known of it."""

    url: str
    title: str
    """What a person calls it."""
    size: int | None = None
    """Its exact bytes, where they are known."""
    sha256: str | None = None
    """Hex, where it is known."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there whole."""

    path: Path
    size: int
    sha256: str


def part_of(target: Path) -> Path:
    """Where a file lies while it comes."""
    return target.with_name(f"{target.name}.part")


def fetch(order: Order, target: Path, cancel: CancelToken, *, local: bool = False) -> Iterator[Event]:
    """Fetch into `target`; last Result(Fetched).

    What has come stays in `target`.part when the connection breaks or a person cancels, and the next call, from
    whatever process, goes on from there. `local` allows plain http on this machine, for tests. ModelError says what
    went wrong and what was kept; a file of the wrong size or hash, or a web page in its place, is thrown away.
    """
    if target.is_file() and (size := target.stat().st_size) == (order.size or size):
        with contextlib.suppress(ModelError):
            yield Result(_checked(order, target))
            return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = ProjectLock(part_of(target))
    except OSError as error:
        raise ModelError(f"{target.parent} cannot be written: {error.strerror}. Nothing was downloaded.") from error
    except ProjectError as error:
        raise ModelError(f"{order.title} is being downloaded by another window or process already.") from error
    try:
        fetched = yield from _fetch(order, target, cancel, local=local)
    except OSError as error:
        raise ModelError(_disk(error, target)) from error
    finally:
        lock.release()
    yield Result(fetched)


def _fetch(order: Order, target: Path, cancel: CancelToken, *, local: bool) -> Generator[Event, None, Fetched]:
    part = _Part(part_of(target), order)
    part.open()
    try:
        if order.size is None or part.size < order.size:
            _check_room(order, part)
            yield from _receive(order, part, cancel, local=local)
        part.finish()
        fetched = Fetched(target, part.size, part.digest.hexdigest())
        _check(order, fetched)
    except _Worthless:
        part.drop()
        raise
    finally:
        part.close()
        if not part.size:
            part.drop()
    os.replace(part.path, target)
    part.drop()
    return fetched


class _Worthless(ModelError):
    """What has come is of no use and is thrown away."""


class _Part:
    """The file that grows, and a note beside it of where it comes from: only the same file is continued."""

    def __init__(self, path: Path, order: Order) -> None:
        self.path, self._order = path, order
        self._note = path.with_name(f"{path.name}.json")
        self.validator = ""
        """The server's mark of this version of the file, for If-Range."""
        self.size = 0
        self.digest = hashlib.sha256()
        self._file = None

    def open(self) -> None:
        """Take up what is there, if it can be continued."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            note = json.loads(self._note.read_text("utf-8"))
            if note.get("url") == self._order.url:
                self.validator = str(note.get("validator", ""))
        # Without a mark only the hash can tell whether two halves belong together.
        if not (self.validator or self._order.sha256) or self._too_long():
            self.path.unlink(missing_ok=True)
        self._file = self.path.open("ab")
        with self.path.open("rb") as file:
            while data := file.read(1 << 20):
                self.digest.update(data)
                self.size += len(data)

    def _too_long(self) -> bool:
        limit = MOST_BYTES if self._order.size is None else self._order.size
        return self.path.is_file() and self.path.stat().st_size > limit

    def restart(self) -> None:
        """Begin anew: the server sends the whole file."""
        assert self._file is not None
        self._file.truncate(0)
        self.size, self.digest, self.validator = 0, hashlib.sha256(), ""

    def mark(self, validator: str) -> None:
        """Note which version is coming."""
        self.validator = validator
        self._note.write_text(json.dumps({"url": self._order.url, "validator": validator}), "utf-8")

    def append(self, data: bytes) -> None:
        """Add what came."""
        assert self._file is not None
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)

    def finish(self) -> None:
        """Make sure that it is on the disk."""
        assert self._file is not None
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk was told already
                self._file.close()

    def drop(self) -> None:
        """Throw both files away."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    @property
    def kept(self) -> str:
        """What a person still has when it stops here."""
        if not self.size:
            return "Nothing was downloaded."
        return f"The {size_text(self.size)} that came are kept, and the same download goes on from there."


def _receive(order: Order, part: _Part, cancel: CancelToken, *, local: bool) -> Generator[Event, None, None]:
    cancel.check()
    headers = {"Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        if part.validator:
            headers["If-Range"] = part.validator
    try:
        answer = ask(order.url, headers, local=local, kept=part.kept)
    except NothingLeft as end:
        if _range_of(str(end))[1] != part.size:
            raise _Worthless(f"What came of {order.title} is longer than the file. It was thrown away.") from None
        return
    with answer:
        total = _begin(order, part, answer)
        yield Started(f"Downloading {order.title}", total, BYTES, host_of(order.url))
        if part.size:
            yield Notice(f"Going on after the {size_text(part.size)} that came before.")
        meter = RateMeter(total, start=part.size)
        cancel.on_cancel(lambda: _interrupt(answer))
        yield meter.progress(part.size)
        for data in _chunks(order, part, answer, cancel):
            part.append(data)
            if part.size > (MOST_BYTES if total is None else total):
                raise _Worthless(f"{host_of(order.url)} sends more than the file has. What came was thrown away.")
            yield meter.progress(part.size)
    if total is not None and part.size < total:
        raise ModelError(f"The connection to {host_of(order.url)} broke. {part.kept}")


def _begin(order: Order, part: _Part, answer: Answer) -> int | None:
    """Where the answer's bytes belong; the file's whole size, None while unknown."""
    if answer.headers.get_content_type() == "text/html":
        raise ModelError(
            f"{host_of(order.url)} gave a web page instead of the file: perhaps this network wants a login first. "
            f"{part.kept}"
        )
    total: int | None = None
    if answer.status == PART:
        start, total = _range_of(answer.headers.get("Content-Range", ""))
        if start != part.size:
            raise _Worthless(f"{host_of(order.url)} sent another part than was asked for. What came was thrown away.")
    else:
        part.restart()
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
    if order.size is not None and total is not None and total != order.size:
        raise _Worthless(
            f"{host_of(order.url)} offers {total:,} bytes where {order.title} has {order.size:,}: it is another file. "
            "Nothing of it was kept."
        )
    part.mark(_validator(answer))
    return order.size if total is None else total


def _validator(answer: Answer) -> str:
    """A strong ETag, else the date; If-Range takes nothing weaker."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _range_of(text: str) -> tuple[int | None, int | None]:
    """ "bytes 100-199/1000" -> (100, 1000)."""
    span, _, whole = text.removeprefix("bytes").strip().partition("/")
    first = span.partition("-")[0]
    return int(first) if first.isdecimal() else None, int(whole) if whole.isdecimal() else None


def _chunks(order: Order, part: _Part, answer: Answer, cancel: CancelToken) -> Iterator[bytes]:
    while True:
        try:
            data = answer.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if cancel.cancelled:
                data = b""
            else:
                raise ModelError(broken(order.url, error, part.kept)) from error
        if cancel.cancelled:
            raise Cancelled(f"Stopped. {part.kept}")
        if not data:
            return
        if not part.size and data.lstrip()[:9].lower().startswith(_PAGES):
            raise _Worthless(f"{host_of(order.url)} gave a web page instead of the file. It was thrown away.")
        yield data


def _interrupt(answer: Answer) -> None:
    """Wake whoever waits for bytes: a cancelled download must not wait for a machine that says nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # it may be closed by now
        connection = socket.fromfd(answer.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        with connection:
            connection.shutdown(socket.SHUT_RDWR)


def _checked(order: Order, path: Path) -> Fetched:
    """A file from an earlier download, if it is the right one and nothing needs to be fetched."""
    if order.sha256 is None:
        raise _Worthless("its hash is not known yet")
    with path.open("rb") as file:
        fetched = Fetched(path, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    _check(order, fetched)
    return fetched


def _check(order: Order, fetched: Fetched) -> None:
    if order.size is not None and fetched.size != order.size:
        raise _Worthless(
            f"{order.title} came with {fetched.size:,} bytes where {order.size:,} are expected. It was thrown away."
        )
    if not fetched.size:
        raise _Worthless(f"{host_of(order.url)} gave an empty file. It was thrown away.")
    if order.sha256 is not None and fetched.sha256 != order.sha256:
        raise _Worthless(
            f"{order.title} is not the file that is known: its SHA-256 is {fetched.sha256[:16]}…, and "
            f"{order.sha256[:16]}… is expected. It was thrown away, and nothing in it was read."
        )


def _check_room(order: Order, part: _Part) -> None:
    if order.size is None:
        return
    free, missing = shutil.disk_usage(part.path.parent).free, order.size - part.size
    if free < missing:
        raise ModelError(
            f"The disk has {size_text(free)} free, and {size_text(missing)} are still to come. {part.kept}"
        )


def _disk(error: OSError, target: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk that holds {target.parent} is full. What came is kept; make room, and the same download goes on."
        )
    return f"{target.name} cannot be written: {error.strerror}. What came is kept."
