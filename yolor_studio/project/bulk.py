"""Edits of any size: written in slices that nobody has to wait for, seen and undoable only when complete."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box, Change, FrameState, Keyframe
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import batches, history, rows
from yolor_studio.project.edit_base import WRITE_KEYFRAME, keyframe_values, refresh_life
from yolor_studio.project.edits import EditBuilder
from yolor_studio.project.id_blocks import IdBlock, TrackIds
from yolor_studio.project.indexes import stored_pts
from yolor_studio.project.store import Store

SLICE = 250
"""Rows written in one turn at the gate: some 4 ms."""
SWEEP = 500

_PARENTS_FIRST = ("category", "media", "object", "rejection")


class BulkEdit(EditBuilder):
    """An edit whose additions (media, categories, objects, their keyframes, rejections) are written in slices as they
    come, without holding up anybody; everything else asked of it is done in its last step. Belongs to the thread that
    began it, which may read the project meanwhile: the edit itself is not seen there yet."""

    def __init__(self, store: Store, *, folder: Path) -> None:
        assert store.recorder is not None
        with store.write(urgent=False, durable=False) as connection:
            batch = batches.begin(connection)
        super().__init__(store.reader(), store.recorder, folder=folder, batch=batch)
        self._store = store
        self._ids = {table: IdBlock(store, table) for table in _PARENTS_FIRST}
        self._tracks = TrackIds(store)
        self._rows: dict[str, dict[int, dict[str, Any]]] = {table: {} for table in _PARENTS_FIRST}
        self._keyframes: dict[int, dict[int, tuple[Keyframe, int | None]]] = {}
        self._waiting = 0
        self._stretched: set[int] = set()
        self._later: list[Callable[[EditBuilder], object]] = []
        self._media_names: set[str] = set()
        self._category_names: dict[str, int] = {}
        self._colours: set[int] = set()
        self._pts: dict[int, NDArray[np.int64] | None] = {}
        self._touched = batches.Touched()

    # Additions

    def _insert(self, table: str, row: Mapping[str, Any]) -> int:
        self._make_room()
        identity = self._ids[table].take(row.get("id"))
        self._rows[table][identity] = {**row, "id": identity}
        self._touched.note(table, row.get("media_id", identity if table == "media" else None))
        self._waiting += 1
        return identity

    def _insert_media(self, row: Mapping[str, Any]) -> int:
        media_id = self._insert("media", {**row, "removed": 0})
        columns = {**row, "id": media_id, "step": 1}
        self._media[media_id] = rows.media(tuple(columns[name] for name in rows.MEDIA.split(", ")))
        self._media_names.add(row["name"])
        return media_id

    def _insert_category(self, row: Mapping[str, Any], wanted: int | None) -> int:
        if wanted is None or not self._db.execute("SELECT 1 FROM category WHERE id = ?", (wanted,)).fetchone():
            wanted = self._insert("category", {**row, "id": wanted, "removed": 1})
        category_id = wanted
        self._later.append(lambda edit: edit.show_category(category_id, row))
        self._category_names[row["name"]] = category_id
        self._colours.add(row["colour"])
        self._categories.add(category_id)
        return category_id

    def set_keyframe(self, object_id: int, frame: int, box: Box, **fields: Any) -> None:
        """As in any edit, at once for objects of this one and in the last step for others."""
        if self._ids["object"].mine(object_id):
            super().set_keyframe(object_id, frame, box, **fields)
        else:
            self._later.append(lambda edit: edit.set_keyframe(object_id, frame, box, **fields))

    def _write_keyframe(self, keyframe: Keyframe, media_id: int) -> None:
        self._make_room()
        pts = self._pts_at(media_id, keyframe.frame)
        self._keyframes.setdefault(keyframe.object_id, {})[keyframe.frame] = (keyframe, pts)
        self._touched.note("keyframe", media_id, keyframe.frame)
        self._waiting += 1

    def _refresh_life(self, object_id: int) -> None:
        self._stretched.add(object_id)

    def _take_track_id(self, wanted: int | None) -> int:
        if wanted is not None:
            self._check_track_id(wanted)
        return self._tracks.take(wanted)

    def _make_room(self) -> None:
        if self._waiting >= SLICE:
            self._flush()

    # Looking up what is not in the file yet

    def _media_id_of(self, object_id: int) -> int:
        row = self._rows["object"].get(object_id)
        if row is not None:
            return row["media_id"]
        sql, values = "SELECT media_id FROM object WHERE id = ? AND batch = ?", (object_id, self._batch)
        return rows.one(self._db, sql, values, what=f"object {object_id}")[0]

    def _keyframe_before(self, object_id: int, frame: int) -> Keyframe | None:
        gathered = self._keyframes.get(object_id, {})  # one slice's at most
        near = max((at for at in gathered if at <= frame), default=-1)
        if near < frame:
            stored = super()._keyframe_before(object_id, frame)
            if near < 0 or (stored is not None and stored.frame > near):
                return stored
        return gathered[near][0]

    def _last_frame(self, object_id: int) -> int:
        return max(super()._last_frame(object_id), *self._keyframes.get(object_id, ()), -1)

    def _media_name_taken(self, name: str) -> bool:
        return name in self._media_names or super()._media_name_taken(name)

    def _category_named(self, name: str) -> int | None:
        return self._category_names.get(name) or super()._category_named(name)

    def _category_id_taken(self, category_id: int) -> bool:
        return category_id in self._category_names.values() or super()._category_id_taken(category_id)

    def _colours_used(self) -> set[int]:
        return self._colours | super()._colours_used()

    # Done in the last step

    def update_media(self, media_id: int, **fields: Any) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.update_media(media_id, **fields))

    def remove_media(self, media_id: int) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.remove_media(media_id))

    def update_category(self, category_id: int, **fields: Any) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.update_category(category_id, **fields))

    def delete_category(self, category_id: int, *, into: int | None = None) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.delete_category(category_id, into=into))

    def update_object(self, object_id: int, **fields: Any) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.update_object(object_id, **fields))

    def delete_object(self, object_id: int) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.delete_object(object_id))

    def delete_box(self, object_id: int, frame: int) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.delete_box(object_id, frame))

    def delete_rejection(self, rejection_id: int) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.delete_rejection(rejection_id))

    def set_class(self, layer_id: int, class_index: int, category_id: int | None) -> None:
        """As in any edit, in the last step."""
        self._later.append(lambda edit: edit.set_class(layer_id, class_index, category_id))

    def set_frame_state(self, media_id: int, frames: Any, state: FrameState) -> None:
        """As in any edit, in the last step."""
        numbers = list(frames)
        self._later.append(lambda edit: edit.set_frame_state(media_id, numbers, state))

    # Writing

    def _flush(self) -> None:
        """Write what has gathered, in one turn at the gate."""
        if self._waiting:
            with self._store.write(urgent=False, durable=False) as connection:
                self._write_gathered(connection)

    def _write_gathered(self, connection: sqlite3.Connection) -> None:
        for table in _PARENTS_FIRST:
            gathered = list(self._rows[table].values())
            if gathered:
                names = list(gathered[0])
                sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
                connection.executemany(sql, gathered)
        self._write_keyframes(connection)
        self._rows = {table: {} for table in _PARENTS_FIRST}
        for object_id in self._stretched:
            refresh_life(connection, object_id)
        self._stretched = set()
        self._waiting = 0

    def _write_keyframes(self, connection: sqlite3.Connection) -> None:
        values = [
            keyframe_values(keyframe, pts) for found in self._keyframes.values() for keyframe, pts in found.values()
        ]
        connection.executemany(WRITE_KEYFRAME, values)
        self._keyframes = {}

    def _pts_at(self, media_id: int, frame: int) -> int | None:
        if media_id not in self._pts:
            blob = stored_pts(self._db, media_id)
            self._pts[media_id] = None if blob is None else np.frombuffer(blob, "<i8")
        table = self._pts[media_id]
        return None if table is None or frame >= len(table) else int(table[frame])

    # The end

    def complete(self, name: str, *, actor: str) -> Change | None:
        """Write the rest, make it all seen and one step of the history. None when there was nothing to do."""
        self._flush()
        with self._store.write(urgent=False, durable=True) as connection:
            for block in (*self._ids.values(), self._tracks):
                block.give_back(connection)
            batches.show(connection, self._batch)
            with self._recorder.recording():
                plain = EditBuilder(connection, self._recorder, folder=self._folder)
                for operation in self._later:
                    operation(plain)
            diff = self._recorder.take()
            if not diff and not self._touched.tables:
                return None
            return history.store_batch(
                connection, name, actor=actor, diff=diff, batch=self._batch, touched=self._touched
            )

    def abandon(self) -> None:
        """Take everything back; its rows were never seen, and go in slices."""
        with suppress(ProjectError):  # on a full disk the next start does it; the error that led here is told
            with self._store.write(urgent=False, durable=False) as connection:
                batches.drop(connection, self._batch)
            sweep(self._store)


def sweep(store: Store, *, seconds: float = math.inf) -> None:
    """Remove the rows of bulk edits that can never be seen again, in slices and for so long; what is left stays
    unseen and goes another time."""
    deadline, more = time.monotonic() + seconds, True
    while more and time.monotonic() < deadline:
        with store.write(urgent=False, durable=False) as connection:
            more = batches.sweep(connection, SWEEP)
