"""Another file in the place of a media's own: its labels stay on their frames, and all of it is one step to undo."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import FrameState, Media
from yolor_studio.core.tracks import box_at, keyframe_before
from yolor_studio.project import queries, states
from yolor_studio.project.edit_base import WRITE_KEYFRAME, keyframe_values, refresh_life


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of the labels of a media that got another file."""

    left_out: int
    """Labels (keyframes, rejections, frame states) of frames that the new file does not have."""
    scaled: bool
    """Whether the pictures have another size, and the boxes with them."""


def take_over(
    connection: sqlite3.Connection,
    media: Media,
    *,
    columns: Mapping[str, Any],
    index: bytes | None,
    pts: NDArray[np.int64] | None,
) -> TakenOver:
    """Make the labels of `media` fit another file, whose facts are `columns` of the media table. Runs inside a recorded
    edit.

    index, pts: of a video's frames, its stored index and their timestamps [frames]; None for anything else.
    """
    left_out = _cut(connection, media.id, columns["frames"])
    across, down = columns["width"] / media.width, columns["height"] / media.height
    scaled = (across, down) != (1, 1)
    if scaled:
        _scale(connection, media.id, across, down)
    connection.execute("DELETE FROM media_index WHERE media_id = ?", (media.id,))
    if index is not None and pts is not None:
        stamps = np.ascontiguousarray(pts, "<i8")
        connection.execute("INSERT INTO media_index VALUES (?, ?, ?)", (media.id, index, stamps.tobytes()))
        _stamp(connection, media.id, stamps)
    names = ", ".join(f"{column} = ?" for column in columns)
    connection.execute(f"UPDATE media SET {names} WHERE id = ?", (*columns.values(), media.id))
    return TakenOver(left_out, scaled)


def labels_beyond(connection: sqlite3.Connection, media_id: int, frames: int) -> int:
    """How many labels of the media are on frames from `frames` on."""
    sql = (
        "SELECT (SELECT count(*) FROM keyframe JOIN live_object ON live_object.id = object_id"
        " WHERE media_id = ?1 AND frame >= ?2)"
        " + (SELECT count(*) FROM live_rejection WHERE media_id = ?1 AND frame >= ?2)"
    )
    count = connection.execute(sql, (media_id, frames)).fetchone()[0]
    return count + int((states.state_table(connection, media_id).frames >= frames).sum())


def _cut(connection: sqlite3.Connection, media_id: int, frames: int) -> int:
    """Take away what lies beyond the last frame; what goes on to there ends on it. Returns how many labels went."""
    count = labels_beyond(connection, media_id, frames)
    if not count:
        return 0
    beyond = connection.execute(
        "SELECT id FROM live_object WHERE media_id = ? AND last_frame >= ?", (media_id, frames)
    ).fetchall()
    for (object_id,) in beyond:
        keyframes = queries.keyframes_of(connection, object_id)
        last, box = keyframe_before(keyframes, frames - 1), box_at(keyframes, frames - 1)
        if last is not None and box is not None and last.frame < frames - 1:
            end = replace(last, frame=frames - 1, box=box, interpolate=False)
            connection.execute(WRITE_KEYFRAME, keyframe_values(end, None))
        connection.execute("DELETE FROM keyframe WHERE object_id = ? AND frame >= ?", (object_id, frames))
        if last is None:
            connection.execute("DELETE FROM object WHERE id = ?", (object_id,))
        else:
            refresh_life(connection, object_id)
    connection.execute(
        "DELETE FROM rejection WHERE id IN (SELECT id FROM live_rejection WHERE media_id = ? AND frame >= ?)",
        (media_id, frames),
    )
    stated = states.state_table(connection, media_id).frames
    states.write_states(connection, media_id, stated[stated >= frames].tolist(), state=FrameState.UNTOUCHED)
    return count


_OF_MEDIA = (
    ("keyframe", "object_id IN (SELECT id FROM live_object WHERE media_id = ?)"),
    ("rejection", "id IN (SELECT id FROM live_rejection WHERE media_id = ?)"),
)


def _scale(connection: sqlite3.Connection, media_id: int, across: float, down: float) -> None:
    for table, where in _OF_MEDIA:
        connection.execute(
            f"UPDATE {table} SET x = x * ?, w = w * ?, y = y * ?, h = h * ? WHERE {where}",
            (across, across, down, down, media_id),
        )


def _stamp(connection: sqlite3.Connection, media_id: int, pts: NDArray[np.int64]) -> None:
    """Labels keep their frames and get the timestamps that these have in the new file."""
    for table, where in _OF_MEDIA:
        key = "object_id" if table == "keyframe" else "id"
        found = connection.execute(f"SELECT {key}, frame, pts FROM {table} WHERE {where}", (media_id,)).fetchall()
        connection.executemany(
            f"UPDATE {table} SET pts = ? WHERE {key} = ? AND frame = ?",
            [(new, thing, frame) for thing, frame, old in found if (new := int(pts[frame])) != old],
        )
