"""The figures of a detection evaluation, as the COCO paper defines them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["COCO_MAX_DETS", "CategoryScore", "Scores"]

COCO_MAX_DETS = 100
"""The official cap of detections per picture and category."""


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """Average precision of one category; None where the ground truth has no box to measure by."""

    id: int
    name: str
    boxes: int
    """Ground truth boxes, without crowds."""
    ap: float | None
    ap50: float | None
    ap75: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Average precision over IoU .50:.05:.95, at .50, at .75, and over small (under 32 x 32 px), medium (under
    96 x 96) and large boxes; each 0..1, or None where the ground truth has no box to measure by."""

    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    images: int
    boxes: int
    """Ground truth boxes, without crowds."""
    detections: int
    max_dets: int
    """The most detections of a picture and category that counted."""
    at_100: tuple[float | None, float | None, float | None]
    """AP, AP50 and AP75 under the official cap of 100, for comparing with published figures."""
    per_category: tuple[CategoryScore, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scores:
        """The scores as a child process sent them: a mapping of this class's own field names."""
        fields = dict(value)
        fields["at_100"] = tuple(fields["at_100"])
        fields["per_category"] = tuple(CategoryScore(**row) for row in fields["per_category"])
        return cls(**fields)

    def as_json(self) -> dict[str, Any]:
        """The keys that `yolor-studio eval --json` prints: AP, AP50, AP75, APs, APm, APl, per_category and counts."""
        return {
            "AP": self.ap,
            "AP50": self.ap50,
            "AP75": self.ap75,
            "APs": self.ap_small,
            "APm": self.ap_medium,
            "APl": self.ap_large,
            "images": self.images,
            "boxes": self.boxes,
            "detections": self.detections,
            "max_dets": self.max_dets,
            "at_100": dict(zip(("AP", "AP50", "AP75"), self.at_100, strict=True)),
            "per_category": [
                {"id": row.id, "name": row.name, "boxes": row.boxes, "AP": row.ap, "AP50": row.ap50, "AP75": row.ap75}
                for row in self.per_category
            ],
        }
