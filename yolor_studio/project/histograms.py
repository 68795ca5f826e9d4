"""How a layer's scores are spread. Of a media, blocks of frames are counted once and kept until a run writes there
again, so that the histogram can follow a run."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Layer
from yolor_studio.project.layers import class_map
from yolor_studio.project.predictions import first_classes

FLOOR = 0.05
"""The lowest score that a run keeps, and the histogram's left end."""
_BLOCK = 1024
_ROWS = 256

_Key = tuple[int, int, int, int]


class Histograms:
    """The counted blocks of one open project. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writes: Counter[tuple[int, int, int]] = Counter()
        self._known: dict[_Key, tuple[int, NDArray[np.int64]]] = {}

    def written(self, layer_id: int, media_id: int, frames: Iterable[int]) -> None:
        """These frames' predictions were replaced, and that is committed."""
        with self._lock:
            self._writes.update({(layer_id, media_id, frame // _BLOCK) for frame in frames})

    def forget(self) -> None:
        """Frames may have other numbers now."""
        with self._lock:
            self._known = {}

    def of_media(self, connection: sqlite3.Connection, layer: Layer, media_id: int, *, bins: int) -> NDArray[np.int64]:
        """[bins] how many of the media's predictions of mapped classes have their first score in each part of
        FLOOR..1."""
        total = np.zeros((len(layer.class_names), bins), np.int64)
        ends = "SELECT min(frame), max(frame) FROM prediction WHERE layer_id = ? AND media_id = ?"
        first, last = connection.execute(ends, (layer.id, media_id)).fetchone()
        if first is not None:
            for block in range(first // _BLOCK, last // _BLOCK + 1):
                total += self._block(connection, layer, (layer.id, media_id, block, bins))
        return total[_mapped(connection, layer)].sum(0)

    def _block(self, connection: sqlite3.Connection, layer: Layer, key: _Key) -> NDArray[np.int64]:
        with self._lock:
            # Noted before reading: what is written meanwhile makes the count an old one.
            writes = self._writes[key[:3]]
            blocks = self._known
            known = blocks.get(key)
        if known is not None and known[0] == writes:
            return known[1]
        layer_id, media_id, block, bins = key
        found = connection.execute(
            "SELECT content FROM prediction WHERE layer_id = ? AND media_id = ? AND frame >= ? AND frame < ?",
            (layer_id, media_id, block * _BLOCK, (block + 1) * _BLOCK),
        )
        counts = _count(found, len(layer.class_names), bins)
        with self._lock:
            blocks[key] = writes, counts
        return counts


def of_layer(
    connection: sqlite3.Connection, layer: Layer, media_id: int | None = None, *, bins: int
) -> NDArray[np.int64]:
    """[bins] like `Histograms.of_media`, counted anew, of one media or of all."""
    where = "media_id IN (SELECT id FROM live_media)" if media_id is None else "media_id = ?"
    values = (layer.id,) if media_id is None else (layer.id, media_id)
    found = connection.execute(f"SELECT content FROM prediction WHERE layer_id = ? AND {where}", values)
    return _count(found, len(layer.class_names), bins)[_mapped(connection, layer)].sum(0)


def _mapped(connection: sqlite3.Connection, layer: Layer) -> Sequence[int]:
    known = class_map(connection, layer.model).items()
    return [index for index, to in known if to is not None and index < len(layer.class_names)]


def _count(found: sqlite3.Cursor, classes: int, bins: int) -> NDArray[np.int64]:
    """[classes, bins] of the blobs that the cursor gives."""
    total = np.zeros(classes * bins, np.int64)
    while rows := found.fetchmany(_ROWS):
        first, scores = first_classes([row[0] for row in rows])
        wanted = (first >= 0) & (first < classes) & (scores >= np.float32(FLOOR))
        places = np.clip((scores[wanted] - FLOOR) / (1 - FLOOR) * bins, 0, bins - 1).astype(np.int64)
        total += np.bincount(first[wanted].astype(np.int64) * bins + places, minlength=classes * bins)
    return total.reshape(classes, bins)
