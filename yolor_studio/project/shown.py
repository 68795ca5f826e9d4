"""Which predictions of a frame a person sees: mapped to a category, over their score limit and not hidden."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.boxes import iou_matrix
from yolor_studio.core.entities import FrameBox, Predictions, Rejection, ShownPredictions
from yolor_studio.project import layers, queries, settings

SAME_THING = 0.6
"""IoU from which a prediction and an object, or a rejection, are about the same thing."""


def shown(
    connection: sqlite3.Connection, media_id: int, frame: int, *, min_score: float | None, layer_id: int | None
) -> ShownPredictions:
    """The predictions of the layer (None: the shown one) on the frame that a person sees.

    min_score stands in for the project's general score limit; a category's own limit holds in either case.
    """
    layer_id = layers.shown_layer(connection) if layer_id is None else layer_id
    found = None if layer_id is None else layers.read(connection, layer_id, media_id, frame=frame)
    if layer_id is None or found is None or not len(found):
        return nothing(layer_id or 0)
    lookup = category_lookup(connection, layer_id)
    limits = limit_lookup(connection, lookup, min_score)
    objects = queries.boxes_at(connection, media_id, frame)
    rejected = queries.rejections(connection, media_id, frame)
    return select(layer_id, found, lookup, limits=limits, objects=objects, rejected=rejected)


def shown_over(
    connection: sqlite3.Connection, media_id: int, frames: Sequence[int], *, min_score: float | None, layer_id: int
) -> Iterator[tuple[int, int, ShownPredictions]]:
    """(frames done, frame, what is shown there) for many frames, with maps and limits read once."""
    lookup = category_lookup(connection, layer_id)
    limits = limit_lookup(connection, lookup, min_score)
    for done, frame in enumerate(frames, 1):
        found = layers.read(connection, layer_id, media_id, frame=frame)
        if found is None or not len(found):
            yield done, frame, nothing(layer_id)
            continue
        objects = queries.boxes_at(connection, media_id, frame)
        rejected = queries.rejections(connection, media_id, frame)
        yield done, frame, select(layer_id, found, lookup, limits=limits, objects=objects, rejected=rejected)


def nothing(layer_id: int) -> ShownPredictions:
    """No shown predictions."""
    return ShownPredictions(
        layer_id,
        np.zeros(0, np.int64),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
        np.zeros(0, bool),
    )


def category_lookup(connection: sqlite3.Connection, layer_id: int) -> NDArray[np.int64]:
    """[C + 1] category id by the layer's class index, -1 for ignored; the last entry, found by class -1, is -1 too."""
    layer = layers.one_layer(connection, layer_id)
    mapped = {index: to for index, to in layers.class_map(connection, layer.model).items() if to is not None}
    lookup = np.full(max([len(layer.class_names), *(index + 1 for index in mapped)]) + 1, -1, np.int64)
    for index, category_id in mapped.items():
        lookup[index] = category_id
    return lookup


def limit_lookup(
    connection: sqlite3.Connection, categories: NDArray[np.int64], min_score: float | None
) -> NDArray[np.float32]:
    """[C + 1] the score limit by class index, beside `category_lookup`."""
    general = settings.read(connection, settings.SCORE_LIMIT, settings.DEFAULT_SCORE_LIMIT)
    own = settings.category_score_limits(connection)
    base = general if min_score is None else min_score
    return np.array([own.get(category_id, base) for category_id in categories.tolist()], np.float32)


def select(
    layer_id: int,
    found: Predictions,
    lookup: NDArray[np.int64],
    *,
    limits: NDArray[np.float32],
    objects: list[FrameBox],
    rejected: list[Rejection],
) -> ShownPredictions:
    """The rows of `found` that are shown beside these objects and rejections."""
    classes = np.clip(found.classes[:, 0], -1, len(lookup) - 1)
    mapped = lookup[classes]
    rows = np.flatnonzero((mapped >= 0) & (found.scores[:, 0] >= limits[classes]))
    mapped = mapped[rows]
    same, other = _overlaps(
        found.boxes[rows], mapped, [o.box for o in objects], [o.object.category_id for o in objects]
    )
    refused, _ = _overlaps(found.boxes[rows], mapped, [r.box for r in rejected], [r.category_id for r in rejected])
    seen = ~(same | refused)
    rows = rows[seen]
    return ShownPredictions(layer_id, rows, found.boxes[rows], mapped[seen], found.scores[rows, 0], other[seen])


def _overlaps(
    boxes: NDArray[np.float32], mapped: NDArray[np.int64], others: list, categories: list[int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[N] whether one of the others of the same category lies under the box, and whether one of another category."""
    if not others or not len(boxes):
        return np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    near = iou_matrix(boxes, others) >= SAME_THING
    equal = mapped[:, None] == np.array(categories, np.int64)[None]
    return (near & equal).any(1), (near & ~equal).any(1)
