"""Which frames an edit concerns: what observers are told, and where the window goes on undo."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from yolor_studio.core.entities import Change
from yolor_studio.project.recorder import Diff, Row, RowChange
from yolor_studio.project.states import BLOCK, changed_frames

FEW = 512
"""Up to so many frames are named in a Change; beyond it says "any frame of these media"."""

WORDS = {
    "media": "media",
    "media_index": "media",
    "category": "categories",
    "object": "objects",
    "keyframe": "keyframes",
    "rejection": "rejections",
    "frame_state": "frame_states",
    "class_map": "class_maps",
}
"""A table's name in a Change."""
_EVERYWHERE = frozenset({"category", "class_map"})
_WHOLE_MEDIA = frozenset({"media", "media_index"})

Place = tuple[int, int]


def change_of(connection: sqlite3.Connection, diff: Diff, edit: str, *, actor: str) -> Change:
    """The Change that tells observers of the diff, which has just been written."""
    tables = frozenset(WORDS[change.table] for change in diff)
    if any(change.table in _EVERYWHERE for change in diff):
        return Change(tables, edit=edit, actor=actor)
    media: set[int] = set()
    frames: set[Place] | None = set()
    for place in _concerned(connection, diff):
        media.add(place[0])
        if frames is not None and place[1] >= 0 and len(frames) <= FEW:
            frames.add(place)
        else:
            frames = None
    if frames is not None and len(frames) > FEW:
        frames = None
    return Change(tables, frozenset(media), None if frames is None else frozenset(frames), edit, actor)


def first_place(connection: sqlite3.Connection, diff: Diff) -> Place | None:
    """(media id, frame) of the first thing on a frame that the diff touched, else of a media; None when it is about
    categories alone."""
    owners = _owners(connection, diff)
    fallback: Place | None = None
    for change in diff:
        row = _any(change)
        if change.table == "keyframe":
            return owners[row["object_id"]], row["frame"]
        if change.table == "object":
            return row["media_id"], row["first_frame"]
        if change.table == "rejection":
            return row["media_id"], row["frame"]
        if change.table == "frame_state":
            return row["media_id"], min(_state_frames(change))
        if change.table in _WHOLE_MEDIA and fallback is None:
            fallback = (_media_id(row), 0)
    return fallback


def _concerned(connection: sqlite3.Connection, diff: Diff) -> Iterable[Place]:
    """(media id, frame) pairs, a frame of -1 for a whole media."""
    owners = _owners(connection, diff)
    keyframes: dict[int, list[Row]] = defaultdict(list)
    for change in diff:
        row = _any(change)
        if change.table == "keyframe":
            keyframes[row["object_id"]] += [r for r in (change.before, change.after) if r is not None]
        elif change.table == "object":
            if change.before is not None and change.after is not None and _only_life(change.before, change.after):
                continue
            yield from _span(row["media_id"], row["first_frame"], row["last_frame"])
        elif change.table == "rejection":
            yield row["media_id"], row["frame"]
        elif change.table == "frame_state":
            frames = _state_frames(change)
            yield from ((row["media_id"], frame) for frame in (frames if len(frames) <= FEW else (-1,)))
        else:
            yield _media_id(row), -1
    for object_id, rows in keyframes.items():
        yield from _keyframe_frames(connection, owners[object_id], object_id, rows)


def _keyframe_frames(connection: sqlite3.Connection, media_id: int, object_id: int, rows: list[Row]) -> Iterable[Place]:
    touched = {row["frame"] for row in rows}
    low, high = min(touched), max(touched)
    spans = any(row["interpolate"] for row in rows)
    before = connection.execute(
        "SELECT frame, interpolate FROM keyframe WHERE object_id = ? AND frame < ? ORDER BY frame DESC LIMIT 1",
        (object_id, low),
    ).fetchone()
    after = connection.execute(
        "SELECT frame FROM keyframe WHERE object_id = ? AND frame > ? ORDER BY frame LIMIT 1", (object_id, high)
    ).fetchone()
    if before is not None and before[1]:
        low, spans = before[0], True
    if spans and after is not None:
        high = after[0]
    return _span(media_id, low, high) if spans else ((media_id, frame) for frame in sorted(touched))


def _span(media_id: int, first: int, last: int) -> Iterable[Place]:
    if last - first > FEW:
        return [(media_id, -1)]
    return [(media_id, frame) for frame in range(first, last + 1)]


def _only_life(before: Row, after: Row) -> bool:
    """Whether an object's row changed only because its first or last keyframe did, which its keyframes tell."""
    return all(before[c] == after[c] for c in before if c not in ("first_frame", "last_frame", "bin"))


def _state_frames(change: RowChange) -> list[int]:
    before, after = (
        (b"", b"") if row is None else (row["states"], row["known"]) for row in (change.before, change.after)
    )
    return [_any(change)["block"] * BLOCK + offset for offset in changed_frames(before, after)]


def _owners(connection: sqlite3.Connection, diff: Diff) -> dict[int, int]:
    """The media of every object that the diff touches."""
    owners = {_any(change)["id"]: _any(change)["media_id"] for change in diff if change.table == "object"}
    for change in diff:
        if change.table == "keyframe" and (object_id := _any(change)["object_id"]) not in owners:
            row = connection.execute("SELECT media_id FROM object WHERE id = ?", (object_id,)).fetchone()
            owners[object_id] = row[0]
    return owners


def _media_id(row: Row) -> int:
    return row["media_id"] if "media_id" in row else row["id"]


def _any(change: RowChange) -> Row:
    row = change.after if change.before is None else change.before
    assert row is not None
    return row
