"""Making and opening project files: what is refused, what is opened for reading only, and why."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from yolor_studio.core.errors import ProjectError
from yolor_studio.project import batches, schema
from yolor_studio.project.lock import ProjectLock
from yolor_studio.project.salvage import salvage
from yolor_studio.project.store import GARBLED, Store, connect, damage_mark, file_uri, on_network, sentence

CHECKED_WHOLE = 32 << 20
"""Files up to so many bytes are checked whole when opened (some 0.1 s), larger ones at both ends of each table."""


class Opened:
    """An open store with the lock that goes with it and the reason why it may only be read."""

    def __init__(self, store: Store, lock: ProjectLock | None, reason: str | None) -> None:
        self.store = store
        self.lock = lock
        self.reason = reason


def create(path: Path) -> Opened:
    """A new, empty project file. Raises ProjectError when there is a file already or none can be made."""
    if path.exists():
        raise ProjectError(f"{path.name} exists already; open it, or choose another name.")
    try:
        lock = ProjectLock(path)
    except ProjectError as error:
        raise ProjectError(f"{path.name} could not be made in {path.parent}: {error}.") from error
    try:
        _write_new(path)
        return Opened(Store(path, read_only=False, wal=not on_network(path)), lock, None)
    except (OSError, sqlite3.Error) as error:
        lock.release()
        raise ProjectError(f"{path.name} could not be made in {path.parent}: {error}.") from error


def _write_new(path: Path) -> None:
    # Written under another name, so that a half-made file is never found under this one.
    draft = path.with_name(f"{path.name}-new")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        schema.create_tables(connection)
    finally:
        connection.close()
    os.replace(draft, path)


def open_file(path: Path, *, read_only: bool) -> Opened:
    """Open a project file, for reading only where it cannot be written.

    Raises ProjectError when it is no project, newer than this program can read, or damaged; what can be read of a
    damaged one has then been written to a copy.
    """
    _refuse_foreign(path)
    lock, reason = (None, "it was asked for") if read_only else _take_lock(path)
    try:
        return _open(path, lock, reason)
    except BaseException as error:
        if lock is not None:
            lock.release()
        # Its subclasses are about circumstances, not about the file.
        if type(error) is sqlite3.DatabaseError or isinstance(error, GARBLED):
            raise ProjectError(_damaged(path, error)) from error
        if isinstance(error, sqlite3.Error):
            raise ProjectError(sentence(path, error)) from error
        raise


def _refuse_foreign(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError as error:
        raise ProjectError(f"There is no project {path}.") from error
    except OSError as error:
        raise ProjectError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise ProjectError(f"{path.name} is empty; it is not a YOLOR Studio project.")
    if head[:16] != b"SQLite format 3\0":
        raise ProjectError(f"{path.name} is not a YOLOR Studio project.")
    if int.from_bytes(head[68:72]) != schema.APPLICATION_ID:
        raise ProjectError(f"{path.name} is a database of another program, not a YOLOR Studio project.")


def _take_lock(path: Path) -> tuple[ProjectLock | None, str | None]:
    if not os.access(path, os.W_OK):
        return None, "the file is write-protected"
    if not os.access(path.parent, os.W_OK):
        return None, "its folder is write-protected"
    try:
        return ProjectLock(path), None
    except ProjectError as error:
        return None, str(error)


def _open(path: Path, lock: ProjectLock | None, reason: str | None) -> Opened:
    _refuse_unfolded(path)
    newer = _examine(path)
    if newer and lock is not None:
        lock.release()
        lock = None
    reason = newer or reason
    if lock is None:
        return Opened(Store(path, read_only=True, immutable=_needs_immutable(path)), None, reason)
    wal = not on_network(path)
    connection = connect(file_uri(path, read_only=False))
    try:
        schema.migrate(connection, path)
    finally:
        connection.close()
    store = Store(path, read_only=False, wal=wal)
    if batches.any_pending(store.reader()):
        with store.write(urgent=True, durable=True) as connection:
            batches.drop_pending(connection)
    return Opened(store, lock, None)


def _refuse_unfolded(path: Path) -> None:
    """A log that cannot be folded in would hide the last edits without a word."""
    log = path.with_name(path.name + "-wal")
    shared = path.with_name(path.name + "-shm")  # somebody has it open, and shares
    if not os.access(path.parent, os.W_OK) and log.exists() and log.stat().st_size and not shared.exists():
        raise ProjectError(
            f"{path.name} was not closed properly and lies in a write-protected folder, where its last edits cannot be"
            f" read; copy it together with {log.name} to a folder that can be written, and open it there."
        )


def _examine(path: Path) -> str | None:
    """The reason why a newer file is opened for reading only, None for one of our version or older.

    Raises ProjectError for a newer file that cannot be read, sqlite3.DatabaseError for a damaged one.
    """
    connection = connect(file_uri(path, read_only=True, immutable=_needs_immutable(path)))
    try:
        version = schema.user_version(connection)
        if version > schema.VERSION:
            if schema.readable(connection):
                return f"a newer version of YOLOR Studio made it (format {version}, this one writes {schema.VERSION})"
            raise ProjectError(
                f"{path.name} was made by a newer version of YOLOR Studio (format {version}, this one reads up to"
                f" {schema.VERSION}); nothing was changed. Update the program to open it."
            )
        _check(path, connection)
        return None
    finally:
        connection.close()


def _check(path: Path, connection: sqlite3.Connection) -> None:
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    log = path.with_name(path.name + "-wal")
    if path.stat().st_size < pages * size and not log.exists():
        raise sqlite3.DatabaseError(f"{pages * size} bytes expected, {path.stat().st_size} found")
    if schema.user_version(connection) == schema.VERSION and not schema.readable(connection):
        raise sqlite3.DatabaseError("a table is missing")
    mark = damage_mark(path)
    if pages * size <= CHECKED_WHOLE or mark.exists():
        with suppress(OSError):
            mark.unlink(missing_ok=True)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    else:
        _read_ends(connection)


def _read_ends(connection: sqlite3.Connection) -> None:
    """Read the first and the last row of every table."""
    for table in schema.TABLES:
        keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
        for direction in ("ASC", "DESC"):
            order = ", ".join(f"{key} {direction}" for key in keys)
            connection.execute(f"SELECT * FROM {table} ORDER BY {order} LIMIT 1").fetchall()


def _needs_immutable(path: Path) -> bool:
    """Whether the file can be read only as one that nobody writes: in a write-protected folder without a log."""
    return not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()


def _damaged(path: Path, problem: BaseException) -> str:
    error = "its list of tables is garbled" if isinstance(problem, GARBLED) else str(problem).splitlines()[-1]
    saved = salvage(path)
    if saved is None:
        return f"{path.name} is damaged ({error}) and nothing in it can be read; restore it from a backup."
    return (
        f"{path.name} is damaged ({error}); the {saved.rows} rows that can be read were saved to"
        f" {saved.path.name} beside it. Open that one; the damaged file was left as it is."
    )
