"""Batches: rows that a bulk edit wrote in slices, seen only once it is complete.

Such rows carry their batch's number; a batch listed in `hidden_batch` is invisible to every read (the `live_` views).
Completing, undoing and redoing a bulk edit of any size is therefore the writing of one row.
"""

from __future__ import annotations

import sqlite3

from yolor_studio.core.entities import Change
from yolor_studio.project.places import change_of
from yolor_studio.project.recorder import Diff

_TABLES = {"object": "objects", "rejection": "rejections", "media": "media", "category": "categories"}


def begin(connection: sqlite3.Connection) -> int:
    """A new, hidden batch's number."""
    cursor = connection.execute("INSERT INTO hidden_batch (state) VALUES ('pending')")
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def show(connection: sqlite3.Connection, batch: int) -> None:
    """The batch's rows are seen from now on."""
    connection.execute("DELETE FROM hidden_batch WHERE id = ?", (batch,))


def hide_undone(connection: sqlite3.Connection, batch: int) -> None:
    """The batch's rows wait for a redo."""
    connection.execute("INSERT INTO hidden_batch (id, state) VALUES (?, 'undone')", (batch,))


def drop(connection: sqlite3.Connection, batch: int) -> None:
    """The batch will never be seen; `sweep` removes its rows."""
    connection.execute("UPDATE hidden_batch SET state = 'dropped' WHERE id = ?", (batch,))


def drop_undone(connection: sqlite3.Connection) -> None:
    """No undone batch can be redone any more."""
    connection.execute("UPDATE hidden_batch SET state = 'dropped' WHERE state = 'undone'")


def drop_pending(connection: sqlite3.Connection) -> None:
    """Roll back the bulk edits that were under way when the process died."""
    connection.execute("UPDATE hidden_batch SET state = 'dropped' WHERE state = 'pending'")


def any_pending(connection: sqlite3.Connection) -> bool:
    """Whether a bulk edit is under way."""
    return connection.execute("SELECT 1 FROM hidden_batch WHERE state = 'pending'").fetchone() is not None


def forget_category(connection: sqlite3.Connection, category_id: int) -> None:
    """Remove what hidden batches hold of a category that is about to go: an edit that deletes it ends their redo."""
    for table in ("object", "rejection"):
        connection.execute(
            f"DELETE FROM {table} WHERE category_id = ? AND batch IN (SELECT id FROM hidden_batch)", (category_id,)
        )


def sweep(connection: sqlite3.Connection, limit: int) -> bool:
    """Remove up to `limit` rows of dropped batches; returns whether there may be more."""
    row = connection.execute("SELECT id FROM hidden_batch WHERE state = 'dropped' LIMIT 1").fetchone()
    if row is None:
        return False
    for table in _TABLES:
        # Parents go after their children: objects and rejections come first in _TABLES.
        cursor = connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE batch = ? AND batch <> 0 LIMIT ?)",
            (row[0], limit),
        )
        if cursor.rowcount >= limit:
            return True
    show(connection, row[0])
    return True


def media_of(connection: sqlite3.Connection, batch: int) -> frozenset[int]:
    """The media in which the batch has rows."""
    rows = connection.execute(
        "SELECT media_id FROM object WHERE batch = :batch AND batch <> 0"
        " UNION SELECT media_id FROM rejection WHERE batch = :batch"
        " UNION SELECT id FROM media WHERE batch = :batch",
        {"batch": batch},
    )
    return frozenset(row[0] for row in rows)


def change_of_batch(connection: sqlite3.Connection, batch: int, diff: Diff, *, edit: str, actor: str) -> Change:
    """The Change that tells of a batch, and the diff beside it, seen or hidden as a whole."""
    rest = change_of(connection, diff, edit, actor=actor)
    tables = {
        word
        for table, word in _TABLES.items()
        if connection.execute(f"SELECT 1 FROM {table} WHERE batch = ? AND batch <> 0 LIMIT 1", (batch,)).fetchone()
    }
    if "objects" in tables:
        tables.add("keyframes")
    return Change(rest.tables | tables, rest.media | media_of(connection, batch), None, edit, actor)
