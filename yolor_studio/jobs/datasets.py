"""COCO datasets as people keep them: the annotation files of a folder whose pictures are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.errors import FormatError
from yolor_studio.formats.coco_read import read
from yolor_studio.formats.picture_files import PictureFiles
from yolor_studio.jobs.importing import annotation_files

__all__ = ["Dataset", "datasets_in"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """An annotation file with its pictures."""

    data: Path
    pictures: int
    boxes: int

    @property
    def name(self) -> str:
        """As people know it: "street-coco, val"."""
        folder = self.data.parent.parent if self.data.parent.name == "annotations" else self.data.parent
        stem = self.data.stem.removeprefix("instances_")
        return f"{folder.name}, {stem}" if stem != folder.name else stem


def datasets_in(path: Path) -> list[Dataset]:
    """The datasets that a named file or folder holds. Raises FormatError when there are none, a file cannot be read, or
    no picture of any of them is found."""
    found: list[Dataset] = []
    missing: list[str] = []
    for data in annotation_files(path):
        file = read(data)
        if file.results or not file.images:
            continue
        if PictureFiles(file).any_found():
            found.append(Dataset(data, len(file.images), len(file.boxes)))
        else:
            missing.append(data.name)
    if found:
        return found
    if missing:
        raise FormatError(
            f"The pictures of {', '.join(missing[:3])} are not beside it. They are expected in a folder “images” or in "
            "one of the same name. Nothing was measured."
        )
    raise FormatError(f"{path.name} holds no pictures with boxes. Nothing was measured.")
