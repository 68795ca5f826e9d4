"""The pictures of a COCO file as pixels, and which boxes belong to which."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.formats.coco_read import BoxRecord, CocoFile, ImageRecord
from yolor_studio.formats.picture_files import PictureFiles
from yolor_studio.media import open_media

__all__ = ["numbered_boxes", "read_picture"]


def read_picture(image: ImageRecord, files: PictureFiles) -> NDArray[np.uint8] | str:
    """Its pixels [H, W, 3]; a sentence when it cannot be read, or is not as large as the file says."""
    path = files.find(image.file_name)
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
