"""What came of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yolor_studio.formats.advice import listed
from yolor_studio.formats.coco_read import Problems


@dataclass(slots=True)
class ImportReport:
    """What came of an import."""

    files: int = 0
    images: int = 0
    """Pictures that the files name."""
    placed: int = 0
    """Those of them that were found among the project's media."""
    boxes: int = 0
    """Boxes that came in as objects or their keyframes."""
    objects: int = 0
    predictions: int = 0
    """Boxes that came in as predictions of a layer."""
    categories_added: tuple[str, ...] = ()
    already_there: int = 0
    """Boxes that the project had already, to the last digit; they were not added again."""
    clipped: int = 0
    """Boxes cut to their picture."""
    layers: tuple[int, ...] = ()
    problems: Problems = field(default_factory=Problems)
    """Records that were passed over, with why."""
    notices: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What a person is told at the end."""
        told = [f"{self.placed:,} of {self.images:,} pictures belong to the project."]
        if self.predictions or self.layers:
            told.append(f"{self.predictions:,} predictions came in as a layer.")
        else:
            told.append(f"{self.boxes:,} boxes came in as {self.objects:,} objects.")
        if self.categories_added:
            told.append(f"New categories: {listed(list(self.categories_added))}.")
        if self.problems.count:
            told.append(f"{self.problems.count:,} records were passed over:")
            told += [f"  {count:,} {reason}" for reason, count in self.problems.reasons.most_common()]
        return told + self.notices

    def as_json(self) -> dict[str, Any]:
        """What `yolor-studio import --json` prints."""
        return {
            "files": self.files,
            "images": self.images,
            "placed": self.placed,
            "boxes": self.boxes,
            "objects": self.objects,
            "predictions": self.predictions,
            "categories_added": list(self.categories_added),
            "already_there": self.already_there,
            "clipped": self.clipped,
            "layers": list(self.layers),
            "skipped": self.problems.count,
            "problems": [{"record": record, "why": why} for record, why in self.problems.listed],
            "notices": list(self.notices),
        }
