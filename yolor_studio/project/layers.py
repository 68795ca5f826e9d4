"""Layers and their predictions: bulk data outside the undo history, replaced frame by frame."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Layer, Predictions
from yolor_studio.project import rows, settings
from yolor_studio.project.predictions import decode

CHUNK = 256


def all_layers(connection: sqlite3.Connection) -> list[Layer]:
    """The layers, oldest first."""
    return [rows.layer(row) for row in connection.execute(f"SELECT {rows.LAYER} FROM layer ORDER BY id")]


def one_layer(connection: sqlite3.Connection, layer_id: int) -> Layer:
    """One layer. Raises ProjectError when there is none."""
    sql = f"SELECT {rows.LAYER} FROM layer WHERE id = ?"
    return rows.layer(rows.one(connection, sql, (layer_id,), what=f"layer {layer_id}"))


def is_complete(connection: sqlite3.Connection, layer_id: int) -> bool:
    """Whether the layer's run came to its end."""
    sql = "SELECT complete FROM layer WHERE id = ?"
    return bool(rows.one(connection, sql, (layer_id,), what=f"layer {layer_id}")[0])


def shown_layer(connection: sqlite3.Connection) -> int | None:
    """The id of the layer that is shown: the chosen one, else the newest."""
    chosen = settings.read(connection, settings.SHOWN_LAYER, None)
    row = connection.execute("SELECT id FROM layer ORDER BY id = ? DESC, id DESC LIMIT 1", (chosen,)).fetchone()
    return None if row is None else row[0]


def start_layer(
    connection: sqlite3.Connection,
    model: str,
    model_hash: str,
    *,
    class_names: Sequence[str],
    min_score: float,
    device: str,
    wanted: Mapping[str, Any],
) -> int:
    """The incomplete layer of the same model and settings, else a new one, which is then the shown one."""
    values = (model, model_hash, rows.to_json(list(class_names)), float(min_score), rows.to_json(dict(wanted)))
    row = connection.execute(
        "SELECT id FROM layer WHERE model = ? AND model_hash = ? AND class_names = ? AND min_score = ?"
        " AND settings = ? AND complete = 0 ORDER BY id DESC LIMIT 1",
        values,
    ).fetchone()
    if row is not None:
        connection.execute("UPDATE layer SET device = ? WHERE id = ?", (device, row[0]))
        return row[0]
    cursor = connection.execute(
        "INSERT INTO layer (model, model_hash, class_names, min_score, settings, device, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, device, datetime.now(UTC).isoformat(timespec="seconds")),
    )
    assert cursor.lastrowid is not None
    settings.write(connection, settings.SHOWN_LAYER, cursor.lastrowid)
    return cursor.lastrowid


def write(connection: sqlite3.Connection, layer_id: int, media_id: int, blobs: Sequence[tuple[int, bytes]]) -> None:
    """Replace the frames' predictions by (frame, encoded predictions)."""
    connection.executemany(
        "INSERT INTO prediction (layer_id, media_id, frame, content) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (layer_id, media_id, frame) DO UPDATE SET content = excluded.content",
        [(layer_id, media_id, frame, blob) for frame, blob in blobs],
    )


def read(connection: sqlite3.Connection, layer_id: int, media_id: int, *, frame: int) -> Predictions | None:
    """The layer's predictions on the frame, None where its run has not been."""
    row = connection.execute(
        "SELECT content FROM prediction WHERE layer_id = ? AND media_id = ? AND frame = ?", (layer_id, media_id, frame)
    ).fetchone()
    return None if row is None else decode(row[0])


def visited_frames(connection: sqlite3.Connection, layer_id: int, media_id: int) -> NDArray[np.int64]:
    """The frames on which the layer has predictions, or found that there are none; rising."""
    found = connection.execute(
        "SELECT frame FROM prediction WHERE layer_id = ? AND media_id = ? ORDER BY frame", (layer_id, media_id)
    ).fetchall()
    return np.array([row[0] for row in found], np.int64)


def visited_table(connection: sqlite3.Connection, layer_id: int) -> NDArray[np.int64]:
    """[N, 2] media id and frame of every frame of every media where the layer's run has been, by media and frame."""
    found = connection.execute(
        "SELECT media_id, frame FROM prediction WHERE layer_id = ? ORDER BY media_id, frame", (layer_id,)
    )
    return np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 2)


def iterate(connection: sqlite3.Connection, layer_id: int, media_id: int) -> Iterator[tuple[int, Predictions]]:
    """(frame, predictions), rising in frame."""
    frame = -1
    while True:
        found = connection.execute(
            "SELECT frame, content FROM prediction WHERE layer_id = ? AND media_id = ? AND frame > ?"
            " ORDER BY frame LIMIT ?",
            (layer_id, media_id, frame, CHUNK),
        ).fetchall()
        for frame, blob in found:
            yield frame, decode(blob)
        if len(found) < CHUNK:
            return


def class_map(connection: sqlite3.Connection, model: str) -> dict[int, int | None]:
    """The model's class index -> category id or None for "ignored"; absent are classes never mapped, and those mapped
    to a category that an undo has taken away."""
    sql = (
        "SELECT class_index, category_id FROM class_map WHERE model = ?"
        " AND (category_id IS NULL OR category_id IN (SELECT id FROM live_category)) ORDER BY class_index"
    )
    return dict(connection.execute(sql, (model,)).fetchall())
