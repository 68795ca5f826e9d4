"""Average precision of detections against COCO ground truth, by pycocotools in a child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import run_child
from yolor_studio.metrics.scores import COCO_MAX_DETS, Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["evaluate_coco", "evaluate_rows"]


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

    return _measure(compact(gt, results, max_dets), cancel)


def evaluate_rows(
    images: int,
    categories: Sequence[tuple[int, str]],
    *,
    truth: NDArray[np.float64],
    found: NDArray[np.float64],
    max_dets: int = COCO_MAX_DETS,
    cancel: CancelToken | None = None,
) -> Scores:
    """As `evaluate_coco`, from arrays: pictures are numbered 1 to `images`, categories from 1 in their order.

    categories: (id, name); truth: [N, 8] image, category, x, y, w, h, area, crowd; found: [M, 7] image, category, x, y,
    w, h, score.
    """
    names = [[identity, name] for identity, name in categories]
    request = {"images": images, "categories": names, "truth": truth, "found": found, "max_dets": max_dets}
    return _measure(request, cancel)


def _measure(request: Mapping[str, Any], cancel: CancelToken | None) -> Scores:
    return Scores.from_json(run_child("yolor_studio.metrics.ap_child", request, cancel=cancel))
