"""Average precision of detections against COCO ground truth, by pycocotools in a child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.metrics.child import run_child
from yolor_studio.metrics.scores import Scores

__all__ = ["evaluate_coco"]

COCO_MAX_DETS = 100
"""The official cap of detections per picture and category."""


def evaluate_coco(
    gt: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    *,
    max_dets: int = COCO_MAX_DETS,
    cancel: CancelToken | None = None,
) -> Scores:
    """Score `results` (records of image_id, category_id, bbox as x, y, w, h in pixels, score) against the COCO
    dataset `gt` (images, categories, annotations).

    Ids may be numbers or text. Results of pictures or categories that `gt` does not know do not count, as in the
    official evaluation. Raises FormatError when a record lacks a field, Cancelled when the token is set.
    """
    from yolor_studio.metrics.records import compact

    return Scores.from_json(run_child("yolor_studio.metrics.ap_child", compact(gt, results, max_dets), cancel=cancel))
