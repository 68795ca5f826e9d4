"""The connections of an open project: one writer behind the gate, and a reader for each thread."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from yolor_studio.core.errors import ProjectError
from yolor_studio.project.gate import Gate
from yolor_studio.project.recorder import Recorder

WAL_LIMIT_URGENT = 32 << 20
WAL_LIMIT = 4 << 20
"""The write-ahead log is folded into the file beyond so many bytes; gestures leave that to others for longer."""

# Frames and ids come out of numpy arrays often.
for _kind in (np.int16, np.int32, np.int64, np.uint32, np.uint64, np.bool_):
    sqlite3.register_adapter(_kind, int)
for _kind in (np.float32, np.float64):
    sqlite3.register_adapter(_kind, float)

GARBLED = UnicodeDecodeError
"""Raised in place of SQLite's own error where that quotes what stands in a damaged file."""

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "ncpfs", "afs", "9p", "fuse.glusterfs"})


class Store:
    """Connections to a project file; all writing goes through `write`, all reading through `reader`."""

    def __init__(self, path: Path, *, read_only: bool, immutable: bool = False, wal: bool = True) -> None:
        self.path = path
        self.read_only = read_only
        self.gate = Gate()
        self._uri = file_uri(path, read_only=True, immutable=immutable)
        self._wal_file = path.with_name(path.name + "-wal")
        self._wal = wal
        self._lock = threading.Lock()
        self._readers: dict[int, tuple[threading.Thread, sqlite3.Connection]] = {}
        self._local = threading.local()
        self._closed = False
        self.writer: sqlite3.Connection | None = None
        self.recorder: Recorder | None = None
        if not read_only:
            self.writer = connect(file_uri(path, read_only=False))
            _set_journal(self.writer, wal=wal)
            self.recorder = Recorder(self.writer)

    def reader(self) -> sqlite3.Connection:
        """The connection with which the calling thread reads: its own, or the writer's inside an edit, so that an
        edit sees what it has written."""
        if self.gate.mine and self.writer is not None:
            return self.writer
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._new_reader()
            self._local.connection = connection
        return connection

    @contextmanager
    def one_moment(self) -> Iterator[sqlite3.Connection]:
        """The connection with which the calling thread reads, seeing one moment of the project however many statements
        the reading takes: what others commit meanwhile is seen next time. Not for readings that hand out rows as they
        go, since whoever takes them may write."""
        connection = self.reader()
        if connection.in_transaction:  # inside an edit, or a reading that began before
            yield connection
            return
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    def _new_reader(self) -> sqlite3.Connection:
        if self._closed:
            raise self._is_closed()
        connection = connect(self._uri)
        with self._lock:
            for key, (thread, other) in list(self._readers.items()):
                if not thread.is_alive():
                    other.close()
                    del self._readers[key]
            self._readers[id(connection)] = (threading.current_thread(), connection)
        return connection

    def _is_closed(self) -> ProjectError:
        return ProjectError(f"The project {self.path.name} is closed.")

    @contextmanager
    def write(self, *, urgent: bool, durable: bool) -> Iterator[sqlite3.Connection]:
        """One transaction behind the gate, whole or not at all; `durable` waits for the disk.

        Raises ProjectError when the project is read-only or the disk refuses.
        """
        if self.read_only:
            raise ProjectError(f"The project {self.path.name} is open for reading only; nothing was changed.")
        with self.gate.hold(urgent=urgent):
            connection = self.writer
            if connection is None:
                raise self._is_closed()
            with told(self.path):
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable or not self._wal else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
        self._fold(WAL_LIMIT_URGENT if urgent else WAL_LIMIT)

    def _fold(self, limit: int) -> None:
        """Fold the log into the file when it has grown; beside other writers, who need not wait for it."""
        if not self._wal:
            return
        with suppress(OSError, sqlite3.Error, ProjectError):
            if self._wal_file.stat().st_size > limit:
                self.reader().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def close(self) -> None:
        """Close every connection once the write under way is done; the second call does nothing."""
        with self.gate.hold(urgent=True):
            with self._lock:
                self._closed = True
                readers, self._readers = self._readers, {}
            for _thread, connection in readers.values():
                connection.close()
            self._local = threading.local()
            if self.writer is not None:
                _leave_plain(self.writer)
                self.writer.close()
                self.writer = None


def connect(uri: str) -> sqlite3.Connection:
    """A connection that obeys foreign keys, trusts nothing that the file's schema calls, and begins transactions only
    when told to."""
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync does not reach the disk
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    # Once folded the log is cut to this, so that its size tells how much there is to fold.
    connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT // 2}")
    return connection


def file_uri(path: Path, *, read_only: bool, immutable: bool = False) -> str:
    """SQLite's URI of the file."""
    mode = "ro" if read_only else "rw"
    return f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"


def _set_journal(connection: sqlite3.Connection, *, wal: bool) -> None:
    if wal:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        return
    # A file that comes from a local disk says WAL; without shared memory it can be read only exclusively.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("PRAGMA locking_mode = NORMAL").fetchone()
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _leave_plain(connection: sqlite3.Connection) -> None:
    """Leave one plain file without a log, which can be copied and read anywhere; not while others read it."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a sentence for a person (ProjectError)."""
    try:
        yield
    except GARBLED as error:
        raise ProjectError(sentence(path, sqlite3.DatabaseError("malformed text"))) from error
    except sqlite3.Error as error:
        raise ProjectError(sentence(path, error)) from error


def sentence(path: Path, error: sqlite3.Error) -> str:
    """What went wrong, for a person; damage that was met is marked, so that the next opening checks everything."""
    text = str(error)
    if "full" in text:
        return f"The disk with {path.name} is full; the last step was not stored, everything before it is. Make room."
    if "FOREIGN KEY" in text:
        return "This cannot be done while something else uses what it would take away; nothing was changed."
    if "malformed" in text or "not a database" in text:
        with suppress(OSError):
            damage_mark(path).touch()
        return f"{path.name} is damaged ({text}); close it and open it again to save what can be read to a copy."
    return f"{path.name} could not be read or written ({text}); nothing was changed."


def damage_mark(path: Path) -> Path:
    """The empty file that says: damage was met, check everything at the next opening."""
    return path.with_name(path.name + "-damaged")


def on_network(path: Path) -> bool:
    """Whether the file lies on a network drive, where SQLite's write-ahead log does not work."""
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(os.path.abspath(path))[0]
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == 4
    return file_system(path, _mounts()) in _NETWORK


def file_system(path: Path, mounts: list[tuple[str, str]]) -> str:
    """The type of the file system that holds the path, from (mount point, type) pairs; "" when unknown."""
    whole = os.path.realpath(path)
    holders = [(len(point), kind) for point, kind in mounts if f"{whole}/".startswith(point.rstrip("/") + "/")]
    return max(holders, default=(0, ""))[1]


def _mounts() -> list[tuple[str, str]]:
    if sys.platform == "darwin":
        listed = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
        return re.findall(r"^.+? on (.+) \((\w+)", listed, re.MULTILINE)
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    cells = [line.split(" ") for line in lines]
    return [(cell[1].replace("\\040", " "), cell[2]) for cell in cells if len(cell) > 2]
