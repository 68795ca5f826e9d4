"""Ground truth and detections reduced to what an evaluation reads, with every id a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yolor_studio.core.errors import FormatError


def compact(gt: Mapping[str, Any], results: Sequence[Mapping[str, Any]], max_dets: int) -> dict[str, Any]:
    """The request of the evaluating child: `images` is a count, pictures are numbered from 1 in the order of
    `gt["images"]`, boxes are rows. Raises FormatError when a record lacks a field."""
    try:
        images = {str(image["id"]): number for number, image in enumerate(gt["images"], 1)}
        categories = {str(row["id"]): number for number, row in enumerate(gt["categories"], 1)}
        names = [[row["id"], str(row.get("name", row["id"]))] for row in gt["categories"]]
        truth = _rows(gt.get("annotations", ()), images, categories)
        for row, record in truth:
            x, y, w, h = map(float, record["bbox"])
            area = record.get("area")
            row += [x, y, w, h, w * h if area is None else area, 1 if record.get("iscrowd") else 0]
        found = _rows(results, images, categories)
        for row, record in found:
            x, y, w, h = map(float, record["bbox"])
            row += [x, y, w, h, float(record["score"])]
    except KeyError as error:
        raise FormatError(f"A record has no {error}, so nothing can be measured.") from None
    except (TypeError, ValueError):
        raise FormatError(
            "A record's bbox is not four numbers or its score is none, so nothing can be measured."
        ) from None
    return {
        "images": len(gt["images"]),
        "categories": names,
        "truth": [row for row, _ in truth],
        "found": [row for row, _ in found],
        "max_dets": max_dets,
    }


def _rows(
    records: Iterable[Mapping[str, Any]], images: Mapping[str, int], categories: Mapping[str, int]
) -> list[tuple[list[float], Mapping[str, Any]]]:
    rows = []
    for record in records:
        image, category = images.get(str(record["image_id"])), categories.get(str(record["category_id"]))
        if image is not None and category is not None:
            rows.append(([image, category], record))
    return rows
