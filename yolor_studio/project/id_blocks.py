"""Ids reserved in blocks, so that a bulk edit knows them before its rows are written."""

from __future__ import annotations

import sqlite3

from yolor_studio.core.errors import ProjectError
from yolor_studio.project.edit_base import last_track_id, set_last_track_id
from yolor_studio.project.store import Store

BLOCK = 1024


class IdBlock:
    """Ids of one AUTOINCREMENT table."""

    def __init__(self, store: Store, table: str) -> None:
        self._store = store
        self._table = table
        self._spans: list[tuple[int, int]] = []
        self._next = self._end = 0
        self._chosen: set[int] = set()

    def take(self, wanted: int | None = None) -> int:
        """A free id, or the wanted one, which the caller knows to be free."""
        if wanted is not None:
            self._chosen.add(wanted)
            return wanted
        if self._next == self._end:
            self._reserve()
        taken = self._next
        self._next += 1
        return taken if taken not in self._chosen else self.take()

    def mine(self, identity: int) -> bool:
        """Whether this block gave the id."""
        spans = ((start, min(end, self._next) if end == self._end else end) for start, end in self._spans)
        return identity in self._chosen or any(start <= identity < end for start, end in spans)

    def _reserve(self) -> None:
        with self._store.write(urgent=False, durable=False) as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (self._table,)).fetchone()
            start = max(row[0] if row else 0, max(self._chosen, default=0)) + 1
            self._next, self._end = start, start + BLOCK
            _set_sequence(connection, self._table, self._end - 1)
        self._spans.append((self._next, self._end))

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Return what was not used, where nobody has taken ids since."""
        if self._spans:
            connection.execute(
                "UPDATE sqlite_sequence SET seq = ? WHERE name = ? AND seq = ?",
                (self._next - 1, self._table, self._end - 1),
            )


def _set_sequence(connection: sqlite3.Connection, table: str, value: int) -> None:
    if not connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (value, table)).rowcount:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, value))


class TrackIds:
    """Track ids of one bulk edit, given or wanted; none twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = self._end = 0
        self._chosen: set[int] = set()
        self._highest = 0

    def take(self, wanted: int | None) -> int:
        """A free track id, or the wanted one, which the caller knows to be free in the file."""
        if wanted is None:
            while self._next == self._end or self._next in self._chosen:
                if self._next == self._end:
                    self._reserve(0)
                else:
                    self._next += 1
            wanted = self._next
            self._next += 1
        elif wanted in self._chosen or wanted >= self._end:
            if wanted in self._chosen:
                raise ProjectError(f"The track id {wanted} is in use already; track ids are unique in the project.")
            self._reserve(wanted)
        self._chosen.add(wanted)
        self._highest = max(self._highest, wanted)
        return wanted

    def _reserve(self, wanted: int) -> None:
        with self._store.write(urgent=False, durable=False) as connection:
            last = last_track_id(connection)
            if last + 1 != self._end:  # the first block, or somebody else has taken ids beyond the last one
                self._next, self._highest = last + 1, last
            self._end = max(last, wanted) + 1 + BLOCK
            set_last_track_id(connection, self._end - 1)

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Return what was not used, where nobody has taken ids since."""
        if self._end:
            connection.execute(
                "UPDATE counter SET value = ? WHERE name = 'track' AND value = ?", (self._highest, self._end - 1)
            )
