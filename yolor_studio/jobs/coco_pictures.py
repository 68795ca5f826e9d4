"""The pictures of a COCO file, and which boxes belong to which, as people keep them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.formats.coco_read import BoxRecord, CocoFile, ImageRecord
from yolor_studio.formats.matching import Unplaced, inside
from yolor_studio.media import open_media

__all__ = ["numbered_boxes", "picture_path", "pictures_folder", "read_picture"]

_LOOKED_AT = 20


def pictures_folder(file: CocoFile) -> Path | None:
    """The folder of the pictures, told by some of them that lie there; None when they are in no usual place."""
    names = [image.file_name for image in file.images]
    some = names[:: -(-len(names) // _LOOKED_AT)] if names else []
    return next((folder for folder in _candidates(file.path) if any(_lies_in(folder, name) for name in some)), None)


def _candidates(data: Path) -> Iterator[Path]:
    parent, stem = data.parent, data.stem.removeprefix("instances_")
    for base in (parent, parent.parent):
        yield from (base / "images", base / "images" / stem, base / stem, base / "JPEGImages")
    yield from (parent, parent.parent)


def _lies_in(folder: Path, name: str) -> bool:
    try:
        parts = inside(name)
    except Unplaced:
        return False
    return folder.joinpath(*parts).is_file() or (folder / parts[-1]).is_file()


def picture_path(image: ImageRecord, folder: Path) -> Path | str:
    """Where a picture lies below the folder, at its path or by its name alone; a sentence when it lies elsewhere."""
    try:
        parts = inside(image.file_name)
    except Unplaced as why:
        return f"{why}; it was not opened"
    path = folder.joinpath(*parts)
    return path if path.is_file() else folder / parts[-1]


def read_picture(image: ImageRecord, folder: Path) -> NDArray[np.uint8] | str:
    """Its pixels [H, W, 3]; a sentence when it cannot be read, or is not as large as the file says."""
    path = picture_path(image, folder)
    if isinstance(path, str):
        return path
    try:
        with open_media(path) as source:
            picture = source.read(0)
    except MediaError as error:
        return str(error)
    height, width = picture.shape[:2]
    if None not in (image.width, image.height) and (width, height) != (image.width, image.height):
        return f"it is {width} x {height} px and not {image.width} x {image.height} as the file says"
    return picture


def numbered_boxes(file: CocoFile) -> Iterator[tuple[int, int, BoxRecord]]:
    """(picture, category, box) with the places of both in the file; what belongs to neither joins its problems."""
    images = {image.key: place for place, image in enumerate(file.images)}
    categories = {category.key: place for place, category in enumerate(file.categories)}
    for record in file.boxes:
        image, category = images.get(record.image), categories.get(record.category)
        if image is None or category is None:
            file.problems.add(record.where, "belong to an image or a category that the file does not have")
        else:
            yield image, category, record
