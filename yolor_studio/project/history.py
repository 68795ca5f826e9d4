"""The edits in the file: stored with their diffs, undone and redone without limit, also after a restart."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from yolor_studio.core.entities import Change
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import batches, queries
from yolor_studio.project.places import Place, change_of, first_place
from yolor_studio.project.recorder import Diff, apply, join, pack, reverse, unpack
from yolor_studio.project.renumber import FrameMap, move_predictions

MERGE_SECONDS = 1.0
"""Edits with the same merge key join when they follow each other within this time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit in the file, without its diff."""

    id: int
    name: str
    batch: int | None
    touched: str | None
    media_id: int | None
    frame: int | None

    @property
    def place(self) -> Place | None:
        """(media id, frame) of what it changed first; None when that is no frame."""
        return None if self.media_id is None or self.frame is None else (self.media_id, self.frame)


_STEP = "SELECT id, name, batch, touched, media_id, frame FROM edit"


def next_undo(connection: sqlite3.Connection) -> Step | None:
    """The step that Undo would take back."""
    return _step(connection.execute(f"{_STEP} WHERE undone = 0 ORDER BY id DESC LIMIT 1").fetchone())


def next_redo(connection: sqlite3.Connection) -> Step | None:
    """The step that Redo would do again."""
    return _step(connection.execute(f"{_STEP} WHERE undone = 1 ORDER BY id LIMIT 1").fetchone())


def _step(row: tuple | None) -> Step | None:
    return None if row is None else Step(*row)


def store(connection: sqlite3.Connection, name: str, *, actor: str, merge: str | None, diff: Diff) -> Change:
    """Make the recorded diff one step; what had been undone can no longer be redone."""
    cut = cut_redo(connection)
    earlier = None if cut or merge is None else _mergeable(connection, actor, merge)
    if earlier is not None:
        _join_into(connection, earlier, diff)
    else:
        place = first_place(connection, diff) or (None, None)
        connection.execute(
            "INSERT INTO edit (name, actor, merge_key, time, media_id, frame, diff) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, actor, merge, time.time(), *place, pack(diff)),
        )
    return change_of(connection, diff, name, actor=actor)


def store_batch(
    connection: sqlite3.Connection, name: str, *, actor: str, diff: Diff, batch: int, touched: batches.Touched
) -> Change:
    """Make a batch, and the diff recorded beside it, one step."""
    cut_redo(connection)
    place = touched.place or first_place(connection, diff) or (None, None)
    connection.execute(
        "INSERT INTO edit (name, actor, time, batch, touched, media_id, frame, diff) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, actor, time.time(), batch, touched.pack(), *place, pack(diff)),
    )
    return batches.widen(change_of(connection, diff, name, actor=actor), touched.pack())


def cut_redo(connection: sqlite3.Connection) -> bool:
    """What had been undone can no longer be redone; returns whether there was any."""
    cut = connection.execute("SELECT count(*) FROM edit WHERE undone = 1").fetchone()[0]
    if cut:
        batches.drop_undone(connection)
        connection.execute("DELETE FROM edit WHERE undone = 1")
    return cut > 0


def _mergeable(connection: sqlite3.Connection, actor: str, merge: str) -> int | None:
    row = connection.execute("SELECT id, actor, merge_key, time FROM edit ORDER BY id DESC LIMIT 1").fetchone()
    if row is None or row[1:3] != (actor, merge) or not 0 <= time.time() - row[3] <= MERGE_SECONDS:
        return None
    return row[0]


def _join_into(connection: sqlite3.Connection, edit_id: int, diff: Diff) -> None:
    before = unpack(connection.execute("SELECT diff FROM edit WHERE id = ?", (edit_id,)).fetchone()[0])
    joined = join(before, diff)
    if joined:
        connection.execute("UPDATE edit SET diff = ?, time = ? WHERE id = ?", (pack(joined), time.time(), edit_id))
    else:
        connection.execute("DELETE FROM edit WHERE id = ?", (edit_id,))


def undo(connection: sqlite3.Connection) -> Change | None:
    """Take back the last step; None when there is none. Runs inside the caller's transaction."""
    step = next_undo(connection)
    return None if step is None else _travel(connection, step, back=True)


def redo(connection: sqlite3.Connection) -> Change | None:
    """Do the step undone last again; None when there is none. Runs inside the caller's transaction."""
    step = next_redo(connection)
    return None if step is None else _travel(connection, step, back=False)


def _travel(connection: sqlite3.Connection, step: Step, *, back: bool) -> Change:
    diff = unpack(connection.execute("SELECT diff FROM edit WHERE id = ?", (step.id,)).fetchone()[0])
    if back:
        diff = reverse(diff)
    if step.batch is not None and batches.any_pending(connection):
        raise ProjectError("A large edit is still being written; wait for it or cancel it, then try again.")
    if step.batch is not None and not back:
        batches.show(connection, step.batch)
    apply(connection, diff)
    if step.batch is not None and back:
        batches.hide_undone(connection, step.batch)
    _keep_names_unique(connection, diff)
    _move_predictions(connection, diff)
    connection.execute("UPDATE edit SET undone = ? WHERE id = ?", (int(back), step.id))
    change = change_of(connection, diff, step.name, actor="undo" if back else "redo")
    return change if step.touched is None else batches.widen(change, step.touched)


def _keep_names_unique(connection: sqlite3.Connection, diff: Diff) -> None:
    """A category that a step brings back gets " (2)" where a run has adopted another of its name meanwhile."""
    for change in diff:
        if change.table == "category" and change.after is not None and not change.after["removed"]:
            category_id, wanted = change.after["id"], change.after["name"]
            name = queries.free_category_name(connection, wanted, but=category_id)
            if name != wanted:
                connection.execute("UPDATE category SET name = ? WHERE id = ?", (name, category_id))


def _move_predictions(connection: sqlite3.Connection, diff: Diff) -> None:
    """Predictions are outside the history, but when a step gives a media's frames other numbers they go along; not when
    it gives the media another file, whose timestamps say nothing about the old one's."""
    other_files = {
        change.after["id"]
        for change in diff
        if change.table == "media"
        and change.before is not None
        and change.after is not None
        and change.before["digest"] != change.after["digest"]
    }
    for change in diff:
        if change.table == "media_index" and change.before is not None and change.after is not None:
            old, new = change.before["pts"], change.after["pts"]
            if change.after["media_id"] in other_files or old is None or new is None:
                continue
            if old != new:
                move_predictions(connection, change.after["media_id"], FrameMap(old, new))
