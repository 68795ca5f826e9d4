"""Values that the project keeps outside the undo history: score limits, the shown layer, view choices."""

from __future__ import annotations

import sqlite3
from typing import Any

from yolor_studio.project.rows import from_json, to_json

SCORE_LIMIT = "score_limit"
CATEGORY_SCORE_LIMITS = "category_score_limits"
SHOWN_LAYER = "shown_layer"
DEFAULT_SCORE_LIMIT = 0.3


def read(connection: sqlite3.Connection, key: str, default: Any) -> Any:
    """The value stored under `key`, else the default."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return default if row is None else from_json(row[0])


def write(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Store a JSON value under `key`."""
    connection.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, to_json(value)),
    )


def category_score_limits(connection: sqlite3.Connection) -> dict[int, float]:
    """Category id -> the score limit that stands in for the general one."""
    return {int(key): float(value) for key, value in read(connection, CATEGORY_SCORE_LIMITS, {}).items()}
