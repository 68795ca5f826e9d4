"""Labels and predictions that follow their pictures when a media's frames get other numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np

from yolor_studio.project.schema import bin_of
from yolor_studio.project.states import move_states


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


def move_labels(connection: sqlite3.Connection, media_id: int, frames: FrameMap) -> Renumbering:
    """Put every label of the media on its picture's new number. Runs inside a recorded edit."""
    moved, lost = _move_keyframes(connection, media_id, frames)
    for identity, frame in connection.execute(
        "SELECT id, frame FROM rejection WHERE media_id = ?", (media_id,)
    ).fetchall():
        if (new := frames.nearest(frame)) != frame:
            connection.execute("UPDATE rejection SET frame = ? WHERE id = ?", (new, identity))
            moved += 1
    states_moved, states_lost = move_states(connection, media_id, frames.exact)
    return Renumbering(moved + states_moved, lost + states_lost)


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
