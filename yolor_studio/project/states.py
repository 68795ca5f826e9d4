"""Frame states are stored as blocks of bytes, one byte a frame, so that reviewing 100,000 frames writes some hundred
rows; trailing untouched frames are cut, and a block without any state has no row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np

from yolor_studio.core.entities import FrameState

BLOCK = 1024
_CODES = {FrameState.UNTOUCHED: 0, FrameState.REVIEWED: 1, FrameState.SKIPPED: 2}
_STATES = {code: state for state, code in _CODES.items()}


def read_state(connection: sqlite3.Connection, media_id: int, frame: int) -> FrameState:
    """The state of one frame."""
    row = connection.execute(
        "SELECT states FROM frame_state WHERE media_id = ? AND block = ?", (media_id, frame // BLOCK)
    ).fetchone()
    offset = frame % BLOCK
    return _STATES.get(row[0][offset], FrameState.UNTOUCHED) if row and offset < len(row[0]) else FrameState.UNTOUCHED


def read_states(connection: sqlite3.Connection, media_id: int) -> dict[int, FrameState]:
    """The states of a media's frames that are not untouched, rising in frame."""
    states: dict[int, FrameState] = {}
    rows = connection.execute("SELECT block, states FROM frame_state WHERE media_id = ? ORDER BY block", (media_id,))
    for block, content in rows.fetchall():
        codes = np.frombuffer(content, np.uint8)
        for offset in np.flatnonzero(codes).tolist():
            states[block * BLOCK + offset] = _STATES.get(content[offset], FrameState.UNTOUCHED)
    return states


def write_states(connection: sqlite3.Connection, media_id: int, frames: Iterable[int], *, state: FrameState) -> None:
    """Set the state of the frames; blocks that stay as they are are not written."""
    numbers = np.unique(np.fromiter(frames, np.int64))
    if not len(numbers):
        return
    blocks, starts = np.unique(numbers // BLOCK, return_index=True)
    for block, part in zip(blocks.tolist(), np.split(numbers, starts[1:]), strict=True):
        row = connection.execute(
            "SELECT states FROM frame_state WHERE media_id = ? AND block = ?", (media_id, block)
        ).fetchone()
        before = row[0] if row else b""
        codes = np.zeros(BLOCK, np.uint8)
        codes[: len(before)] = np.frombuffer(before, np.uint8)
        codes[part % BLOCK] = _CODES[state]
        _write_block(connection, (media_id, block), before, codes)


def _write_block(connection: sqlite3.Connection, key: tuple[int, int], before: bytes, codes: np.ndarray) -> None:
    after = codes.tobytes().rstrip(b"\0")
    if after == before:
        return
    if not after:
        connection.execute("DELETE FROM frame_state WHERE media_id = ? AND block = ?", key)
        return
    figures = (after, after.count(1), after.count(2))
    if before:
        connection.execute(
            "UPDATE frame_state SET states = ?, reviewed = ?, skipped = ? WHERE media_id = ? AND block = ?",
            (*figures, *key),
        )
    else:
        connection.execute(
            "INSERT INTO frame_state (states, reviewed, skipped, media_id, block) VALUES (?, ?, ?, ?, ?)",
            (*figures, *key),
        )


def changed_frames(before: bytes, after: bytes) -> list[int]:
    """The offsets at which two blocks differ."""
    size = max(len(before), len(after))
    left = np.frombuffer(before.ljust(size, b"\0"), np.uint8)
    right = np.frombuffer(after.ljust(size, b"\0"), np.uint8)
    return np.flatnonzero(left != right).tolist()
