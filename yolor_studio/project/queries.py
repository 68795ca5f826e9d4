"""Reading media, categories, objects and boxes. Each function takes a connection and holds no cursor open."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import (
    Box,
    Category,
    FrameBox,
    Keyframe,
    Media,
    Object,
    Rejection,
)
from yolor_studio.core.tracks import expand_spans, lerp_box, lerp_boxes
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


_AT_FRAME = f"""
SELECT o.id, o.media_id, o.category_id, o.track_id, o.ignore, o.attributes,
       k.frame, k.x, k.y, k.w, k.h, k.occluded, k.interpolate, k.origin, k.score
FROM live_object o CROSS JOIN keyframe k ON k.object_id = o.id
    AND k.frame = (SELECT max(frame) FROM keyframe WHERE object_id = o.id AND frame <= ?1)
WHERE o.media_id = ?2 AND o.bin IN ({", ".join(f"?{i + 3}" for i in range(BINS))})
    AND o.first_frame <= ?1 AND o.last_frame >= ?1 AND (k.frame = ?1 OR k.interpolate)
ORDER BY o.id
"""
_NEXT = "SELECT frame, x, y, w, h FROM keyframe WHERE object_id = ? AND frame > ? ORDER BY frame LIMIT 1"


def boxes_at(connection: sqlite3.Connection, media_id: int, frame: int) -> list[FrameBox]:
    """The boxes of all objects at the frame, by object id, interpolation applied."""
    boxes: list[FrameBox] = []
    for row in connection.execute(_AT_FRAME, (frame, media_id, *bins_at(frame))).fetchall():
        at, x, y, w, h, occluded, _interpolate, origin, score = row[6:]
        box = Box(x, y, w, h)
        if at != frame:
            following = connection.execute(_NEXT, (row[0], frame)).fetchone()
            if following is None:
                continue
            box = lerp_box(box, Box(*following[1:]), (frame - at) / (following[0] - at))
        thing = rows.object_(row[:6])
        boxes.append(FrameBox(thing, frame, box, bool(occluded), rows.ORIGINS[origin], at == frame, score))
    return boxes


@dataclass(frozen=True, slots=True, eq=False)
class BoxTable:
    """Boxes of objects as columns; row i of each array belongs together, sorted by frame and then by object."""

    frames: NDArray[np.int64]
    objects: NDArray[np.int64]
    boxes: NDArray[np.float64]
    """[N, 4] x, y, w, h in displayed pixels."""
    occluded: NDArray[np.bool_]
    keyframe: NDArray[np.bool_]
    origins: NDArray[np.str_]
    scores: NDArray[np.float64]
    """NaN where there is none."""

    def __len__(self) -> int:
        return len(self.frames)


_ALL_KEYFRAMES = """
SELECT k.object_id, k.frame, k.x, k.y, k.w, k.h, k.occluded, k.interpolate, k.origin, k.score
FROM live_object o CROSS JOIN keyframe k ON k.object_id = o.id WHERE o.media_id = ? ORDER BY o.id, k.frame
"""


def box_table(connection: sqlite3.Connection, media_id: int, frames: Sequence[int] | None = None) -> BoxTable:
    """Every box of the media, or those on the given frames, interpolation applied, as columns."""
    cells = connection.execute(_ALL_KEYFRAMES, (media_id,)).fetchall()
    columns = list(zip(*cells, strict=True)) if cells else [()] * 10
    objects, at = np.array(columns[0], np.int64), np.array(columns[1], np.int64)
    boxes = np.array(columns[2:6], np.float64).T.reshape(-1, 4)
    interpolate = np.array(columns[7], bool)
    source, where = expand_spans(objects, at, interpolate)
    if frames is not None:
        wanted = np.isin(where, np.asarray(frames, np.int64))
        source, where = source[wanted], where[wanted]
    order = np.lexsort((objects[source], where))
    source, where = source[order], where[order]
    return BoxTable(
        frames=where,
        objects=objects[source],
        boxes=_interpolated(at, boxes, source, where),
        occluded=np.array(columns[6], bool)[source],
        keyframe=where == at[source],
        origins=np.array(columns[8], "U6")[source],
        scores=np.array(columns[9], np.float64)[source],
    )


def _interpolated(
    at: NDArray[np.int64], boxes: NDArray[np.float64], source: NDArray[np.int64], where: NDArray[np.int64]
) -> NDArray[np.float64]:
    out = boxes[source]
    between = np.flatnonzero(where != at[source])
    first = source[between]
    share = (where[between] - at[first]) / (at[first + 1] - at[first])
    out[between] = lerp_boxes(boxes[first], boxes[first + 1], share)
    return out


def iter_boxes(
    connection: sqlite3.Connection, media_id: int, frames: Sequence[int] | None = None
) -> Iterator[tuple[int, list[FrameBox]]]:
    """(frame, its boxes) rising in frame, for frames that have any."""
    table = box_table(connection, media_id, frames)
    things = {thing.id: thing for thing in objects_of(connection, media_id)}
    by_frame: dict[int, list[FrameBox]] = defaultdict(list)
    cells = zip(
        table.frames.tolist(),
        table.objects.tolist(),
        table.boxes.tolist(),
        table.occluded.tolist(),
        table.origins.tolist(),
        table.keyframe.tolist(),
        table.scores.tolist(),
        strict=True,
    )
    for frame, thing, box, occluded, origin, keyframe, score in cells:
        by_frame[frame].append(
            FrameBox(
                things[thing],
                frame,
                Box(*box),
                occluded,
                rows.ORIGINS[origin],
                keyframe,
                None if score != score else score,
            )
        )
    yield from by_frame.items()


def object_frames(connection: sqlite3.Connection, media_id: int) -> NDArray[np.int64]:
    """The frames with at least one object's box, rising."""
    cells = connection.execute(
        "SELECT k.object_id, k.frame, k.interpolate FROM live_object o CROSS JOIN keyframe k ON k.object_id = o.id"
        " WHERE o.media_id = ? ORDER BY o.id, k.frame",
        (media_id,),
    ).fetchall()
    if not cells:
        return np.zeros(0, np.int64)
    columns = np.array(cells, np.int64)
    return np.unique(expand_spans(columns[:, 0], columns[:, 1], columns[:, 2].astype(bool))[1])


def rejections(connection: sqlite3.Connection, media_id: int, frame: int | None = None) -> list[Rejection]:
    """The media's rejections, or those of one frame, by id."""
    where, values = ("", (media_id,)) if frame is None else (" AND frame = ?", (media_id, frame))
    sql = f"SELECT {rows.REJECTION} FROM live_rejection WHERE media_id = ?{where} ORDER BY id"
    return [rows.rejection(row) for row in connection.execute(sql, values)]


def counts(connection: sqlite3.Connection) -> Counts:
    """How much there is, from indexes alone."""
    media, frames = connection.execute("SELECT count(*), coalesce(sum(frames), 0) FROM live_media").fetchone()
    reviewed, skipped = connection.execute(
        "SELECT coalesce(sum(reviewed), 0), coalesce(sum(skipped), 0) FROM frame_state"
        " WHERE media_id IN (SELECT id FROM live_media)"
    ).fetchone()
    found = dict(connection.execute("SELECT category_id, count(*) FROM live_object GROUP BY category_id").fetchall())
    removed = connection.execute(
        "SELECT category_id, count(*) FROM live_object WHERE media_id IN (SELECT id FROM media WHERE removed = 1)"
        " GROUP BY category_id"
    ).fetchall()
    for category_id, count in removed:
        found[category_id] -= count
    by_category = {key: count for key, count in found.items() if count}
    return Counts(media, frames, reviewed, skipped, sum(by_category.values()), by_category)


def in_chunks(values: Iterable[int], size: int) -> Iterator[list[int]]:
    """The values in lists of up to `size`."""
    chunk: list[int] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
