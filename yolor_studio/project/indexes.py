"""The stored index of a video's frames, and labels that follow their timestamps when verification renumbers frames."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.project import rows
from yolor_studio.project.schema import bin_of
from yolor_studio.project.states import read_states, write_states


@dataclass(frozen=True, slots=True)
class Renumbering:
    """What happened to the labels of a media whose frames got other numbers."""

    moved: int
    """Labels (keyframes, rejections, frame states) that are on another frame number now, but on the same picture."""
    lost: int
    """Labels of frames that do not decode and whose place another label of the same object or frame holds."""

    def __str__(self) -> str:
        lost = (
            f"; {self.lost} of frames that cannot be decoded were dropped (Undo brings them back)" if self.lost else ""
        )
        return f"The file's frames were counted anew: {self.moved} labels moved with their pictures{lost}."


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
        return int.from_bytes(blob[frame * 8 : frame * 8 + 8], "little", signed=True)


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


class FrameMap:
    """Old frame number -> new frame number, by timestamp and, among equal ones, by place."""

    def __init__(self, old: bytes, new: bytes) -> None:
        before, after = _numbered(old), _numbered(new)
        self._exact = {key: frame for frame, key in enumerate(after)}
        self._before = before
        self._rising = np.maximum.accumulate(np.frombuffer(new, "<i8")) if new else np.zeros(0, np.int64)

    def exact(self, frame: int) -> int | None:
        """The number of the same picture, None when it is no frame any more."""
        if frame >= len(self._before):
            return None
        return self._exact.get(self._before[frame])

    def nearest(self, frame: int) -> int:
        """The number of the same picture, else of the last one before it."""
        exact = self.exact(frame)
        if exact is not None or not len(self._rising):
            return frame if exact is None else exact
        if frame >= len(self._before):
            return len(self._rising) - 1
        return max(int(np.searchsorted(self._rising, self._before[frame][0], "right")) - 1, 0)


def _numbered(blob: bytes) -> list[tuple[int, int]]:
    """(timestamp, how many frames with the same one came before)."""
    seen: dict[int, int] = {}
    keys = []
    for pts in np.frombuffer(blob, "<i8").tolist():
        keys.append((pts, seen.get(pts, 0)))
        seen[pts] = keys[-1][1] + 1
    return keys


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


def move_labels(connection: sqlite3.Connection, media_id: int, frames: FrameMap) -> Renumbering:
    """Put every label of the media on its picture's new number. Runs inside a recorded edit."""
    moved, lost = _move_keyframes(connection, media_id, frames)
    for identity, frame in connection.execute(
        "SELECT id, frame FROM rejection WHERE media_id = ?", (media_id,)
    ).fetchall():
        if (new := frames.nearest(frame)) != frame:
            connection.execute("UPDATE rejection SET frame = ? WHERE id = ?", (new, identity))
            moved += 1
    states = read_states(connection, media_id)
    kept = {new: state for frame, state in states.items() if (new := frames.exact(frame)) is not None}
    if kept != states:
        connection.execute("DELETE FROM frame_state WHERE media_id = ?", (media_id,))
        for state in set(kept.values()):
            write_states(connection, media_id, [f for f, s in kept.items() if s is state], state=state)
        moved += sum(states.get(frame) is not state for frame, state in kept.items())
        lost += len(states) - len(kept)
    return Renumbering(moved, lost)


_COLUMNS = "object_id, frame, pts, x, y, w, h, occluded, interpolate, origin, attributes, score"


def _move_keyframes(connection: sqlite3.Connection, media_id: int, frames: FrameMap) -> tuple[int, int]:
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM keyframe WHERE object_id IN (SELECT id FROM object WHERE media_id = ?)"
        " ORDER BY object_id, frame",
        (media_id,),
    ).fetchall()
    placed: dict[tuple[int, int], tuple[Any, ...]] = {}
    # A frame's own keyframe wins over one whose frame is gone and which only finds shelter there.
    for row in sorted(found, key=lambda row: frames.exact(row[1]) is None):
        placed.setdefault((row[0], frames.nearest(row[1])), row)
    moves = {(thing, row[1]): new for (thing, new), row in placed.items()}
    if all(moves.get((row[0], row[1])) == row[1] for row in found):
        return 0, 0
    changed = {row[0] for row in found if moves.get((row[0], row[1])) != row[1]}
    connection.executemany("DELETE FROM keyframe WHERE object_id = ?", [(thing,) for thing in changed])
    marks = ", ".join("?" * len(_COLUMNS.split(",")))
    connection.executemany(
        f"INSERT INTO keyframe ({_COLUMNS}) VALUES ({marks})",
        [(thing, new, *row[2:]) for (thing, new), row in placed.items() if thing in changed],
    )
    lives = connection.execute(
        "SELECT object_id, min(frame), max(frame) FROM keyframe WHERE object_id IN"
        " (SELECT id FROM object WHERE media_id = ?) GROUP BY object_id",
        (media_id,),
    ).fetchall()
    connection.executemany(
        "UPDATE object SET first_frame = ?, last_frame = ?, bin = ? WHERE id = ?",
        [(first, last, bin_of(first, last), thing) for thing, first, last in lives if thing in changed],
    )
    return sum(frame != new for (_thing, frame), new in moves.items()), len(found) - len(placed)


def move_predictions(connection: sqlite3.Connection, media_id: int, frames: FrameMap) -> None:
    """Put predictions on their pictures' new numbers; those of pictures that are gone go."""
    found = connection.execute("SELECT id, frame FROM prediction WHERE media_id = ?", (media_id,)).fetchall()
    gone = [(identity,) for identity, frame in found if frames.exact(frame) is None]
    moves = [(new, identity) for identity, frame in found if (new := frames.exact(frame)) not in (None, frame)]
    connection.executemany("DELETE FROM prediction WHERE id = ?", gone)
    # In two steps over negative numbers, because a frame holds one set of predictions of a layer.
    connection.executemany("UPDATE prediction SET frame = -1 - ? WHERE id = ?", moves)
    connection.execute("UPDATE prediction SET frame = -1 - frame WHERE media_id = ? AND frame < 0", (media_id,))


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
