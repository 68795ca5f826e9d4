"""pycocotools' evaluation in this process; callers outside a child process want `ap.evaluate_coco`.

The figures are taken from the precision table itself: pycocotools' own summary knows only a cap of 100 detections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from yolor_studio.metrics.scores import COCO_MAX_DETS, CategoryScore, Scores

_AT_50, _AT_75 = 0, 5


def score(request: Mapping[str, Any]) -> Scores:
    """The scores for a request made by `records.compact`."""
    names = request["categories"]
    truth = dataset(request["images"], len(names), request["truth"])
    found = [
        {"image_id": int(row[0]), "category_id": int(row[1]), "bbox": row[2:6], "score": row[6]}
        for row in request["found"]
    ]
    table = _all_caps(truth, found, max_dets=request["max_dets"])
    precision, official = table[..., -1], table[..., 0]
    counts = np.bincount([int(row[1]) for row in request["truth"] if not row[7]], minlength=len(names) + 1)
    return Scores(
        ap=_mean(precision[..., 0]),
        ap50=_mean(precision[_AT_50, ..., 0]),
        ap75=_mean(precision[_AT_75, ..., 0]),
        ap_small=_mean(precision[..., 1]),
        ap_medium=_mean(precision[..., 2]),
        ap_large=_mean(precision[..., 3]),
        images=request["images"],
        boxes=int(counts.sum()),
        detections=len(found),
        max_dets=request["max_dets"],
        at_100=(_mean(official[..., 0]), _mean(official[_AT_50, ..., 0]), _mean(official[_AT_75, ..., 0])),
        per_category=tuple(
            CategoryScore(
                id=identity,
                name=name,
                boxes=int(counts[number + 1]),
                ap=_mean(precision[:, :, number, 0]),
                ap50=_mean(precision[_AT_50, :, number, 0]),
                ap75=_mean(precision[_AT_75, :, number, 0]),
            )
            for number, (identity, name) in enumerate(names)
        ),
    )


def dataset(images: int, categories: int, truth: Iterable[Sequence[float]]) -> Any:
    """A pycocotools COCO of ground truth rows (image, category, x, y, w, h, area, crowd), numbered from 1."""
    coco: Any = COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(1, images + 1)],
        "categories": [{"id": number} for number in range(1, categories + 1)],
        "annotations": [
            {
                "id": number,
                "image_id": int(row[0]),
                "category_id": int(row[1]),
                "bbox": row[2:6],
                "area": row[6],
                "iscrowd": int(row[7]),
            }
            for number, row in enumerate(truth, 1)
        ],
    }
    coco.createIndex()
    return coco


def precision_table(
    truth: Any, found: list[dict[str, Any]], *, max_dets: int, by_area: bool = True
) -> NDArray[np.float64]:
    """Precision [10 IoU thresholds, 101 recalls, categories, 4 areas or only "all"]; -1 where there is no ground truth
    box. Without any detection, where pycocotools raises, the precision is 0 wherever there is a box."""
    return _all_caps(truth, found, max_dets=max_dets, by_area=by_area)[..., -1]


def _all_caps(truth: Any, found: list[dict[str, Any]], *, max_dets: int, by_area: bool = True) -> NDArray[np.float64]:
    """As `precision_table` with one more axis: capped at 100 detections, or at `max_dets` if that is less; then at
    `max_dets`."""
    results = truth.loadRes(found) if found else _nothing_found(truth)
    evaluation = COCOeval(truth, results, "bbox")
    evaluation.params.maxDets = sorted({min(max_dets, COCO_MAX_DETS), max_dets})
    if not by_area:
        evaluation.params.areaRng, evaluation.params.areaRngLbl = evaluation.params.areaRng[:1], ["all"]
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval["precision"]


def _nothing_found(truth: Any) -> Any:
    empty: Any = COCO()
    empty.dataset = {**truth.dataset, "annotations": []}
    empty.createIndex()
    return empty


def _mean(precision: NDArray[np.float64]) -> float | None:
    measured = precision[precision > -1]
    return float(measured.mean()) if measured.size else None
