"""Batches: rows that a bulk edit wrote in slices, seen only once it is complete.

Such rows carry their batch's number; a batch listed in `hidden_batch` is invisible to every read (the `live_` views).
Completing, undoing and redoing a bulk edit of any size is therefore the writing of one row.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from yolor_studio.core.entities import Change
from yolor_studio.project.places import WORDS
from yolor_studio.project.rows import from_json, to_json

_MANY = 1000
_CHILDREN_FIRST = ("object", "rejection", "media")


@dataclass(slots=True)
class Touched:
    """What a batch has rows in, for the Change that tells of it."""

    tables: set[str] = field(default_factory=set)
    media: set[int] = field(default_factory=set)
    everywhere: bool = False
    place: tuple[int, int] | None = None
    """(media id, frame) of its first box."""

    def note(self, table: str, media_id: int | None, frame: int | None = None) -> None:
        """A row was written."""
        self.tables.add(WORDS[table])
        if media_id is None or len(self.media) > _MANY:
            self.everywhere = True
        else:
            self.media.add(media_id)
            if frame is not None and self.place is None:
                self.place = (media_id, frame)

    def pack(self) -> str:
        """As JSON, for the edit's row."""
        return to_json({"tables": sorted(self.tables), "media": None if self.everywhere else sorted(self.media)})


def widen(change: Change, touched: str) -> Change:
    """The change of an edit's recorded rows, widened by what its batch touched (from `Touched.pack`)."""
    content = from_json(touched)
    everywhere = content["media"] is None or (change.tables and not change.media)
    media = frozenset() if everywhere else change.media | frozenset(content["media"])
    return Change(change.tables | frozenset(content["tables"]), media, None, change.edit, change.actor)


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


def sweep(connection: sqlite3.Connection, limit: int) -> bool:
    """Remove up to `limit` rows of dropped batches; returns whether there may be more."""
    row = connection.execute("SELECT id FROM hidden_batch WHERE state = 'dropped' LIMIT 1").fetchone()
    if row is None:
        return False
    for table in _CHILDREN_FIRST:
        cursor = connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE batch = ? AND batch <> 0 LIMIT ?)",
            (row[0], limit),
        )
        if cursor.rowcount >= limit:
            return True
    show(connection, row[0])
    return True
