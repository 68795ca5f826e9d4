"""A COCO file beside the project that it is brought into: where its pictures are, and what its boxes belong to."""

from __future__ import annotations

from collections.abc import Iterator

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import Box, Media
from yolor_studio.formats.coco_read import BoxRecord, CategoryRecord, CocoFile, ImageRecord, Problems
from yolor_studio.formats.import_report import ImportReport
from yolor_studio.formats.matching import Matcher, Place
from yolor_studio.formats.picture_files import PictureFiles, Unplaced

_NOISE_PX = 1e-3


class Source:
    """A file whose pictures are found in the project."""

    def __init__(self, file: CocoFile, dataset: CocoFile, *, matcher: Matcher, report: ImportReport) -> None:
        self.file = file
        self.categories = {category.key: category for category in dataset.categories}
        own = dataset.info.get("tool") == "YOLOR Studio" and dataset.info.get("zero_based") is True
        self.shift = 1 if own else 0
        self.places: dict[str, Place] = {}
        self.other_size: list[str] = []
        """Pictures whose size the file states differently."""
        self._known = {image.key for image in dataset.images}
        self._problems = Problems() if file.results else report.problems
        files = PictureFiles(dataset)
        for image in dataset.images:
            self._place(image, files, matcher, report)
        if not file.results:
            report.images += len(dataset.images)
            report.placed += len(self.places)

    def _place(self, image: ImageRecord, files: PictureFiles, matcher: Matcher, report: ImportReport) -> None:
        try:
            place = matcher.place(image, files)
        except Unplaced as why:
            self._problems.add(image.where, "belongs to no media of the project", str(why))
            return
        self.places[image.key] = place
        said, real = (image.width, image.height), (place.media.width, place.media.height)
        if None not in said and said != real:
            self.other_size.append(f"{image.file_name} ({said[0]} x {said[1]} and not {real[0]} x {real[1]} px)")

    def placed(self, problems: Problems) -> Iterator[tuple[BoxRecord, Place, CategoryRecord]]:
        """The boxes whose picture and category are known; the others are noted."""
        for record in self.file.boxes:
            place, category = self.places.get(record.image), self.categories.get(record.category)
            if place is None and record.image in self._known:
                problems.add(record.where, "belong to a picture that is not in the project")
            elif place is None:
                problems.add(record.where, "belong to an image that the file does not have", record.image)
            elif category is None:
                problems.add(record.where, "belong to a category that the file does not have", record.category)
            else:
                yield record, place, category


def fitted(record: BoxRecord, media: Media, report: ImportReport) -> Box | None:
    """The box as it will be stored; None, and noted, when nothing of it lies inside the picture."""
    box = record.box
    if box.right <= 0 or box.bottom <= 0 or box.x >= media.width or box.y >= media.height:
        size = f"{media.width} x {media.height}"
        report.problems.add(record.where, "lie outside their picture", f"{list(box)} in {size}")
        return None
    cut = fit_box(box, media.width, media.height)
    report.clipped += max(abs(a - b) for a, b in zip(box, cut, strict=True)) > _NOISE_PX
    return cut
