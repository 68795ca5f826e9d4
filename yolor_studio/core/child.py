"""Running a module of ours in a child process: a request in, JSON lines out; closing its stdin asks it to stop.

A child keeps the memory of its libraries, their printing, their crashes and their hold on the interpreter lock away
from the window. The parent's side is `run_child` or `stream_child`, the child's `answer` or `serve`.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from yolor_studio.core import errors
from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import StudioError
from yolor_studio.core.working_time import standing_still

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_EVENT, _ANSWER, _ERROR = "event", "answer", "error"
_EVENT_LINE = b'{"event":'
_COMPLAINTS = 4096
"""Bytes at the end of what a child wrote to stderr that are looked at."""


class ChildDied(StudioError):
    """A child process ended without an answer: killed, out of memory, or an error that nobody foresaw."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The measurement stopped: {reason}. Nothing was changed.")
        self.reason = reason


def run_child(module: str, request: Any, *, cancel: CancelToken | None = None) -> Any:
    """What `python -m module` answers to `request`, both of them JSON values.

    Raises Cancelled when the token is set meanwhile (the child is killed), the child's own StudioError, and ChildDied
    with its last line when it fails otherwise.
    """
    with _started(module, request) as (process, complaints):
        if cancel is not None:
            cancel.on_cancel(process.kill)
        _close(process)
        reply = process.stdout.read() if process.stdout else b""
        process.wait()
        if cancel is not None:
            cancel.check()
        return _answer_in(reply.splitlines()[-1:], process, complaints)


def stream_child(module: str, request: Any, *, cancel: CancelToken | None = None) -> Generator[Any, None, Any]:
    """Yield every JSON value that `python -m module` tells and return its answer: `answer = yield from stream_child()`.

    The token asks the child to end in its own way, which then tells of it by an error, as a rule Cancelled. Whoever
    closes the generator kills the child. Raises as `run_child` does.
    """
    with _started(module, request) as (process, complaints):
        if cancel is not None:
            cancel.on_cancel(lambda: _close(process))
        last: list[bytes] = []
        with io.BufferedReader(process.stdout) as lines:  # pyright: ignore[reportArgumentType]
            for line in lines:
                if line.startswith(_EVENT_LINE) and line.endswith(b"\n"):
                    yield orjson.loads(line)[_EVENT]
                else:
                    last = [line]
        process.wait()
        return _answer_in(last, process, complaints)


def answer(handle: Callable[[Any], Any]) -> None:
    """The child's side of `run_child`: read the request and write what `handle` makes of it."""

    def tell_nothing(request: Any, _cancel: CancelToken) -> Iterator[Any]:
        yield from ()
        return handle(request)

    serve(tell_nothing)


def serve(handle: Callable[[Any, CancelToken], Generator[Any, None, Any] | Iterator[Any]]) -> None:
    """The child's side of `stream_child`: write every value that `handle(request, cancel)` yields, and what it returns.

    What libraries print on stdout goes to stderr. The token is set when the parent asks to stop or is no more.
    """
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = orjson.loads(_read_line(0))
    cancel = CancelToken()
    threading.Thread(target=_watch, args=(cancel,), daemon=True).start()
    events = iter(handle(request, cancel))

    with contextlib.redirect_stdout(sys.stderr):
        try:
            while True:
                _write(out, _EVENT, next(events))
        except StopIteration as stop:
            _write(out, _ANSWER, stop.value)
        except StudioError as error:
            _write(out, _ERROR, [type(error).__name__, str(error)])
        except BrokenPipeError:  # the parent is no more: the work ends as if it had been asked to
            cancel.cancel()
            with contextlib.suppress(StudioError):
                for _ in events:
                    pass


def _write(out: IO[bytes], kind: str, value: Any) -> None:
    """Write a line. A parent that is paused does not take it: what the child waits then is not its working time."""
    line = orjson.dumps({kind: value}, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"
    with standing_still():
        out.write(line)
        out.flush()


@contextlib.contextmanager
def _started(module: str, request: Any) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The running child, which has its request, and the file of what it writes to stderr; killed when left early."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [_PACKAGE_PARENT, environment.get("PYTHONPATH")]))
    with tempfile.TemporaryFile() as complaints, _popen(module, environment, complaints) as process:
        try:
            _send(process, orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
            yield process, complaints
        finally:
            if process.poll() is None:
                process.kill()
            _close(process)


def _popen(module: str, environment: dict[str, str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    """In a process group of its own: Ctrl-C in the terminal is for the parent, which asks the child in its own way."""
    windows = sys.platform == "win32"
    return subprocess.Popen(
        # -P: the folder in which the program was started may hold anybody's numpy.py.
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        bufsize=0,  # so that a signal handler can close stdin whatever it interrupts
        env=environment,
        process_group=None if windows else 0,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _send(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    view = memoryview(data)
    with contextlib.suppress(BrokenPipeError):  # it died at once; its end tells why
        while view:
            view = view[process.stdin.write(view) :]


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _answer_in(lines: list[bytes], process: subprocess.Popen[bytes], complaints: IO[bytes]) -> Any:
    try:
        reply = orjson.loads(lines[0]) if lines else {}
    except orjson.JSONDecodeError:  # killed while it wrote
        reply = {}
    if _ANSWER in reply:
        return reply[_ANSWER]
    if _ERROR in reply:
        name, sentence = reply[_ERROR]
        raise getattr(errors, name, StudioError)(sentence)
    raise ChildDied(_reason(process.returncode, complaints))


def _reason(code: int, complaints: IO[bytes]) -> str:
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(complaints.tell() - _COMPLAINTS, 0))
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    if code < 0:
        return f"it was killed by signal {-code}" + (", as happens when memory runs out" if code == -9 else "")
    return lines[-1] if lines else f"it ended with code {code}"


def _read_line(descriptor: int) -> bytes:
    """One line, read without a buffer that would swallow what follows."""
    parts: list[bytes] = []
    while not parts or not parts[-1].endswith(b"\n"):
        part = os.read(descriptor, 1 << 20)
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def _watch(cancel: CancelToken) -> None:
    """Wait for stdin's end; unbuffered, because a lock on sys.stdin would hold up the interpreter's own end."""
    with contextlib.suppress(OSError):
        while os.read(0, 1 << 16):
            pass
    cancel.cancel()
