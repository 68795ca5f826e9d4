"""The proof after an export: read back, compared, loaded by pycocotools and evaluated against itself."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.child import run_child
from yolor_studio.formats.coco import Document

__all__ = ["CheckReport", "check_export"]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found by reading a dataset back."""

    problems: tuple[str, ...]
    """Sentences that name file and record; empty when the dataset is right."""
    files: int
    """Annotation files that pycocotools loaded."""
    images: int
    boxes: int
    compared: int
    """Records that were compared with what was to be written, field by field; 0 when nothing was given to compare."""
    pictures: int
    """Pictures that opened with the stated size; 0 when none were written."""
    ap: float | None
    """Of the boxes evaluated against themselves; None without boxes."""
    evaluated: int
    """Boxes in that evaluation."""
    max_dets: int
    """Its cap, above the largest number of boxes in a picture."""

    @property
    def sampled(self) -> bool:
        """Whether only a seeded sample was evaluated against itself."""
        return self.evaluated < self.boxes

    def sentences(self) -> tuple[str, ...]:
        """The checks in words, for the summary."""
        if self.problems:
            return self.problems
        told = [f"pycocotools loads {self.files} of {self.files} files."]
        if self.compared:
            told.insert(0, f"All {self.compared:,} records read back equal.")
        if self.pictures:
            told.append(f"All {self.pictures:,} pictures open and have the stated size.")
        if self.ap is None:
            told.append("There is no box to evaluate.")
        else:
            of = f"a sample of {self.evaluated:,} of {self.boxes:,} boxes" if self.sampled else f"{self.boxes:,} boxes"
            told.append(f"AP {self.ap:.3f} against itself: {of}, up to {self.max_dets - 1:,} a picture.")
        return tuple(told)


def check_export(
    folder: Path,
    *,
    expected: Sequence[Document] = (),
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> CheckReport:
    """Read the COCO dataset in `folder` back in a child process and say what is wrong with it.

    With `expected` every field of every record is compared with what was to be written. Raises Cancelled.
    """
    with tempfile.TemporaryDirectory(prefix="yolor-studio-check-") as scratch:
        request: dict[str, Any] = {"folder": str(folder), "seed": seed, "expected": []}
        for document in expected:
            request["expected"].append(_save(document, Path(scratch) / f"{document.name}.npz"))
        answer = run_child("yolor_studio.formats.check_child", request, cancel=cancel)
    return CheckReport(**{**answer, "problems": tuple(answer["problems"])})


def _save(document: Document, path: Path) -> dict[str, Any]:
    boxes = document.boxes
    np.savez(
        path,
        row=boxes.row,
        box=boxes.box,
        category=boxes.category,
        track=boxes.track,
        ignore=boxes.ignore,
        attributes=boxes.attributes,
        score=boxes.score,
    )
    return {
        "file": document.file_name,
        "columns": str(path),
        "first_id": document.first_id,
        "polygons": document.polygons,
        "attributes": [orjson.loads(one) for one in document.attributes],
        "tracks": document.track_records(),
        **{name: getattr(document, name) for name in ("info", "videos", "categories", "images")},
    }
