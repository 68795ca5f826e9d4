"""Rows before and after, noted by triggers while an edit runs; undo and redo write them back.

The triggers are temporary (they live in the writing connection, not in the file) and made from the tables' own columns,
so that no edit needs an inverse written by hand.
"""

from __future__ import annotations

import base64
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

from yolor_studio.core.errors import ProjectError

KEYS: dict[str, tuple[str, ...]] = {
    "media": ("id",),
    "media_index": ("media_id",),
    "category": ("id",),
    "object": ("id",),
    "keyframe": ("object_id", "frame"),
    "rejection": ("id",),
    "frame_state": ("media_id", "block"),
    "class_map": ("model", "class_index"),
}
"""The tables that edits change, with their primary keys; parents before children."""

Row = dict[str, Any]


class RowChange(NamedTuple):
    """One row as it was and as it is; None where there is none."""

    table: str
    before: Row | None
    after: Row | None


Diff = list[RowChange]


class Recorder:
    """Notes every row that the connection changes in the tables of `KEYS` while it is on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._columns = {table: _columns(connection, table) for table in KEYS}
        self._notes: dict[tuple[str, tuple[Any, ...]], list[tuple[Any, ...] | None]] = {}
        self._on = False
        connection.create_function("note_row", -1, self._note)
        for table, columns in self._columns.items():
            for event, images in (("INSERT", ("NEW",)), ("DELETE", ("OLD",)), ("UPDATE", ("OLD", "NEW"))):
                values = ", ".join(f"{image}.{column}" for image in images for column in columns)
                connection.execute(
                    f"CREATE TEMP TRIGGER note_{table}_{event} AFTER {event} ON main.{table}"
                    f" BEGIN SELECT note_row('{table}', '{event}', {values}); END"
                )

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Note changes from here on; `take` gives them."""
        self._notes = {}
        self._on = True
        try:
            yield
        finally:
            self._on = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What changes in here is outside the history."""
        was, self._on = self._on, False
        try:
            yield
        finally:
            self._on = was

    def take(self) -> Diff:
        """What has changed between the beginning and now, one entry a row, in the order of first touch."""
        diff: Diff = []
        for (table, _key), (before, after) in self._notes.items():
            if before != after:
                columns = self._columns[table]
                diff.append(
                    RowChange(
                        table,
                        None if before is None else dict(zip(columns, before, strict=True)),
                        None if after is None else dict(zip(columns, after, strict=True)),
                    )
                )
        self._notes = {}
        return diff

    def _note(self, table: str, event: str, *values: Any) -> None:
        if not self._on:
            return
        width = len(self._columns[table])
        before = None if event == "INSERT" else values[:width]
        after = None if event == "DELETE" else values[-width:]
        old_key, new_key = self._key(table, before), self._key(table, after)
        if before is not None and after is not None and old_key != new_key:
            self._add(table, old_key, before, None)
            self._add(table, new_key, None, after)
        else:
            self._add(table, old_key or new_key, before, after)

    def _key(self, table: str, row: tuple[Any, ...] | None) -> tuple[Any, ...]:
        # Keys lead the columns in every table.
        return () if row is None else row[: len(KEYS[table])]

    def _add(
        self, table: str, key: tuple[Any, ...], before: tuple[Any, ...] | None, after: tuple[Any, ...] | None
    ) -> None:
        note = self._notes.setdefault((table, key), [before, after])
        note[1] = after


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))


def join(first: Diff, second: Diff) -> Diff:
    """The diff of two edits done one after the other."""
    joined: dict[tuple[Any, ...], RowChange] = {}
    for change in (*first, *second):
        key = _key_of(change)
        earlier = joined.get(key)
        joined[key] = change if earlier is None else RowChange(change.table, earlier.before, change.after)
    return [change for change in joined.values() if change.before != change.after]


def reverse(diff: Diff) -> Diff:
    """The diff that takes back `diff`."""
    return [RowChange(change.table, change.after, change.before) for change in reversed(diff)]


def apply(connection: sqlite3.Connection, diff: Diff) -> None:
    """Write the `after` of every row; of a row that stays only the columns that differ, so that facts stored
    meanwhile outside the history (a media's index) are kept. Runs inside the caller's transaction."""
    connection.execute("PRAGMA defer_foreign_keys = ON")
    statements: dict[str, list[list[Any]]] = defaultdict(list)
    for kind in (_delete, _update, _insert):
        for change in diff:
            if made := kind(change):
                statements[made[0]].append(made[1])
        for sql, rows in statements.items():
            connection.executemany(sql, rows)
        statements.clear()


def _delete(change: RowChange) -> tuple[str, list[Any]] | None:
    if change.before is None or change.after is not None:
        return None
    return f"DELETE FROM {change.table} WHERE {_where(change.table)}", _key_values(change.table, change.before)


def _update(change: RowChange) -> tuple[str, list[Any]] | None:
    before, after = change.before, change.after
    if before is None or after is None:
        return None
    different = [column for column in after if after[column] != before.get(column)]
    sql = f"UPDATE {change.table} SET {', '.join(f'{c} = ?' for c in different)} WHERE {_where(change.table)}"
    return sql, [*(after[column] for column in different), *_key_values(change.table, after)]


def _insert(change: RowChange) -> tuple[str, list[Any]] | None:
    if change.before is not None or change.after is None:
        return None
    columns = ", ".join(change.after)
    marks = ", ".join("?" * len(change.after))
    return f"INSERT INTO {change.table} ({columns}) VALUES ({marks})", list(change.after.values())


def _where(table: str) -> str:
    return " AND ".join(f"{column} = ?" for column in KEYS[table])


def _key_values(table: str, row: Row) -> list[Any]:
    return [row[column] for column in KEYS[table]]


def _key_of(change: RowChange) -> tuple[Any, ...]:
    row = change.after if change.before is None else change.before
    assert row is not None
    return (change.table, *_key_values(change.table, row))


def pack(diff: Diff) -> bytes:
    """The diff as it is stored: JSON by table with the columns named once, compressed."""
    tables: dict[str, dict[str, Any]] = {}
    for change in diff:
        row = change.after if change.before is None else change.before
        assert row is not None
        columns = list(row)
        part = tables.setdefault(change.table, {"columns": columns, "rows": []})
        part["rows"].append([_values(change.before), _values(change.after)])
    order = [change.table for change in diff]
    return zlib.compress(orjson.dumps({"tables": tables, "order": order}), 1)


_MOST_BYTES = 1 << 30
"""Of one step's record; no edit comes near it, and a foreign file shall not take all memory."""


def unpack(blob: bytes) -> Diff:
    """What `pack` stored. Raises ProjectError when it is damaged or names something that edits do not change."""
    try:
        content = orjson.loads(zlib.decompressobj().decompress(blob, _MOST_BYTES))
        parts = {table: _rows(table, part) for table, part in content["tables"].items()}
        return [next(parts[table]) for table in content["order"]]
    except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise ProjectError("This step of the history is damaged and cannot be undone or redone.") from error


def _rows(table: str, part: dict[str, Any]) -> Iterator[RowChange]:
    columns = part["columns"]
    if table not in KEYS or not all(isinstance(c, str) and c.isidentifier() for c in columns):
        raise ValueError(table)
    for before, after in part["rows"]:
        yield RowChange(table, _row(columns, before), _row(columns, after))


def _values(row: Row | None) -> list[Any] | None:
    if row is None:
        return None
    return [{"b": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for v in row.values()]


def _row(columns: Iterable[str], values: list[Any] | None) -> Row | None:
    if values is None:
        return None
    plain = (base64.b64decode(v["b"]) if isinstance(v, dict) else v for v in values)
    return dict(zip(columns, plain, strict=True))
