"""What can still be read of a damaged project is copied to a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.errors import ProjectError
from yolor_studio.project import schema, settings
from yolor_studio.project.store import GARBLED, connect, file_uri

_BATCH = 1000
_ORIGIN = "salvaged_from"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A copy that holds the rows that could be read."""

    path: Path
    rows: int


def salvage(path: Path) -> Salvaged | None:
    """Copy what can be read to NAME-salvaged.yolor beside the file, or name the copy that was made of it as it is now;
    None when nothing can be read."""
    state = _state(path)
    target, number = path.with_name(f"{path.stem}-salvaged{path.suffix}"), 1
    while target.exists():
        if (rows := _rows_from(target, state)) is not None:
            return Salvaged(target, rows)
        number += 1
        target = path.with_name(f"{path.stem}-salvaged-{number}{path.suffix}")
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            schema.create_tables(copy)
            count = _copy(path, copy)
            settings.write(copy, _ORIGIN, {"state": state, "rows": count})
    except (OSError, sqlite3.Error, GARBLED):
        count = 0
    if not count:
        target.unlink(missing_ok=True)
        return None
    return Salvaged(target, count)


def _state(path: Path) -> list[int]:
    """What tells whether a file was written since: size and time, of its log too."""
    told = []
    for file in (path, path.with_name(path.name + "-wal")):
        status = file.stat() if file.exists() else None
        told += [status.st_size, status.st_mtime_ns] if status is not None and status.st_size else [0, 0]
    return told


def _rows_from(copy: Path, state: list[int]) -> int | None:
    """How many rows the copy got from a file in this very state, None when it is another's or of another time."""
    try:
        with closing(connect(file_uri(copy, read_only=True))) as connection:
            origin = settings.read(connection, _ORIGIN, None)
    except (sqlite3.Error, ProjectError):
        return None
    return origin["rows"] if isinstance(origin, dict) and origin.get("state") == state else None


def _copy(path: Path, copy: sqlite3.Connection) -> int:
    count = 0
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as source:
        # Without this SQLite reads nothing at all of a file that is shorter than its head says.
        source.execute("PRAGMA writable_schema = ON")
        copy.execute("BEGIN")
        for table in schema.TABLES:
            if table == "tally":  # counted again by the objects that come in
                continue
            columns = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            for row in _rows(source, table, columns):
                with suppress(sqlite3.Error):
                    count += copy.execute(sql, row).rowcount
        _drop_orphans(copy)
        copy.execute("COMMIT")
    return count


def _rows(source: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple]:
    """The rows up to the first damage, then from the end back to the last damage."""
    keys = [row[1] for row in source.execute(f"PRAGMA table_info({table})") if row[5]]
    order = ", ".join(keys)
    for direction in ("ASC", "DESC"):
        ordered = ", ".join(f"{key} {direction}" for key in keys) if order else f"rowid {direction}"
        try:
            cursor = source.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {ordered}")
            while found := cursor.fetchmany(_BATCH):
                yield from found
            return
        except (sqlite3.Error, GARBLED):
            continue


def _drop_orphans(copy: sqlite3.Connection) -> None:
    """Rows whose parents are lost would break every later edit."""
    while orphans := copy.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, _parent, _key in orphans:
            if rowid is None:
                _drop_from_keyed(copy, table)
            else:
                copy.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))


def _drop_from_keyed(copy: sqlite3.Connection, table: str) -> None:
    for key in copy.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        parent, child_column = key[2], key[3]
        copy.execute(
            f"DELETE FROM {table} WHERE {child_column} IS NOT NULL AND {child_column} NOT IN (SELECT id FROM {parent})"
        )
