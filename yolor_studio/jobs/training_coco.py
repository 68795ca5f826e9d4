"""COCO datasets to learn from: which of their files are for what, and their pictures with labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import FormatError
from yolor_studio.formats.coco_read import BoxRecord, CocoFile, read
from yolor_studio.formats.picture_files import PictureFiles
from yolor_studio.jobs.coco_pictures import numbered_boxes, read_picture
from yolor_studio.jobs.importing import annotation_files
from yolor_studio.train.samples import Labels

__all__ = ["CocoSplit", "read_pictures", "training_splits", "validation_splits"]

_FOR_VALIDATION = ("val", "valid", "validation")
_NOT_FOR_TRAINING = (*_FOR_VALIDATION, "test")
_NO_WORDS = re.compile(r"[\W\d_]+$")
_OF_A_FOLDER = "_annotations.coco"
"""The stem of files that are named by their folder."""


@dataclass(frozen=True, slots=True, eq=False)
class CocoSplit:
    """An annotation file with its pictures and boxes."""

    file: CocoFile
    pictures: PictureFiles
    boxes: dict[str, list[BoxRecord]]
    """By the key of their picture."""

    @property
    def names(self) -> tuple[str, ...]:
        """The category names in the order of their ids, each once."""
        known = sorted(self.file.categories, key=lambda category: (category.id is None, category.id))
        return tuple(dict.fromkeys(category.name for category in known))

    def __len__(self) -> int:
        return len(self.file.images)

    def clips(self) -> list[list[int]]:
        """The pictures (their places in the file) that belong together: those of one video, or of one folder below the
        folder of pictures; every other picture is alone."""
        groups: dict[object, list[int]] = defaultdict(list)
        for place, image in enumerate(self.file.images):
            folder = PurePosixPath(image.file_name.replace("\\", "/")).parent
            video = None if image.video is None else image.video.key
            alone = video is None and folder == PurePosixPath(".")
            groups[place if alone else (video, folder)].append(place)
        return list(groups.values())

    def only(self, places: Collection[int]) -> CocoSplit:
        """The file with these of its pictures alone."""
        images = tuple(self.file.images[place] for place in sorted(places))
        return replace(self, file=replace(self.file, images=images))


def training_splits(path: Path) -> list[CocoSplit]:
    """The annotation file, or those of a COCO folder that are not for validation or test. Raises FormatError when there
    are none, or one of them or its pictures cannot be found or read."""
    files = list(annotation_files(path))
    chosen = files if path.is_file() else [file for file in files if not _is_for(file, _NOT_FOR_TRAINING)]
    if not chosen:
        raise FormatError(
            f"{path} has no annotations to train on: {', '.join(file.name for file in files[:3])} is for validation or "
            "test by its name. Name the file itself to train on it."
        )
    return list(map(_open, chosen))


def validation_splits(path: Path) -> list[CocoSplit]:
    """The annotation files of a COCO folder that are for validation; none where a file was named."""
    if path.is_file():
        return []
    return [_open(file) for file in annotation_files(path) if _is_for(file, _FOR_VALIDATION)]


def _is_for(file: Path, purposes: tuple[str, ...]) -> bool:
    """Whether a file is called as in val.json, instances_val2017.json, or valid/_annotations.coco.json."""
    name = file.parent.name if file.stem == _OF_A_FOLDER else file.stem
    return _NO_WORDS.sub("", name).lower().endswith(purposes)


def _open(path: Path) -> CocoSplit:
    file = read(path)
    if file.results or not file.categories:
        raise FormatError(f"{path.name} has no categories, so there is nothing to learn from it.")
    pictures = PictureFiles(file)
    if file.images and not pictures.any_found():
        raise FormatError(
            f"The pictures of {path.name} are not beside it. They are expected in a folder “images” or in one of the "
            "same name."
        )
    boxes: dict[str, list[BoxRecord]] = defaultdict(list)
    for _, _, record in numbered_boxes(file):
        boxes[record.image].append(record)
    return CocoSplit(file, pictures, boxes)


def read_pictures(
    split: CocoSplit, names: Sequence[str], *, failed: list[tuple[str, str]], learn_difficult: bool = True
) -> Iterator[tuple[NDArray[np.uint8], Labels]]:
    """Every picture of the split (uint8 RGB) with its labels for the classes `names`.

    A picture or box that cannot be used is left out and told in `failed` as (what, why). `learn_difficult`: an ignored
    box that is merely difficult is no crowd.
    """
    row_of = {name: row for row, name in enumerate(names)}
    class_of = {one.key: row_of[one.name] for one in split.file.categories if one.name in row_of}
    known = set(split.names)
    for image in split.file.images:
        rgb = read_picture(image, split.pictures)
        if isinstance(rgb, str):
            failed.append((image.file_name, rgb))
            continue
        complete = known if image.labelled is None else known.intersection(image.labelled)
        labelled = np.array([name in complete for name in names], np.bool_)
        mine = [record for record in split.boxes.get(image.key, ()) if record.category in class_of]
        height, width = rgb.shape[:2]
        corners = np.array([(b.x, b.y, b.right, b.bottom) for b in (one.box for one in mine)]).reshape(-1, 4)
        corners = corners.clip(0, [width, height] * 2).astype(np.float32)
        inside = (corners[:, 2:] > corners[:, :2]).all(1)
        failed.extend((mine[row].where, "has its box outside the picture") for row in np.flatnonzero(~inside))
        kept = [mine[row] for row in np.flatnonzero(inside)]
        crowd = [record.ignore and not (learn_difficult and _is_difficult(record)) for record in kept]
        classes = np.array([class_of[record.category] for record in kept], np.int64)
        yield rgb, Labels(corners[inside], classes, np.array(crowd, np.bool_), labelled)


def _is_difficult(record: BoxRecord) -> bool:
    """Whether a box is of one thing that is hard to tell, as in VOC, and not of a crowd."""
    return bool(record.attributes.get("difficult"))
