"""The stored index of a video's frames: which timestamp each frame has."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Change, Media
from yolor_studio.project import history, rows
from yolor_studio.project.recorder import Recorder
from yolor_studio.project.renumber import FrameMap, Renumbering, move_labels, move_predictions


def read_index(connection: sqlite3.Connection, media_id: int) -> bytes | None:
    """The index as it was stored, None when none was built yet."""
    row = connection.execute("SELECT content FROM media_index WHERE media_id = ?", (media_id,)).fetchone()
    return None if row is None else row[0]


def pts_at(connection: sqlite3.Connection, media_id: int, frame: int) -> int | None:
    """The timestamp of a frame, None while the media has no index."""
    row = connection.execute("SELECT length(pts) FROM media_index WHERE media_id = ?", (media_id,)).fetchone()
    if row is None or row[0] is None or row[0] < (frame + 1) * 8:
        return None
    with connection.blobopen("media_index", "pts", media_id, readonly=True) as blob:
        blob.seek(frame * 8)
        return int.from_bytes(blob.read(8), "little", signed=True)


def store_index(
    connection: sqlite3.Connection, media_id: int, content: bytes, *, pts: bytes | None, facts: Mapping[str, Any]
) -> None:
    """Write the index and what was found in the media (columns of the media table)."""
    connection.execute(
        "INSERT INTO media_index (media_id, content, pts) VALUES (?, ?, ?) ON CONFLICT (media_id)"
        " DO UPDATE SET content = excluded.content, pts = coalesce(excluded.pts, pts)",
        (media_id, content, pts),
    )
    names = ", ".join(f"{column} = ?" for column in facts)
    connection.execute(f"UPDATE media SET {names} WHERE id = ?", (*facts.values(), media_id))


def stored_pts(connection: sqlite3.Connection, media_id: int) -> bytes | None:
    """The timestamps of all frames as little-endian int64, None while they are not known."""
    row = connection.execute("SELECT pts FROM media_index WHERE media_id = ?", (media_id,)).fetchone()
    return None if row is None else row[0]


def note_pts(connection: sqlite3.Connection, media_id: int, pts: NDArray[np.int64]) -> None:
    """Give labels made before the index was known their timestamps."""
    sets = (
        ("keyframe", "object_id", "object_id IN (SELECT id FROM object WHERE media_id = ?)"),
        ("rejection", "id", "media_id = ?"),
    )
    for table, key, where in sets:
        found = connection.execute(
            f"SELECT {key}, frame FROM {table} WHERE pts IS NULL AND {where}", (media_id,)
        ).fetchall()
        connection.executemany(
            f"UPDATE {table} SET pts = ? WHERE {key} = ? AND frame = ?",
            [(int(pts[frame]), identity, frame) for identity, frame in found if frame < len(pts)],
        )


def replace_index(
    connection: sqlite3.Connection,
    recorder: Recorder,
    media: Media,
    *,
    content: bytes,
    pts: NDArray[np.int64] | None,
    facts: Mapping[str, Any],
) -> tuple[Change | None, Renumbering | None]:
    """Store a new index; labels and predictions whose frames have other numbers by it follow, as one step of the
    history. Returns that step's Change and what happened, or None twice."""
    new = None if pts is None else pts.tobytes()
    old = stored_pts(connection, media.id)
    if old is None or new is None or old == new:
        store_index(connection, media.id, content, pts=new, facts=facts)
        if pts is not None:
            note_pts(connection, media.id, pts)
        return None, None
    frames = FrameMap(old, new)
    with recorder.recording():
        moved = move_labels(connection, media.id, frames)
        if moved.moved or moved.lost:
            store_index(connection, media.id, content, pts=new, facts=facts)
    diff = recorder.take()
    move_predictions(connection, media.id, frames)
    if not moved.moved and not moved.lost:
        store_index(connection, media.id, content, pts=new, facts=facts)
        return None, None
    return history.store(connection, f"Recount the frames of {media.name}", actor="job", merge=None, diff=diff), moved


def facts_of(
    *, frames: int, verified: bool, width: int, height: int, fps: float | None, info: Mapping[str, Any]
) -> dict[str, Any]:
    """What a decode found, as columns of the media table."""
    return {
        "frames": frames,
        "verified": int(verified),
        "width": width,
        "height": height,
        "fps": fps,
        "info": rows.to_json(dict(info)),
    }
