"""What a person asks an export for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from yolor_studio.core.errors import UsageError

INCLUDES = frozenset({"reviewed", "all", "predictions"})
IMAGES = ("jpeg", "png", "reference", "none")
_SPLIT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The choices of the export sheet and of `yolor-studio export`. Raises UsageError when one makes no sense."""

    include: frozenset[str] = frozenset({"reviewed"})
    """Of "reviewed" (always meant), "all" (frames with objects too, and with "predictions" those that a run has
    visited) and "predictions" (what is shown of the layer, with its score)."""
    min_score: float | None = None
    """Predictions from this score on; None means what is shown now."""
    split: Mapping[str, float] = field(default_factory=lambda: {"train": 1.0})
    """Split name -> share of the frames; shares need not add up to 1."""
    seed: int = 0
    every: int = 1
    """Only frames whose number this divides."""
    images: Literal["jpeg", "png", "reference", "none"] = "jpeg"
    quality: int = 95
    blur: frozenset[int] = frozenset()
    """Categories (ids) whose boxes are pixelated in the written pictures."""
    zero_based: bool = False
    """Category ids less one."""
    polygons: bool = False
    """Each box as a segmentation of its four corners too."""
    keyframes_only: bool = False
    """No frames on which every box is interpolated."""
    format: Literal["coco"] = "coco"

    def __post_init__(self) -> None:
        unknown = set(self.include) - INCLUDES
        if unknown:
            raise UsageError(f"“{sorted(unknown)[0]}” cannot be included: choose of reviewed, all and predictions.")
        if self.format != "coco":
            raise UsageError(f"There is no export to “{self.format}”; there is coco.")
        if self.images not in IMAGES:
            raise UsageError(f"Pictures cannot be “{self.images}”: choose of {', '.join(IMAGES)}.")
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise UsageError(f"The lowest score is {self.min_score}; it must lie from 0 to 1.")
        if self.every < 1:
            raise UsageError(f"Every {self.every}th frame cannot be written: the number must be 1 or more.")
        if not 1 <= self.quality <= 100:
            raise UsageError(f"The JPEG quality is {self.quality}; it must lie from 1 to 100.")
        if self.blur and self.images in ("reference", "none"):
            raise UsageError("Boxes can be made unreadable only in copies: choose JPEG or PNG pictures, or no blur.")
        self._check_split()

    def _check_split(self) -> None:
        if len({name.casefold() for name in self.split}) < len(self.split):
            raise UsageError("Two splits have the same name.")
        for name, share in self.split.items():
            if not _SPLIT_NAME.fullmatch(name):
                raise UsageError(f"A split cannot be called “{name}”: use letters, digits, - and _.")
            if not 0 <= share < float("inf"):
                raise UsageError(f"The share of {name} is {share}; it must be 0 or more.")
        if not sum(self.split.values()) > 0:
            raise UsageError("No split has a share: write for example train=0.8,val=0.2.")

    @property
    def predictions(self) -> bool:
        """Whether predictions are written."""
        return "predictions" in self.include

    @property
    def copies(self) -> bool:
        """Whether pictures are written."""
        return self.images in ("jpeg", "png")
