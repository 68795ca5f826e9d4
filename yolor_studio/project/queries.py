"""Reading media, categories, objects and boxes. Each function takes a connection and holds no cursor open."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from yolor_studio.core.entities import (
    Box,
    Category,
    FrameBox,
    Keyframe,
    Media,
    Object,
    Rejection,
)
from yolor_studio.core.tracks import lerp_box
from yolor_studio.project import rows
from yolor_studio.project.schema import BINS, bins_at


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is; removed media and what belongs to them do not count."""

    media: int
    frames: int
    reviewed: int
    skipped: int
    objects: int
    objects_by_category: Mapping[int, int]


def all_media(connection: sqlite3.Connection) -> list[Media]:
    """The media in the order in which they were added."""
    return [rows.media(row) for row in connection.execute(f"SELECT {rows.MEDIA} FROM live_media ORDER BY id")]


def one_media(connection: sqlite3.Connection, media_id: int) -> Media:
    """One media. Raises ProjectError when there is none, or it was removed."""
    sql = f"SELECT {rows.MEDIA} FROM live_media WHERE id = ?"
    return rows.media(rows.one(connection, sql, (media_id,), what=f"media {media_id}"))


def media_at(connection: sqlite3.Connection, path: str) -> Media | None:
    """The media stored under this path."""
    sql = f"SELECT {rows.MEDIA} FROM live_media WHERE path = ? ORDER BY id LIMIT 1"
    row = connection.execute(sql, (path,)).fetchone()
    return None if row is None else rows.media(row)


def all_categories(connection: sqlite3.Connection) -> list[Category]:
    """The categories by id."""
    sql = f"SELECT {rows.CATEGORY} FROM live_category ORDER BY id"
    return [rows.category(row) for row in connection.execute(sql)]


def one_category(connection: sqlite3.Connection, category_id: int) -> Category:
    """One category. Raises ProjectError when there is none."""
    sql = f"SELECT {rows.CATEGORY} FROM live_category WHERE id = ?"
    return rows.category(rows.one(connection, sql, (category_id,), what=f"category {category_id}"))


def free_category_name(connection: sqlite3.Connection, wanted: str, *, but: int | None = None) -> str:
    """The wanted name, with " (2)" and so on where a category other than `but` has it."""
    name, number = wanted, 1
    while connection.execute("SELECT 1 FROM live_category WHERE name = ? AND id IS NOT ?", (name, but)).fetchone():
        number += 1
        name = f"{wanted} ({number})"
    return name


def objects_of(connection: sqlite3.Connection, media_id: int) -> list[Object]:
    """The media's objects by id."""
    sql = f"SELECT {rows.OBJECT} FROM live_object WHERE media_id = ? ORDER BY id"
    return [rows.object_(row) for row in connection.execute(sql, (media_id,))]


def one_object(connection: sqlite3.Connection, object_id: int) -> Object:
    """One object. Raises ProjectError when there is none."""
    sql = f"SELECT {rows.OBJECT} FROM live_object WHERE id = ?"
    return rows.object_(rows.one(connection, sql, (object_id,), what=f"object {object_id}"))


def keyframes_of(connection: sqlite3.Connection, object_id: int) -> list[Keyframe]:
    """The object's keyframes, rising in frame."""
    sql = f"SELECT {rows.KEYFRAME} FROM keyframe WHERE object_id = ? ORDER BY frame"
    return [rows.keyframe(row) for row in connection.execute(sql, (object_id,))]


def keyframe_before(connection: sqlite3.Connection, object_id: int, frame: int) -> Keyframe | None:
    """The object's last keyframe at or before the frame; quick whatever their number."""
    sql = f"SELECT {rows.KEYFRAME} FROM keyframe WHERE object_id = ? AND frame <= ? ORDER BY frame DESC LIMIT 1"
    row = connection.execute(sql, (object_id, frame)).fetchone()
    return None if row is None else rows.keyframe(row)


def last_frame(connection: sqlite3.Connection, object_id: int) -> int:
    """The frame of the object's last keyframe, -1 when there is none."""
    sql = "SELECT coalesce(max(frame), -1) FROM keyframe WHERE object_id = ?"
    return connection.execute(sql, (object_id,)).fetchone()[0]


_AT_FRAME = f"""
SELECT o.id, o.media_id, o.category_id, o.track_id, o.ignore, o.attributes,
       k.frame, k.x, k.y, k.w, k.h, k.occluded, k.origin, k.score
FROM live_object o CROSS JOIN keyframe k ON k.object_id = o.id
    AND k.frame = CASE WHEN o.first_frame = ?1 THEN ?1
        ELSE (SELECT max(frame) FROM keyframe WHERE object_id = o.id AND frame <= ?1) END
WHERE o.media_id = ?2 AND o.bin IN ({", ".join(f"?{i + 3}" for i in range(BINS))})
    AND o.first_frame <= ?1 AND o.last_frame >= ?1 AND (k.frame = ?1 OR k.interpolate)
ORDER BY o.id
"""
_NEXT = "SELECT frame, x, y, w, h FROM keyframe WHERE object_id = ? AND frame > ? ORDER BY frame LIMIT 1"


def boxes_at(connection: sqlite3.Connection, media_id: int, frame: int) -> list[FrameBox]:
    """The boxes of all objects at the frame, by object id, interpolation applied."""
    boxes: list[FrameBox] = []
    for row in connection.execute(_AT_FRAME, (frame, media_id, *bins_at(frame))).fetchall():
        thing, media, category, track, ignore, attributes, at, x, y, w, h, occluded, origin, score = row
        box = Box(x, y, w, h)
        if at != frame:
            following, *corner = connection.execute(_NEXT, (thing, frame)).fetchone()
            box = lerp_box(box, Box(*corner), (frame - at) / (following - at))
        owner = Object(thing, media, category, track, bool(ignore), rows.mapping(attributes))
        boxes.append(FrameBox(owner, frame, box, bool(occluded), rows.ORIGINS[origin], at == frame, score))
    return boxes


def rejections(connection: sqlite3.Connection, media_id: int, frame: int | None = None) -> list[Rejection]:
    """The media's rejections, or those of one frame, by id."""
    where, values = ("", (media_id,)) if frame is None else (" AND frame = ?", (media_id, frame))
    sql = f"SELECT {rows.REJECTION} FROM live_rejection WHERE media_id = ?{where} ORDER BY id"
    return [rows.rejection(row) for row in connection.execute(sql, values)]


def counts(connection: sqlite3.Connection) -> Counts:
    """How much there is; takes the longer the more media there are, whatever the number of objects."""
    media, frames = connection.execute("SELECT count(*), coalesce(sum(frames), 0) FROM live_media").fetchone()
    reviewed, skipped = connection.execute(
        "SELECT coalesce(sum(reviewed), 0), coalesce(sum(skipped), 0) FROM frame_state"
        " WHERE media_id IN (SELECT id FROM live_media)"
    ).fetchone()
    found = connection.execute(
        "SELECT category_id, sum(objects) FROM tally WHERE batch NOT IN (SELECT id FROM hidden_batch)"
        " AND media_id IN (SELECT id FROM live_media) GROUP BY category_id HAVING sum(objects) > 0"
    )
    by_category = dict(found.fetchall())
    return Counts(media, frames, reviewed, skipped, sum(by_category.values()), by_category)
