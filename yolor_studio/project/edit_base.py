"""What all edits share: how rows are written, looked up and checked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import Box, Keyframe, Media, Object
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import queries, rows
from yolor_studio.project.indexes import pts_at
from yolor_studio.project.recorder import Recorder
from yolor_studio.project.schema import bin_of

MOST_FRAMES = 1 << 24
"""While a video's frames are not counted yet, labels go up to here (77 hours at 60 frames a second)."""


class EditBase:
    """The connection of one edit under way, and what its operations need of the project."""

    def __init__(self, connection: sqlite3.Connection, recorder: Recorder, *, folder: Path, batch: int = 0) -> None:
        self._db = connection
        self._recorder = recorder
        self._folder = folder
        self._batch = batch
        self._media: dict[int, Media] = {}
        self._categories: set[int] = set()

    # Writing

    def _insert(self, table: str, row: Mapping[str, Any]) -> int:
        sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        identity = self._db.execute(sql, tuple(row.values())).lastrowid
        assert identity is not None
        return identity

    def _update(self, table: str, identity: int, columns: Mapping[str, Any]) -> None:
        if columns:
            names = ", ".join(f"{column} = ?" for column in columns)
            self._db.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*columns.values(), identity))

    def _write_keyframe(self, keyframe: Keyframe, media_id: int) -> None:
        self._db.execute(WRITE_KEYFRAME, keyframe_values(keyframe, pts_at(self._db, media_id, keyframe.frame)))

    def _refresh_life(self, object_id: int) -> None:
        refresh_life(self._db, object_id)

    def _take_track_id(self, wanted: int | None) -> int:
        last = last_track_id(self._db)
        if wanted is None:
            wanted = last + 1
        else:
            self._check_track_id(wanted)
        if wanted > last:
            set_last_track_id(self._db, wanted)
        return wanted

    # Looking up

    def _media_of(self, media_id: int) -> Media:
        if media_id not in self._media:
            self._media[media_id] = queries.one_media(self._db, media_id)
        return self._media[media_id]

    def _category(self, category_id: int) -> None:
        """Raise ProjectError when there is no such category."""
        if category_id not in self._categories:
            queries.one_category(self._db, category_id)
            self._categories.add(category_id)

    def _media_id_of(self, object_id: int) -> int:
        return queries.one_object(self._db, object_id).media_id

    def _keyframe_before(self, object_id: int, frame: int) -> Keyframe | None:
        """The object's last keyframe at or before the frame."""
        return queries.keyframe_before(self._db, object_id, frame)

    def _last_frame(self, object_id: int) -> int:
        """Of the object's keyframes, -1 when there is none."""
        return queries.last_frame(self._db, object_id)

    def _object(self, object_id: int) -> tuple[Object, list[Keyframe]]:
        return queries.one_object(self._db, object_id), queries.keyframes_of(self._db, object_id)

    # Checking

    def _check_frame(self, media: Media, frame: int) -> None:
        if not 0 <= frame < (media.frames if media.verified else MOST_FRAMES):
            raise ProjectError(f"“{media.name}” has {media.frames} frames, counted from 0; there is no frame {frame}.")

    def _check_track_id(self, wanted: int) -> None:
        if wanted < 0 or self._db.execute("SELECT 1 FROM object WHERE track_id = ?", (wanted,)).fetchone():
            raise ProjectError(f"The track id {wanted} is in use already; track ids are unique in the project.")

    def _fit(self, media: Media, box: Box) -> Box:
        try:
            return fit_box(Box(*map(float, box)), media.width, media.height)
        except (TypeError, ValueError) as error:
            raise ProjectError(f"A box needs four finite numbers x, y, w, h; {tuple(box)} was given.") from error

    def _refuse_unknown(self, fields: Mapping[str, Any], known: frozenset[str]) -> None:
        if unknown := sorted(set(fields) - known):
            raise TypeError(f"no such field: {', '.join(unknown)}; there are {', '.join(sorted(known))}")


WRITE_KEYFRAME = (
    "INSERT INTO keyframe (object_id, frame, pts, x, y, w, h, occluded, interpolate, origin, attributes, score)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object_id, frame) DO UPDATE SET"
    " pts = excluded.pts, x = excluded.x, y = excluded.y, w = excluded.w, h = excluded.h,"
    " occluded = excluded.occluded, interpolate = excluded.interpolate, origin = excluded.origin,"
    " attributes = excluded.attributes, score = excluded.score"
)


def keyframe_values(keyframe: Keyframe, pts: int | None) -> tuple[Any, ...]:
    """The values of WRITE_KEYFRAME."""
    return (
        keyframe.object_id,
        keyframe.frame,
        pts,
        *keyframe.box,
        keyframe.occluded,
        keyframe.interpolate,
        keyframe.origin.value,
        rows.to_json(dict(keyframe.attributes)) if keyframe.attributes else "{}",
        keyframe.score,
    )


def refresh_life(connection: sqlite3.Connection, object_id: int) -> None:
    """Set the object's first and last frame and its bin by its keyframes."""
    # Two questions, because SQLite answers each from the index alone and both together by reading every row.
    sql = (
        "SELECT (SELECT min(frame) FROM keyframe WHERE object_id = ?1),"
        " (SELECT max(frame) FROM keyframe WHERE object_id = ?1)"
    )
    first, last = connection.execute(sql, (object_id,)).fetchone()
    connection.execute(
        "UPDATE object SET first_frame = ?1, last_frame = ?2, bin = ?3 WHERE id = ?4"
        " AND (first_frame <> ?1 OR last_frame <> ?2)",
        (first, last, bin_of(first, last), object_id),
    )


def last_track_id(connection: sqlite3.Connection) -> int:
    """The highest track id that was ever given, 0 when none was."""
    row = connection.execute("SELECT value FROM counter WHERE name = 'track'").fetchone()
    return row[0] if row else 0


def set_last_track_id(connection: sqlite3.Connection, value: int) -> None:
    """Note the highest track id; it is never lowered, so that an undo does not free one."""
    connection.execute(
        "INSERT INTO counter VALUES ('track', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        (value,),
    )


def stored_path(path: Path, folder: Path) -> str:
    """The path as it is stored: relative to the project's folder where both lie near each other, POSIX separators."""
    whole = Path(os.path.abspath(path))
    try:
        relative = Path(os.path.relpath(whole, folder))
    except ValueError:  # another drive
        return whole.as_posix()
    return (whole if relative.parts[:3] == ("..", "..", "..") else relative).as_posix()
