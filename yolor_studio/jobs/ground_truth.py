"""What a model is measured against: the boxes of a COCO file, or of a project's reviewed frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import MediaKind, Origin
from yolor_studio.core.errors import FormatError, MediaError
from yolor_studio.formats.coco_read import CocoFile, Problems, read
from yolor_studio.formats.picture_files import PictureFiles
from yolor_studio.formats.plan import ExportPlan, ExportRequest, plan_export
from yolor_studio.jobs.coco_pictures import numbered_boxes, read_picture
from yolor_studio.jobs.opening import opener
from yolor_studio.project import Project

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """Numbered pictures and categories with their boxes."""

    names: tuple[str, ...]
    """Of the pictures; picture 1 is the first."""
    sizes: tuple[tuple[int, int] | None, ...]
    """Width and height of each, None where the file does not say."""
    categories: tuple[tuple[int, str], ...]
    """(id, name); category 1 is the first."""
    rows: NDArray[np.float64]
    """[N, 8] picture, category, x, y, w, h, area, crowd."""
    problems: Problems
    """Records of the file that could not be used."""
    pictures: Callable[[], Iterator[tuple[int, Picture | str]]]
    """Reads them one after another: (number, its RGB pixels, or a sentence where it cannot be read)."""
    read: Callable[[int], Picture | str]
    """Reads one of them by its number."""
    places: tuple[tuple[int, int], ...] = ()
    """(media id, frame) of each picture of a project; empty for a dataset."""
    files: tuple[Path | None, ...] = ()
    """Where each picture of a dataset lies, None where it is missing; empty for a project."""
    accepted: int = 0
    """How many of a project's boxes are predictions that were accepted as they were."""


def truth_of_dataset(data: Path, images: Path | None = None) -> GroundTruth:
    """The COCO file `data`, its pictures below the folder `images` or else where people keep them beside it. Boxes
    flagged `ignore` count as crowds: finding them costs nothing. Raises FormatError when the file is no dataset, or has
    no picture or category."""
    file = read(data)
    if file.results or not file.images or not file.categories:
        raise FormatError(f"{data.name} has no pictures or no categories, so no model can be measured on it.")
    files = PictureFiles(file, images)
    found = (files.find(image.file_name) for image in file.images)
    return GroundTruth(
        names=tuple(image.file_name for image in file.images),
        sizes=tuple(
            None if image.width is None or image.height is None else (image.width, image.height)
            for image in file.images
        ),
        categories=tuple(
            (number if category.id is None else category.id, category.name)
            for number, category in enumerate(file.categories, 1)
        ),
        rows=_rows(file),
        problems=file.problems,
        pictures=lambda: ((number, read_picture(image, files)) for number, image in enumerate(file.images, 1)),
        read=lambda number: read_picture(file.images[number - 1], files),
        files=tuple(path if isinstance(path, Path) else None for path in found),
    )


def truth_of_project(project: Project) -> GroundTruth:
    """The reviewed frames of a project with their objects. Raises FormatError when there are none."""
    plan = plan_export(project, ExportRequest())
    if not plan.frames:
        raise FormatError("No frame of the project was reviewed, so there is nothing to measure a model by.")
    ids = [category.id for category in plan.categories]
    boxes = plan.boxes
    rows = np.column_stack(
        (
            boxes.row + 1,
            np.searchsorted(ids, boxes.category) + 1,
            boxes.box,
            boxes.box[:, 2:].prod(axis=1),
            boxes.ignore,
        )
    )
    open_source = opener(project)

    def pictures() -> Iterator[tuple[int, Picture | str]]:
        for clip in plan.clips:
            try:
                source = open_source(clip.media)
            except MediaError as error:
                yield from ((image + 1, str(error)) for image in range(clip.start, clip.stop))
                continue
            with source:
                for image in range(clip.start, clip.stop):
                    try:
                        yield image + 1, source.read(int(plan.frame[image]))
                    except MediaError as error:
                        yield image + 1, str(error)

    clip_of = np.repeat(np.arange(len(plan.clips)), [clip.stop - clip.start for clip in plan.clips])

    def read_one(number: int) -> Picture | str:
        try:
            with open_source(plan.clips[clip_of[number - 1]].media) as source:
                return source.read(int(plan.frame[number - 1]))
        except MediaError as error:
            return str(error)

    names = tuple(
        clip.media.name if clip.media.kind is MediaKind.IMAGE else f"{clip.media.name}, frame {plan.frame[image]}"
        for clip in plan.clips
        for image in range(clip.start, clip.stop)
    )
    categories = tuple((category.id, category.name) for category in plan.categories)
    places = tuple(
        (plan.clips[clip].media.id, frame) for clip, frame in zip(clip_of.tolist(), plan.frame.tolist(), strict=True)
    )
    sizes = tuple((clip.media.width, clip.media.height) for clip in plan.clips for _ in range(clip.start, clip.stop))
    return GroundTruth(
        names=names,
        sizes=sizes,
        categories=categories,
        rows=rows.astype(np.float64),
        problems=Problems(),
        pictures=pictures,
        read=read_one,
        places=places,
        accepted=_accepted(project, plan),
    )


def _accepted(project: Project, plan: ExportPlan) -> int:
    """Boxes of the plan that a model set and nobody changed."""
    return sum(
        box.origin is Origin.MODEL
        for clip in plan.clips
        for _, boxes in project.iter_boxes(clip.media.id, plan.frame[clip.start : clip.stop].tolist())
        for box in boxes
    )


def _rows(file: CocoFile) -> NDArray[np.float64]:
    rows = [
        (image + 1, category + 1, *record.box, record.area, record.ignore)
        for image, category, record in numbered_boxes(file)
    ]
    return np.array(rows, np.float64).reshape(-1, 8)
