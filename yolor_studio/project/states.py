"""Frame states are stored as blocks of bytes, one byte a frame, so that reviewing 100,000 frames writes some hundred
rows; trailing untouched frames are cut, and a block without any state has no row.

Beside its state a reviewed frame has how many categories had been made when it was reviewed, so that it is known which
ones nobody looked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import FrameState

BLOCK = 1024
CODES = {FrameState.UNTOUCHED: 0, FrameState.REVIEWED: 1, FrameState.SKIPPED: 2}
_STATES = {code: state for state, code in CODES.items()}
_COUNTER = "category"


@dataclass(frozen=True, slots=True, eq=False)
class StateTable:
    """The frames that are not untouched, as columns; row i of each array belongs together, by media and frame."""

    media: NDArray[np.int64]
    """[N] media ids."""
    frames: NDArray[np.int64]
    codes: NDArray[np.uint8]
    """[N] the state's number in CODES."""
    known: NDArray[np.int64]
    """[N] how many categories had been made when the frame was reviewed, 0 where it was not."""

    def __len__(self) -> int:
        return len(self.frames)


def read_state(connection: sqlite3.Connection, media_id: int, frame: int) -> FrameState:
    """The state of one frame."""
    row = connection.execute(
        "SELECT states FROM frame_state WHERE media_id = ? AND block = ?", (media_id, frame // BLOCK)
    ).fetchone()
    offset = frame % BLOCK
    return _STATES.get(row[0][offset], FrameState.UNTOUCHED) if row and offset < len(row[0]) else FrameState.UNTOUCHED


def read_states(connection: sqlite3.Connection, media_id: int) -> dict[int, FrameState]:
    """The states of a media's frames that are not untouched, rising in frame."""
    table = state_table(connection, media_id)
    return {
        frame: _STATES.get(code, FrameState.UNTOUCHED)
        for frame, code in zip(table.frames.tolist(), table.codes.tolist(), strict=True)
    }


def state_table(connection: sqlite3.Connection, media_id: int | None = None) -> StateTable:
    """The states of a media's frames; None: of all media that are not removed."""
    where, values = ("media_id = ?", (media_id,)) if media_id is not None else ("media_id IN live_media_id", ())
    found = connection.execute(
        "WITH live_media_id AS (SELECT id FROM live_media)"
        f" SELECT media_id, block, states, known FROM frame_state WHERE {where} ORDER BY media_id, block",
        values,
    ).fetchall()
    lengths = np.array([len(row[2]) for row in found], np.int64)
    media, blocks = np.array([row[:2] for row in found], np.int64).reshape(-1, 2).T
    first = np.repeat(blocks * BLOCK - (np.cumsum(lengths) - lengths), lengths)
    codes = np.frombuffer(b"".join(row[2] for row in found), np.uint8)
    known = np.frombuffer(b"".join(row[3] for row in found), "<u4")
    stated = np.flatnonzero(codes)
    return StateTable(
        media=np.repeat(media, lengths)[stated],
        frames=(first + np.arange(len(codes)))[stated],
        codes=codes[stated],
        known=known[stated].astype(np.int64),
    )


def write_states(connection: sqlite3.Connection, media_id: int, frames: Iterable[int], *, state: FrameState) -> None:
    """Set the state of the frames; a frame that is reviewed again is so with the categories of now. Blocks that stay
    as they are are not written."""
    numbers = np.unique(np.fromiter(frames, np.int64))
    known = categories_made(connection) if state is FrameState.REVIEWED else 0
    _write(connection, media_id, numbers, np.full(len(numbers), CODES[state]), np.full(len(numbers), known))


def move_states(
    connection: sqlite3.Connection, media_id: int, new_frame: Callable[[int], int | None]
) -> tuple[int, int]:
    """Give every state of the media to the frame that `new_frame` says, None for none; returns how many frames have
    another state now than they had, and how many states are lost."""
    table = state_table(connection, media_id)
    targets = [new_frame(frame) for frame in table.frames.tolist()]
    kept = np.array([target is not None for target in targets], bool)
    frames = np.array([target for target in targets if target is not None], np.int64)
    if np.array_equal(frames, table.frames):
        return 0, 0
    connection.execute("DELETE FROM frame_state WHERE media_id = ?", (media_id,))
    order = np.argsort(frames)
    frames, codes = frames[order], table.codes[kept][order]
    _write(connection, media_id, frames, codes, table.known[kept][order])
    before = dict(zip(table.frames.tolist(), table.codes.tolist(), strict=True))
    moved = sum(before.get(frame) != code for frame, code in zip(frames.tolist(), codes.tolist(), strict=True))
    return moved, len(table) - len(frames)


def _write(
    connection: sqlite3.Connection, media_id: int, frames: NDArray[np.int64], codes: NDArray, known: NDArray
) -> None:
    """Set the codes of the frames (rising) and what was known then."""
    if not len(frames):
        return
    blocks, starts = np.unique(frames // BLOCK, return_index=True)
    for block, start, stop in zip(blocks.tolist(), starts, [*starts[1:], len(frames)], strict=True):
        row = connection.execute(
            "SELECT states, known FROM frame_state WHERE media_id = ? AND block = ?", (media_id, block)
        ).fetchone()
        columns = np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, "<u4")
        for column, stored, new in zip(columns, row or (b"", b""), (codes, known), strict=True):
            before = np.frombuffer(stored, column.dtype)
            column[: len(before)] = before
            column[frames[start:stop] % BLOCK] = new[start:stop]
        _write_block(connection, (media_id, block), row, *columns)


def _write_block(
    connection: sqlite3.Connection,
    key: tuple[int, int],
    before: tuple[bytes, bytes] | None,
    codes: NDArray[np.uint8],
    known: NDArray[np.uint32],
) -> None:
    states = codes.tobytes().rstrip(b"\0")
    after = states, known[: len(states)].tobytes()
    if after == (before or (b"", b"")):
        return
    if not states:
        connection.execute("DELETE FROM frame_state WHERE media_id = ? AND block = ?", key)
        return
    figures = (*after, states.count(CODES[FrameState.REVIEWED]), states.count(CODES[FrameState.SKIPPED]))
    if before is not None:
        connection.execute(
            "UPDATE frame_state SET states = ?, known = ?, reviewed = ?, skipped = ? WHERE media_id = ? AND block = ?",
            (*figures, *key),
        )
    else:
        connection.execute(
            "INSERT INTO frame_state (states, known, reviewed, skipped, media_id, block) VALUES (?, ?, ?, ?, ?, ?)",
            (*figures, *key),
        )


def changed_frames(before: tuple[bytes, bytes], after: tuple[bytes, bytes]) -> list[int]:
    """The offsets at which two blocks, given as states and what was known, differ."""
    size = max(len(before[0]), len(after[0]))
    left, right = (np.frombuffer(states.ljust(size, b"\0"), np.uint8) for states, _known in (before, after))
    old, new = (np.frombuffer(known.ljust(4 * size, b"\0"), "<u4") for _states, known in (before, after))
    return np.flatnonzero((left != right) | (old != new)).tolist()


def categories_made(connection: sqlite3.Connection) -> int:
    """How many categories were ever made, those included that an undo took away."""
    row = connection.execute("SELECT value FROM counter WHERE name = ?", (_COUNTER,)).fetchone()
    return row[0] if row else 0


def set_categories_made(connection: sqlite3.Connection, value: int) -> None:
    """Note how many were made."""
    connection.execute(
        "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (_COUNTER, value)
    )


def made_numbers(connection: sqlite3.Connection) -> dict[int, int]:
    """Category id -> as which of all it was made, from 1: a frame reviewed with fewer known is older than it."""
    return dict(connection.execute("SELECT id, made FROM live_category ORDER BY id").fetchall())


def reviewed_before(connection: sqlite3.Connection, category_id: int) -> dict[int, NDArray[np.int64]]:
    """Media id -> its frames that were reviewed when there was no such category yet, rising."""
    made = made_numbers(connection).get(category_id, 0)
    table = state_table(connection)
    older = np.flatnonzero((table.codes == CODES[FrameState.REVIEWED]) & (table.known < made))
    media, starts = np.unique(table.media[older], return_index=True)
    parts = np.split(table.frames[older], starts[1:])
    return dict(zip(media.tolist(), parts, strict=False))
