"""How a frame's predictions are stored: one blob of numpy columns."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Predictions
from yolor_studio.core.errors import ProjectError

_HEADER = struct.Struct("<BxxxI")
_FORMAT = 1
_ROW = 4 * 4 + 3 * 2 + 3 * 4 + 4


def encode(predictions: Predictions) -> bytes:
    """The blob: a header (format, number of rows) and the columns boxes, scores, tracks, classes, little-endian.

    Raises ValueError when the columns' shapes do not fit each other or a value is not finite.
    """
    count = len(predictions)
    boxes = np.ascontiguousarray(predictions.boxes, "<f4")
    scores = np.ascontiguousarray(predictions.scores, "<f4")
    tracks = np.ascontiguousarray(predictions.tracks, "<i4")
    classes = np.ascontiguousarray(predictions.classes, "<i2")
    shapes = (boxes.shape, scores.shape, tracks.shape, classes.shape)
    if shapes != ((count, 4), (count, 3), (count,), (count, 3)):
        raise ValueError(f"Predictions' columns do not fit each other: {shapes}")
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise ValueError("Predictions hold a number that is not finite.")
    return b"".join(
        (_HEADER.pack(_FORMAT, count), boxes.tobytes(), scores.tobytes(), tracks.tobytes(), classes.tobytes())
    )


def decode(blob: bytes) -> Predictions:
    """What `encode` stored; arrays are read-only views of the blob. Raises ProjectError when the blob is damaged."""
    count = _count(blob)
    return Predictions(
        boxes=np.frombuffer(blob, "<f4", count * 4, 8).reshape(count, 4),
        scores=np.frombuffer(blob, "<f4", count * 3, 8 + count * 16).reshape(count, 3),
        tracks=np.frombuffer(blob, "<i4", count, 8 + count * 28),
        classes=np.frombuffer(blob, "<i2", count * 3, 8 + count * 32).reshape(count, 3),
    )


def first_classes(blobs: Sequence[bytes]) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """The first class and its score of all rows of many blobs, as two arrays [N]. Raises ProjectError like `decode`."""
    counts = [_count(blob) for blob in blobs]
    scores = b"".join(blob[8 + n * 16 : 8 + n * 28] for blob, n in zip(blobs, counts, strict=True))
    classes = b"".join(blob[8 + n * 32 :] for blob, n in zip(blobs, counts, strict=True))
    return np.frombuffer(classes, "<i2")[::3], np.frombuffer(scores, "<f4")[::3]


def _count(blob: bytes) -> int:
    if len(blob) < _HEADER.size:
        raise ProjectError("Stored predictions are damaged; run the model on this frame again.")
    version, count = _HEADER.unpack_from(blob)
    # The blob's real length decides, never the number that it claims.
    if version != _FORMAT or len(blob) != _HEADER.size + count * _ROW:
        raise ProjectError("Stored predictions are damaged; run the model on this frame again.")
    return count
