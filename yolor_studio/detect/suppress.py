"""From a network's candidates to one box per thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Predictions
from yolor_studio.detect.letterbox import Letterbox

SAME_CLASS_IOU = 0.5
"""Boxes of one class that overlap more are one thing."""
ANY_CLASS_IOU = 0.7
"""Boxes of different classes that overlap more are one thing too: its best class stays, the others are runner-ups."""
MAX_BOXES = 1000
"""The most boxes kept for a frame."""
_TOP = 3
_CHUNK = 256
"""Boxes compared at once; a frame rarely has more."""


def suppress(
    xyxy: NDArray[np.float32],
    threshold: float,
    groups: NDArray[np.integer] | None = None,
    *,
    most: int | None = None,
) -> NDArray[np.int64]:
    """Greedy suppression: the indices kept of boxes [N, 4] that are sorted by falling score, the first `most`.

    A box goes when its IoU with a kept one exceeds `threshold`; with `groups` [N] only within its group.
    """
    kept = np.zeros(0, np.int64)
    for start in range(0, len(xyxy), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(xyxy)))
        if len(kept):
            rows = rows[~_overlap(xyxy, kept, rows, threshold, groups).any(0)]
        overlap = _overlap(xyxy, rows, rows, threshold, groups)
        alive = np.ones(len(rows), bool)
        for i in range(len(rows)):
            if alive[i]:
                alive[i + 1 :] &= ~overlap[i, i + 1 :]
        kept = np.concatenate((kept, rows[alive]))
        if most is not None and len(kept) >= most:
            break
    return kept[:most]


def _overlap(
    xyxy: NDArray[np.float32],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    threshold: float,
    groups: NDArray[np.integer] | None,
) -> NDArray[np.bool_]:
    """[len(left), len(right)] whether the boxes of these rows overlap by more than the threshold."""
    a, b = xyxy[left], xyxy[right]
    shared = (np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])).clip(0)
    shared *= (np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])).clip(0)
    areas = (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])
    over = shared > threshold * (areas[left][:, None] + areas[right] - shared)
    return over if groups is None else over & (groups[left][:, None] == groups[right])


def candidates_to_predictions(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Letterbox, *, min_score: float
) -> Predictions:
    """One frame's `boxes` [K, 4] (x1, y1, x2, y2 in input pixels) and `scores` [K, C], best candidates first, ->
    predictions in picture pixels: best class with runner-ups, suppressed per class, then whatever the class."""
    return choose_candidates(boxes, scores, letterbox, min_score=min_score)[0]


def choose_candidates(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Letterbox, *, min_score: float
) -> tuple[Predictions, NDArray[np.int64]]:
    """The same, and per prediction the row of its candidate [N], for what else a model says about it."""
    count = _count_at_least(scores, min_score)
    boxes, scores = boxes[:count], scores[:count]
    classes = scores.argmax(1) if count else np.zeros(0, np.int64)
    best = scores[np.arange(count), classes]
    order = np.argsort(-best, kind="stable")
    order = order[suppress(boxes[order], SAME_CLASS_IOU, classes[order])]
    order = order[suppress(boxes[order], ANY_CLASS_IOU)][:MAX_BOXES]
    picture_boxes = letterbox.to_picture(boxes[order])
    inside = (picture_boxes[:, 2] >= 1) & (picture_boxes[:, 3] >= 1)
    rows = order[inside]
    return _with_runner_ups(picture_boxes[inside], scores[rows]), rows


def _count_at_least(scores: NDArray[np.float32], min_score: float) -> int:
    # Candidates come best first, so that a frame with ten things is settled by its first hundred rows.
    step = 256
    for start in range(0, len(scores), step):
        enough = scores[start : start + step].max(1) >= min_score
        if not enough.all():
            return start + int(enough.argmin())
    return len(scores)


def _with_runner_ups(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Predictions:
    count, classes = scores.shape
    top = min(_TOP, classes)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    top_classes = np.full((count, _TOP), -1, np.int16)
    top_scores = np.zeros((count, _TOP), np.float32)
    top_classes[:, :top] = order
    top_scores[:, :top] = np.take_along_axis(scores, order, 1)
    return Predictions(boxes, top_classes, top_scores, np.full(count, -1, np.int32))
