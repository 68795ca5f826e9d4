"""Where the pictures of an annotation file lie: one rule for importing, training and evaluating."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from yolor_studio.formats.coco_read import CocoFile

__all__ = ["PictureFiles", "Unplaced", "inside"]

_LONGEST_NAME = 255
_DRIVE = re.compile(r"[A-Za-z]:")


class Unplaced(Exception):
    """A record belongs nowhere; the message says why."""


class PictureFiles:
    """The pictures of one annotation file: each at its path below the first folder that has it there, else by its name
    alone, where no other picture of the file has that name."""

    def __init__(self, file: CocoFile, folder: Path | None = None) -> None:
        """Below `folder`, or else where people keep pictures beside such a file."""
        self._folders = _usual_folders(file.path) if folder is None else [folder]
        self._where = "the folders of the dataset" if folder is None else str(folder)
        self._names = list(dict.fromkeys(image.file_name.replace("\\", "/") for image in file.images))
        self._called = Counter(name.rpartition("/")[2] for name in self._names)

    def candidates(self, name: str) -> Iterator[Path]:
        """Where a picture may lie, whether or not anything is there, the likeliest first. Raises Unplaced when its path
        leaves the folder or no file system has it."""
        parts = inside(name)
        yield from (folder.joinpath(*parts) for folder in self._folders)
        if len(parts) > 1 and self._called[parts[-1]] < 2:
            yield from (folder / parts[-1] for folder in self._folders)

    def find(self, name: str) -> Path | str:
        """The picture's file; a sentence where there is none."""
        try:
            found = next((path for path in self.candidates(name) if os.path.isfile(path)), None)
        except Unplaced as why:
            return f"{why}; it was not opened"
        return found or f"it is not in {self._where}"

    def any_found(self) -> bool:
        """Whether one of them at least is there."""
        return any(isinstance(self.find(name), Path) for name in self._names)


def _usual_folders(data: Path) -> list[Path]:
    """Beside the file and beside its folder: as ours, COCO's (train2017 of instances_train2017.json), Roboflow's (the
    very folder) and VOC's are laid out; those of the file's own name first."""
    nearest, stem = Path(os.path.abspath(data)).parent, data.stem.removeprefix("instances_")
    return [
        folder
        for base in (nearest, nearest.parent)
        for folder in (base / "images" / stem, base / stem, base / "images", base / "JPEGImages", base)
    ]


def inside(name: str) -> list[str]:
    """The parts of a relative path in either style of separators. Raises Unplaced when it leaves its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        raise Unplaced(f"the path {name} leaves the folder")
    if not path.parts:
        raise Unplaced("it has no file name")
    if "\0" in name or any(len(part.encode()) > _LONGEST_NAME for part in path.parts):
        raise Unplaced(f"no file system has the name {name[:40]!r}")
    return list(path.parts)
